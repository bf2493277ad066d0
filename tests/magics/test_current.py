"""The environment of a switch: what is set, and what is given back."""

from __future__ import annotations

import pytest

from jupyter_ext.clusters.current import ClusterEnvironment, current
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import Misconfigured, NotFound


@pytest.fixture
def store(profiles) -> ProfileStore:
    return ProfileStore([("user", profiles)])


def test_a_simple_cluster_is_told_who_you_are(store, profiles):
    environ = {"PATH": "/bin"}
    ClusterEnvironment(environ).use(store.get("dev"))
    assert environ == {
        "PATH": "/bin",
        "JUPYTER_EXT_CLUSTER": "dev",
        "HADOOP_CONF_DIR": str(profiles / "dev" / "conf"),
        "YARN_CONF_DIR": str(profiles / "dev" / "conf"),
        "HADOOP_USER_NAME": "alice",
    }


def test_a_kerberos_cluster_gets_its_krb5_conf_and_no_user_name(store, profiles):
    environ = {"HADOOP_USER_NAME": "carol"}
    ClusterEnvironment(environ).use(store.get("prod"))
    assert environ == {
        "JUPYTER_EXT_CLUSTER": "prod",
        "HADOOP_CONF_DIR": str(profiles / "prod" / "conf"),
        "YARN_CONF_DIR": str(profiles / "prod" / "conf"),
        "KRB5_CONFIG": str(profiles / "prod" / "krb5.conf"),
    }


def test_what_the_user_had_set_comes_back(store):
    environ = {"HADOOP_CONF_DIR": "/mine", "HADOOP_USER_NAME": "carol", "KRB5_CONFIG": "/krb5"}
    environment = ClusterEnvironment(environ)
    environment.use(store.get("prod"))
    environment.use(store.get("dev"))
    assert environ["KRB5_CONFIG"] == "/krb5", "dev has none of its own"
    environment.reset()
    assert environ == {
        "HADOOP_CONF_DIR": "/mine",
        "HADOOP_USER_NAME": "carol",
        "KRB5_CONFIG": "/krb5",
    }


def test_what_the_user_sets_between_two_switches_is_his(store):
    environ: dict[str, str] = {}
    environment = ClusterEnvironment(environ)
    environment.use(store.get("dev"))
    environ["HADOOP_CONF_DIR"] = "/mine"
    environment.use(store.get("prod"))
    environment.reset()
    assert environ == {"HADOOP_CONF_DIR": "/mine"}


def test_what_the_user_sets_after_a_switch_is_left_alone(store):
    environ: dict[str, str] = {}
    environment = ClusterEnvironment(environ)
    environment.use(store.get("dev"))
    environ["HADOOP_USER_NAME"] = "dora"
    environment.reset()
    assert environ == {"HADOOP_USER_NAME": "dora"}


def test_a_broken_profile_changes_nothing(store):
    environ: dict[str, str] = {}
    with pytest.raises(Misconfigured, match=r"broken cannot be used.*core-site\.xml"):
        ClusterEnvironment(environ).use(store.get("broken"))
    assert environ == {}


def test_a_switch_does_not_make_alice_of_everybody(profiles, monkeypatch):
    """dev's user is in the environment now; prod's and others' are still one's own."""
    (profiles / "dev2").mkdir()
    (profiles / "dev" / "conf").rename(profiles / "dev2" / "conf")
    store = ProfileStore([("user", profiles)])
    before = store.get("dev2").user
    monkeypatch.setenv("HADOOP_USER_NAME", "alice")
    (profiles / "dev2" / "cluster.toml").write_text('title = "read again"')
    assert store.get("dev2").title == "read again"
    assert store.get("dev2").user == before


def test_current_is_what_the_environment_says(store, monkeypatch):
    with pytest.raises(NotFound, match="No cluster is chosen"):
        current(store)
    monkeypatch.setenv("JUPYTER_EXT_CLUSTER", "dev")
    assert current(store) == store.get("dev")
    monkeypatch.setenv("JUPYTER_EXT_CLUSTER", "gone")
    with pytest.raises(NotFound, match="no cluster named gone"):
        current(store)
