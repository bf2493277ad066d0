"""Clusters of a kernel whose machine knows none: those of the server that it came from."""

from __future__ import annotations

import pytest

from jupyter_ext.clusters.current import ClusterEnvironment, current
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.directory import CredentialDirectory, Login
from jupyter_ext.credentials.models import Identity
from jupyter_ext.errors import NotFound
from tests.hadoop_xml import site


@pytest.fixture
def server(tmp_path):
    """The profiles of a server: dev, prod with a CA, and one that is broken."""
    root = tmp_path / "server"
    for name in ("dev", "prod"):
        site(root / name / "conf", "core", {"fs.defaultFS": f"hdfs://{name}:8020"})
    (root / "prod" / "cluster.toml").write_text('title = "Production"\n[auth]\ntype = "kerberos"\n')
    (root / "prod" / "ca.pem").write_text("CA")
    (root / "broken").mkdir()
    return ProfileStore([("user", root)])


@pytest.fixture
def credentials(server, tmp_path):
    """What a kernel gets of them: alice is logged in to prod."""
    path = tmp_path / "credentials"
    path.mkdir(mode=0o700)
    profile = server.get("prod")
    identity = Identity(cluster="prod", user="alice", principal="alice@EXAMPLE.COM")
    CredentialDirectory(path).write(server.list(), [Login(profile, identity, None, {})])
    return path


@pytest.fixture
def far(credentials, tmp_path, monkeypatch):
    """The profiles as that kernel finds them, in a container without any."""
    monkeypatch.setenv("JUPYTER_EXT_CREDENTIALS", str(credentials))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    return ProfileStore.from_jupyter_paths()


def test_they_name_the_files_that_came_along(far, server, credentials):
    assert [profile.name for profile in far.list()] == ["broken", "dev", "prod"]
    prod = far.get("prod")
    assert (prod.title, prod.auth) == ("Production", "kerberos")
    assert prod.endpoints == server.get("prod").endpoints
    assert prod.conf_dir == str(credentials / "prod" / "conf")
    assert prod.ca_file == str(credentials / "prod" / "ca.pem")
    assert (credentials / "prod" / "ca.pem").read_text() == "CA"
    assert (credentials / "dev" / "conf" / "core-site.xml").exists()
    assert far.get("dev").ca_file is None
    assert far.get("broken").broken


def test_a_kernel_works_on_them(far, credentials):
    environ = {}
    ClusterEnvironment(environ).use(far.get("dev"))
    assert environ["HADOOP_CONF_DIR"] == str(credentials / "dev" / "conf")


def test_the_current_one_is_found(far, monkeypatch):
    monkeypatch.setenv("JUPYTER_EXT_CLUSTER", "prod")
    assert current().title == "Production"


def test_others_are_named(far):
    with pytest.raises(NotFound) as caught:
        far.get("prdo")
    assert caught.value.hint == "Did you mean prod?"


def test_a_change_is_noticed(far, server, credentials):
    before = far.signature()
    CredentialDirectory(credentials).write(server.list()[:1], [])
    assert far.signature() != before
    assert [profile.name for profile in far.list()] == ["broken"]


def test_a_machine_with_profiles_of_its_own_keeps_to_them(server, credentials, tmp_path):
    site(tmp_path / "own" / "mine" / "conf", "core", {"fs.defaultFS": "hdfs://mine:8020"})
    store = ProfileStore([("user", tmp_path / "own")], credentials)
    assert [profile.name for profile in store.list()] == ["mine"]
    with pytest.raises(NotFound):
        store.get("prod")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"clusters": {"prod": {"profile": {"a": 1}}}}'])
def test_a_directory_that_says_nothing(text, tmp_path):
    (tmp_path / "clusters.json").write_text(text)
    store = ProfileStore([("user", tmp_path / "nothing")], tmp_path)
    assert store.list() == []
    with pytest.raises(NotFound, match="There is no cluster named prod"):
        store.get("prod")
