"""The profiles that the sandbox writes, read as everyone reads them."""

from __future__ import annotations

import sys

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import Misconfigured
from jupyter_ext.sandbox.publish import Profiles, Publication


def test_they_are_whole(sandbox):
    profiles = {profile.name: profile for profile in ProfileStore(sandbox.layers).list()}
    assert set(profiles) == {"dev", "prod", "stage"}
    for name, profile in profiles.items():
        assert profile.problems == []
        assert [daemon.url for daemon in profile.endpoints.resourcemanagers] == [
            sandbox.resourcemanager(name)
        ]
        assert [daemon.url for daemon in profile.endpoints.namenodes] == [sandbox.namenode(name)]
    dev, prod, stage = profiles["dev"], profiles["prod"], profiles["stage"]
    assert (dev.title, dev.color, dev.auth, dev.user) == ("Development", "green", "simple", "alice")
    assert (stage.title, stage.color, stage.production) == ("Staging", "orange", False)
    assert (prod.title, prod.color, prod.production) == ("Production", "red", True)
    assert (prod.auth, prod.realm) == ("kerberos", "PROD.EXAMPLE.COM")
    assert prod.config.kerberos.kdc == [f"127.0.0.1:{sandbox.port('prod', 'kdc')}"]
    assert prod.config.ldap.url == f"ldaps://localhost:{sandbox.port('prod', 'ldaps')}"
    assert prod.krb5_conf == str(sandbox.krb5_conf)
    assert prod.ca_file == str(sandbox.ca_file)
    assert {profile.config.kernels.yarn.python for profile in profiles.values()} == {sys.executable}


def publication(port: int, **changes) -> Publication:
    values = {
        "name": "dev",
        "title": "Development",
        "color": "green",
        "user": "alice",
        "python": "/python",
        "site": {"core-site.xml": {"fs.defaultFS": f"hdfs://localhost:{port}"}},
        "tables": {"auth": {"type": "simple"}, "kerberos": {"kdc": [f"localhost:{port}"]}},
    }
    return Publication(**{**values, **changes})


def test_what_the_user_changed_stays_and_addresses_follow(tmp_path):
    profiles = Profiles(tmp_path / "clusters", tmp_path / "sandbox")
    profiles.publish(publication(1))
    toml = tmp_path / "clusters" / "dev" / "cluster.toml"
    toml.write_text(
        toml.read_text()
        .replace("Development", "Mine")
        .replace('user = "alice"', 'user = "bob"')
        .replace("/python", "/other")
    )
    profiles.publish(publication(2))
    assert 'title = "Mine"' in toml.read_text()
    assert 'user = "bob"' in toml.read_text()
    assert '[kernels.yarn]\npython = "/other"\nmemory_mb = 1024' in toml.read_text()
    assert 'kdc = ["localhost:2"]' in toml.read_text()
    conf = tmp_path / "clusters" / "dev" / "conf" / "core-site.xml"
    assert "hdfs://localhost:2" in conf.read_text()


@pytest.mark.parametrize("text", ["title = ", 'auth = "simple"'])
def test_a_spoilt_cluster_toml_is_named(tmp_path, text):
    profiles = Profiles(tmp_path / "clusters", tmp_path / "sandbox")
    profiles.publish(publication(1))
    toml = tmp_path / "clusters" / "dev" / "cluster.toml"
    toml.write_text(text)
    with pytest.raises(Misconfigured) as raised:
        profiles.publish(publication(2))
    assert str(toml) in raised.value.message
    assert toml.read_text() == text


def test_only_its_own_are_withdrawn(tmp_path):
    Profiles(tmp_path / "clusters", tmp_path / "other").publish(publication(1))
    assert not Profiles(tmp_path / "clusters", tmp_path / "sandbox").withdraw("dev")
    assert (tmp_path / "clusters" / "dev").exists()
    assert Profiles(tmp_path / "clusters", tmp_path / "other").withdraw("dev")
    assert not (tmp_path / "clusters" / "dev").exists()
