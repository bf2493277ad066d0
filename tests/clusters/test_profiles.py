"""The store of profiles: layers, broken ones, adding, editing, removing."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_ext.clusters.models import ClusterConfig
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import Conflict, InvalidInput, NotFound, TooLarge, Unavailable
from tests.hadoop_xml import simple_conf, site


@pytest.fixture
def conf(tmp_path):
    return simple_conf(tmp_path / "etc/hadoop/conf")


@pytest.fixture
def directory(layers):
    """Make a profile in a layer, with a working configuration unless told not to."""

    def directory(layer, name, text="", *, conf=True):
        path = dict(layers)[layer] / name
        path.mkdir(parents=True)
        if conf:
            simple_conf(path / "conf", f"{layer}.example")
        if text:
            (path / "cluster.toml").write_text(text)
        return path

    return directory


def test_no_profiles_at_all(store):
    assert store.list() == []
    assert store.signature() == ()
    with pytest.raises(NotFound, match="no cluster named dev") as caught:
        store.get("dev")
    assert "add one, or start the sandbox" in caught.value.hint


def test_a_profile(store, directory, monkeypatch):
    path = directory("user", "dev", "title = 'Development'\ncolor = 'green'")
    (path / "krb5.conf").write_text("[libdefaults]\n  default_realm = EXAMPLE.COM\n")
    (path / "ca.pem").write_text("")
    profile = store.get("dev")
    assert (profile.name, profile.title, profile.color) == ("dev", "Development", "green")
    assert (profile.layer, profile.directory) == ("user", str(path))
    assert profile.conf_dir == str(path / "conf")
    assert profile.krb5_conf == str(path / "krb5.conf")
    assert profile.ca_file == str(path / "ca.pem")
    assert (profile.auth, profile.user) == ("simple", getpass.getuser())
    assert profile.realm == "EXAMPLE.COM"
    assert profile.endpoints.resourcemanagers[0].url == "http://user.example:8088"
    assert profile.endpoints.namenodes[0].url == "http://user.example:9870"
    assert not profile.broken


def test_title_and_colour_come_from_the_name(store, directory):
    for name in ("a", "b", "c", "d"):
        directory("user", name)
    first = {profile.name: (profile.title, profile.color) for profile in store.list()}
    again = {profile.name: (profile.title, profile.color) for profile in store.list()}
    assert first == again
    assert all(title == name for name, (title, _) in first.items())
    assert len({color for _, color in first.values()}) > 1


def test_the_user_of_a_simple_cluster(layers, directory, monkeypatch):
    directory("user", "mine")
    directory("user", "theirs", "[auth]\nuser = 'alice'")
    directory("user", "secure", "[auth]\ntype = 'kerberos'")
    monkeypatch.setenv("HADOOP_USER_NAME", "bob")
    users = {profile.name: profile.user for profile in ProfileStore(layers).list()}
    assert users == {"mine": "bob", "theirs": "alice", "secure": None}


def test_a_gateway_stands_for_the_daemons(store, directory):
    directory(
        "user",
        "knox",
        "auth = {type = 'gateway'}\n[gateway]\n"
        "resourcemanager = 'https://knox.example/gw/rm/'\nnamenode = 'https://knox.example/gw/nn'",
    )
    directory("user", "forgotten", "auth = {type = 'gateway'}")
    endpoints = store.get("knox").endpoints
    assert [d.url for d in endpoints.resourcemanagers] == ["https://knox.example/gw/rm"]
    assert [d.url for d in endpoints.namenodes] == ["https://knox.example/gw/nn"]
    (problem,) = store.get("forgotten").problems
    assert (problem.severity, problem.file, problem.key) == ("error", "cluster.toml", "gateway")


def test_kernels_on_yarn_behind_a_gateway_are_told_to_be_impossible(store, directory):
    directory(
        "user",
        "knox",
        "auth = {type = 'gateway'}\n[gateway]\nresourcemanager = 'https://knox.example/gw/rm'\n"
        "[kernels.yarn]\npython = '/usr/bin/python3'",
    )
    (problem,) = store.get("knox").problems
    assert (problem.severity, problem.key) == ("warning", "kernels.yarn")
    assert "not offered" in problem.message


def test_files_come_from_the_highest_layer_that_has_them(store, layers, directory):
    directory("user", "prod", "title = 'Mine'", conf=False)
    environment = directory("environment", "prod", "production = true")
    (environment / "ca.pem").write_text("")
    system = directory("system", "prod")
    (system / "krb5.conf").write_text("")
    profile = store.get("prod")
    assert (profile.title, profile.production, profile.layer) == ("Mine", True, "user")
    assert profile.conf_dir == str(environment / "conf")
    assert profile.ca_file == str(environment / "ca.pem")
    assert profile.krb5_conf == str(system / "krb5.conf")


def test_a_locked_configuration_cannot_be_replaced(store, directory):
    user = directory("user", "prod")
    (user / "ca.pem").write_text("")
    environment = directory("environment", "prod", "locked = ['conf']")
    profile = store.get("prod")
    assert profile.conf_dir == str(environment / "conf")
    assert profile.ca_file is None
    assert profile.locked == ["conf"]
    (problem,) = profile.problems
    assert (problem.severity, problem.file, problem.key) == ("warning", "conf", "conf")


def test_the_lowest_lock_decides_about_the_configuration(store, directory):
    directory("user", "prod")
    directory("environment", "prod", "locked = ['conf']")
    system = directory("system", "prod", "locked = ['conf']")
    assert store.get("prod").conf_dir == str(system / "conf")


def test_broken_profiles_are_listed_beside_the_others(store, directory):
    directory("user", "good")
    directory("user", "no-conf", conf=False)
    (directory("user", "empty-conf", conf=False) / "conf").mkdir()
    (directory("user", "file-conf", conf=False) / "conf").write_text("")
    (directory("user", "bad-xml") / "conf/yarn-site.xml").write_text("<configuration>\n<")
    directory("user", "bad-toml", "title")
    directory("user", "Bad Name")
    found = {
        profile.name: (profile.broken, [(p.file, p.message) for p in profile.problems])
        for profile in store.list()
    }
    assert list(found) == sorted(found)
    assert found.pop("good") == (False, [])
    assert all(broken for broken, _ in found.values())
    messages = {
        name: " ".join(f"{f}: {m}" for f, m in problems) for name, (_, problems) in found.items()
    }
    assert "conf: Is missing; expected a directory with Hadoop's" in messages["no-conf"]
    assert "conf: Holds no Hadoop configuration; expected core-site.xml" in messages["empty-conf"]
    assert "conf: Cannot be read: Not a directory." in messages["file-conf"]
    assert "conf/yarn-site.xml: Is malformed in line 2" in messages["bad-xml"]
    assert "cluster.toml: Is not TOML" in messages["bad-toml"]
    assert "'Bad Name' is no cluster name" in messages["Bad Name"]


SCRIPT = """
import json, os, sys
from pathlib import Path
from jupyter_ext.clusters.profiles import ProfileStore
os.setuid(65534)
store = ProfileStore([("user", Path(sys.argv[1]))])
print(json.dumps([profile.model_dump() for profile in store.list()]))
"""


@pytest.mark.parametrize(
    ("path", "file"),
    [
        (".", "cluster.toml conf"),
        ("conf", "conf"),
        ("conf/core-site.xml", "conf/core-site.xml"),
        ("cluster.toml", "cluster.toml"),
    ],
)
def test_what_may_not_be_read_is_a_problem(tmp_path, path, file):
    """In a child process, because file modes do not stop root."""
    root = tmp_path.parent.parent.parent / f"readable-{os.getpid()}"
    try:
        profile = root / "dev"
        simple_conf(profile / "conf")
        (profile / "cluster.toml").write_text("title = 'T'")
        for directory in (root, profile, profile / "conf"):
            directory.chmod(0o755)
        (profile / path).chmod(0)
        script = SCRIPT if os.getuid() == 0 else SCRIPT.replace("os.setuid(65534)\n", "")
        done = subprocess.run(
            [sys.executable, "-c", script, str(root)], capture_output=True, text=True, check=True
        )
    finally:
        shutil.rmtree(root)
    (profile,) = json.loads(done.stdout)
    errors = [p for p in profile["problems"] if p["severity"] == "error"]
    assert [p["file"] for p in errors] == file.split()
    assert {p["message"] for p in errors} == {"Cannot be read: Permission denied."}


def test_an_unknown_name_gets_a_suggestion(store, directory):
    directory("user", "production")
    with pytest.raises(NotFound) as caught:
        store.get("producton")
    assert caught.value.hint == "Did you mean production?"
    with pytest.raises(NotFound) as caught:
        store.get("x")
    assert caught.value.hint == "There are: production."


def test_every_edit_shows_at_once(store, directory, conf):
    path = directory("user", "dev")
    seen = {store.signature()}

    def changed():
        before = len(seen)
        seen.add(store.signature())
        return len(seen) > before

    assert not changed()
    assert store.get("dev") is store.get("dev")
    (path / "cluster.toml").write_text("title = 'One'")
    assert (changed(), store.get("dev").title) == (True, "One")
    site(path / "conf", "yarn", {"yarn.resourcemanager.hostname": "other.example"})
    assert changed()
    assert "other.example" in store.get("dev").endpoints.resourcemanagers[0].url
    (path / "ca.pem").write_text("")
    assert changed()
    assert store.get("dev").ca_file
    (path / "conf/yarn-site.xml").unlink()
    assert changed()
    assert not store.get("dev").endpoints.resourcemanagers
    directory("system", "dev", "color = 'red'")
    assert (changed(), store.get("dev").color) == (True, "red")
    (path / "notes.txt").write_text("not ours")
    assert not changed()
    shutil.rmtree(path)
    assert (changed(), store.get("dev").layer) == (True, "system")


def test_adding_copies_what_a_profile_needs_and_nothing_else(store, layers, conf):
    site(conf, "hive", {"a": "b"})
    site(conf / "shared", "common", {"a": "b"})
    for name in ("krb5.conf", "ca.pem", "alice.keytab", "jaas.conf", "hadoop-env.sh"):
        (conf / name).write_text("x")
    profile = store.add("dev", conf, ClusterConfig(title="T", production=True))
    root = dict(layers)["user"] / "dev"
    assert profile.directory == str(root)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert files == [
        "ca.pem",
        "cluster.toml",
        "conf/core-site.xml",
        "conf/hive-site.xml",
        "conf/shared/common-site.xml",
        "conf/yarn-site.xml",
        "krb5.conf",
    ]
    assert (root / "cluster.toml").read_text() == 'title = "T"\nproduction = true\n'
    modes = {path.is_dir(): set() for path in root.rglob("*")}
    for path in [root, *root.rglob("*")]:
        modes[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    assert modes == {True: {0o700}, False: {0o600}}
    assert store.list() == [profile]


@pytest.mark.parametrize("layer", ["user", "system"])
def test_a_name_can_be_taken_only_once(store, directory, conf, layer):
    directory(layer, "dev")
    with pytest.raises(Conflict, match="There is a cluster named dev already") as caught:
        store.add("dev", conf, ClusterConfig())
    assert caught.value.cluster == "dev"


def test_of_many_at_once_one_gets_the_name(layers, conf):
    def add(_):
        try:
            return ProfileStore(layers).add("dev", conf, ClusterConfig())
        except (Conflict, Unavailable):
            return None

    with ThreadPoolExecutor(8) as pool:
        added = [profile for profile in pool.map(add, range(8)) if profile]
    assert len(added) == 1
    assert [path.name for path in dict(layers)["user"].iterdir()] == ["dev"]


@pytest.mark.parametrize(
    "name", ["", "../x", "/x", ".hidden", "Prod", "a b", "a/b", "é", "a" * 64, "-x", "x\n"]
)
def test_a_name_that_is_no_safe_file_name(store, layers, conf, name):
    with pytest.raises(InvalidInput, match="is no cluster name") as caught:
        store.add(name, conf, ClusterConfig())
    assert "lower-case letters, digits" in caught.value.hint
    assert not dict(layers)["user"].exists()


def test_nothing_is_left_of_what_could_not_be_added(store, layers, tmp_path):
    (tmp_path / "src").mkdir()
    with pytest.raises(InvalidInput, match="src holds no Hadoop configuration") as caught:
        store.add("dev", tmp_path / "src", ClusterConfig())
    assert "core-site.xml, hdfs-site.xml, yarn-site.xml" in caught.value.hint
    (tmp_path / "src/core-site.xml").write_text("<configuration>\n</x>")
    with pytest.raises(InvalidInput, match=r"core-site.xml: Is malformed in line 2"):
        store.add("dev", tmp_path / "src", ClusterConfig())
    assert list(dict(layers)["user"].iterdir()) == []


def test_a_directory_that_is_too_large(store, conf):
    with (conf / "huge.xml").open("wb") as file:
        file.truncate(21 * 2**20)
    with pytest.raises(TooLarge, match="more than 1000 XML files or 20 MB"):
        store.add("dev", conf, ClusterConfig())


def test_a_cluster_that_names_an_unknown_nameservice_is_added_and_broken(store, tmp_path):
    site(tmp_path / "src", "core", {"fs.defaultFS": "hdfs://a"})
    site(tmp_path / "src", "hdfs", {"dfs.nameservices": "b"})
    assert store.add("dev", tmp_path / "src", ClusterConfig()).broken


def test_a_configuration_directory_that_cannot_be_written(tmp_path, conf):
    (tmp_path / "file").write_text("")
    store = ProfileStore([("user", tmp_path / "file/clusters")])
    with pytest.raises(Unavailable, match="cannot be created: Not a directory"):
        store.add("dev", conf, ClusterConfig())


def test_editing_ones_own_profile(store, directory):
    path = directory("user", "dev", "# Ours.\ntitle = 'Old'\n")
    config = store.get("dev").config.model_copy(update={"production": True})
    profile = store.edit("dev", config)
    assert (profile.title, profile.production) == ("Old", True)
    assert (path / "cluster.toml").read_text() == "# Ours.\ntitle = 'Old'\nproduction = true\n"


def test_editing_a_shared_profile_writes_ones_own_layer(store, layers, directory):
    shared = directory("environment", "prod", "title = 'Shared'\ncolor = 'red'\nlocked = ['color']")
    config = store.get("prod").config
    profile = store.edit("prod", config.model_copy(update={"title": "Mine"}))
    own = dict(layers)["user"] / "prod"
    assert (own / "cluster.toml").read_text() == 'title = "Mine"\n'
    assert (profile.layer, profile.title, profile.conf_dir) == (
        "user",
        "Mine",
        str(shared / "conf"),
    )
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    with pytest.raises(Conflict, match="color of prod is locked"):
        store.edit("prod", config.model_copy(update={"color": "blue"}))
    assert store.edit("prod", config).title == "Shared"
    assert (own / "cluster.toml").read_text() == ""


def test_editing_what_does_not_exist(store):
    with pytest.raises(NotFound, match="no cluster named dev"):
        store.edit("dev", ClusterConfig())


def test_removing_ones_own_profile(store, layers, directory):
    directory("user", "dev")
    store.remove("dev")
    assert store.list() == []
    assert list(dict(layers)["user"].iterdir()) == []
    with pytest.raises(NotFound, match="no cluster named dev"):
        store.remove("dev")


def test_removing_ones_own_layer_brings_the_shared_profile_back(store, directory):
    directory("user", "prod", "title = 'Mine'", conf=False)
    directory("system", "prod", "title = 'Shared'")
    store.remove("prod")
    assert (store.get("prod").title, store.get("prod").layer) == ("Shared", "system")
    with pytest.raises(Conflict, match=r"comes from the system layer .* cannot be removed"):
        store.remove("prod")


def test_an_unreadable_layer_does_not_hide_the_others(tmp_path, directory, layers, caplog):
    directory("user", "dev")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    store = ProfileStore([*layers, ("system", loop)])
    assert [profile.name for profile in store.list()] == ["dev"]
    assert "Cannot list the clusters in" in caplog.text


def test_the_jupyter_config_path_gives_the_layers(tmp_path, monkeypatch, conf):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "mine"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "shared"))
    simple_conf(tmp_path / "shared/clusters/prod/conf")
    store = ProfileStore.from_jupyter_paths()
    assert store.get("prod").layer == "environment"
    assert store.add("dev", conf, ClusterConfig()).directory == str(tmp_path / "mine/clusters/dev")
