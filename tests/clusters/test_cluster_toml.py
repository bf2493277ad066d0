"""cluster.toml: what is wrong with it, how layers add up, and how it is written."""

from __future__ import annotations

import stat

import pytest

from jupyter_ext.clusters import config as toml
from jupyter_ext.clusters.models import ClusterConfig
from jupyter_ext.errors import Conflict, InvalidInput


def layer(tmp_path, text, name="cluster"):
    path = tmp_path / f"{name}.toml"
    path.write_text(text)
    return toml.read_layer(path)


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("title = 'a'\ncolor = = 'red'", None, "Is not TOML: Invalid value (at line 2, column 9)."),
        ("production = 'yes, please'", "production", "Expected true or false (Ask twice before"),
        ("title = 3", "title", "Expected a string in quotes (Shown instead of the name)."),
        ("color = 'pink'", "color", "Expected one of 'blue', 'green', 'orange', 'red'"),
        ("producton = true", "producton", "Is no known key; did you mean production?"),
        ("zzz = 1", "zzz", "Is no known key; expected one of title, color, production"),
        (
            "[kernels.yarn]\nmemory = 1",
            "kernels.yarn.memory",
            "did you mean kernels.yarn.memory_mb?",
        ),
        ("[gateway]\nnamenode = 'knox:8443'", "gateway.namenode", "an http:// or https:// URL"),
        ("hiveserver2 = 'hive'", "hiveserver2", "host:port, or an http:// or https:// URL"),
        ("hiveserver2 = 'hive2://hive:10000'", "hiveserver2", "host:port, or an http"),
        ("gateway = 'https://knox'", "gateway", "Expected a table of keys."),
        ("[kerberos]\nkdc = 'kdc.example'", "kerberos.kdc", "Expected a list in [ ] (host[:port]"),
        ("[kerberos]\nkdc = [1]", "kerberos.kdc", "Expected a string in quotes"),
        ("[kernels.yarn]\nvcores = 1.5", "kernels.yarn.vcores", "Expected a whole number."),
        ("[kernels.yarn]\nvcores = 0", "kernels.yarn.vcores", "greater than 0"),
        ("[ldap]\nurl = 'ldaps://l.example'", "ldap.base_dn", "Is missing; ldap needs it."),
        ("locked = ['titel']", "locked", "Locks the unknown key titel."),
    ],
)
def test_what_is_wrong_is_said_with_what_was_expected(tmp_path, text, key, message):
    merged = toml.merge([layer(tmp_path, text)])
    (problem,) = merged.problems
    assert (problem.file, problem.key) == ("cluster.toml", key)
    assert message in problem.message
    assert problem.severity == ("warning" if key == "locked" else "error")


def test_what_is_right_is_kept_beside_what_is_wrong(tmp_path):
    merged = toml.merge([layer(tmp_path, "title = 'T'\ncolor = 'pink'\nproduction = true\n")])
    assert merged.config == ClusterConfig(title="T", production=True)


def test_other_unreadable_files(tmp_path):
    path = tmp_path / "cluster.toml"
    path.write_bytes(b"title = 'a'\n# \xff\n")
    assert toml.read_layer(path).problems[0].message == "Is not UTF-8 in line 2."
    path.write_bytes(b"#" * (toml.MAX_FILE_BYTES + 1))
    assert toml.read_layer(path).problems[0].message == "Is larger than 1 MB."
    path.unlink()
    assert toml.read_layer(path) == toml.LayerConfig()
    path.mkdir()
    assert toml.read_layer(path).problems[0].message == "Cannot be read: Is a directory."


def test_layers_add_up_key_by_key(tmp_path):
    merged = toml.merge(
        [
            layer(tmp_path, "title = 'mine'\n[kernels.yarn]\nqueue = 'q'", "user"),
            layer(tmp_path, "color = 'red'\n[ldap]\nbase_dn = 'dc=x'", "environment"),
            layer(
                tmp_path,
                "title = 'theirs'\n[kernels.yarn]\nmemory_mb = 512\n[ldap]\nurl = 'ldaps://l'",
                "system",
            ),
        ]
    )
    assert merged.problems == []
    config = merged.config
    assert (config.title, config.color) == ("mine", "red")
    assert (config.kernels.yarn.queue, config.kernels.yarn.memory_mb) == ("q", 512)
    assert config.ldap is not None
    assert (config.ldap.url, config.ldap.base_dn) == ("ldaps://l", "dc=x")


def test_a_lower_layer_locks_keys_and_tables(tmp_path):
    merged = toml.merge(
        [
            layer(
                tmp_path,
                "title = 'mine'\nproduction = false\n[auth]\ntype = 'simple'\nuser = 'me'\n"
                "[kernels.yarn]\nqueue = 'mine'",
                "user",
            ),
            layer(tmp_path, "title = 'environment'\nlocked = ['title']", "environment"),
            layer(
                tmp_path,
                "title = 'system'\nproduction = true\nlocked = ['production', 'auth']\n"
                "[auth]\ntype = 'simple'",
                "system",
            ),
        ]
    )
    assert sorted(merged.locked) == ["auth", "production", "title"]
    assert merged.config.title == "environment"
    assert merged.config.production is True
    assert merged.config.auth.user is None
    assert merged.config.kernels.yarn.queue == "mine"
    # auth.type says the same on both sides: nothing to complain about.
    assert {(p.severity, p.key) for p in merged.problems} == {
        ("warning", "auth.user"),
        ("warning", "production"),
        ("warning", "title"),
    }
    assert all("locks it" in problem.message for problem in merged.problems)


def test_a_layer_does_not_lock_itself(tmp_path):
    merged = toml.merge([layer(tmp_path, "title = 'mine'\nlocked = ['title']")])
    assert (merged.config.title, merged.locked, merged.problems) == ("mine", [], [])


def test_only_the_difference_is_written(tmp_path):
    below = toml.merge(
        [
            toml.LayerConfig(),
            layer(tmp_path, "title = 'theirs'\nlocked = ['color']\n[kernels.yarn]\nqueue = 'q'"),
        ]
    )
    wanted = below.config.model_copy(update={"production": True, "title": "mine"})
    assert toml.difference(wanted, below, "prod") == {"production": True, "title": "mine"}
    assert toml.difference(below.config, below, "prod") == {}


def test_a_locked_key_cannot_be_changed(tmp_path):
    below = toml.merge([toml.LayerConfig(), layer(tmp_path, "color = 'red'\nlocked = ['color']")])
    wanted = below.config.model_copy(update={"color": "blue"})
    with pytest.raises(Conflict, match="color of prod is locked by an administrator") as caught:
        toml.difference(wanted, below, "prod")
    assert caught.value.cluster == "prod"


@pytest.mark.parametrize("key", ["title", "ldap"])
def test_what_a_lower_layer_sets_cannot_be_taken_back(tmp_path, key):
    below = toml.merge(
        [
            toml.LayerConfig(),
            layer(tmp_path, "title = 'T'\n[ldap]\nurl = 'ldaps://l'\nbase_dn = 'dc=x'"),
        ]
    )
    wanted = below.config.model_copy(update={key: None})
    with pytest.raises(Conflict, match=f"{key}.* can be replaced, not removed"):
        toml.difference(wanted, below, "prod")


def test_writing_keeps_comments_and_order(tmp_path):
    path = tmp_path / "cluster.toml"
    path.write_text(
        "# Ours.\ntitle = 'Old'  # shown\nproducton = true\n\n[kernels.yarn]\n"
        "# Small is enough.\nqueue = 'small'\nmemory_mb = 512\n"
    )
    toml.write(path, {"title": "New", "kernels.yarn.queue": "small", "auth.user": "alice"})
    assert path.read_text() == (
        '# Ours.\ntitle = "New"  # shown\n\n[kernels.yarn]\n'
        "# Small is enough.\nqueue = 'small'\n\n[auth]\nuser = \"alice\"\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_toml_is_not_overwritten(tmp_path):
    path = tmp_path / "cluster.toml"
    path.write_text("title = \n")
    with pytest.raises(InvalidInput, match=r"cluster.toml cannot be edited: .* line 1"):
        toml.write(path, {"title": "x"})
    assert path.read_text() == "title = \n"


def test_changing_keys_given_as_text():
    config = toml.change(
        ClusterConfig(title="Old", color="red"),
        ClusterConfig(color="blue"),
        {"production": "true", "kernels.yarn.vcores": "2", "kerberos.kdc": "a:88, b", "title": "7"},
        ["color"],
    )
    assert config == ClusterConfig.model_validate(
        {
            "title": "7",
            "color": "blue",
            "production": True,
            "kerberos": {"kdc": ["a:88", "b"]},
            "kernels": {"yarn": {"vcores": 2}},
        }
    )


@pytest.mark.parametrize(
    ("assign", "unset", "message"),
    [
        ({"titel": "x"}, [], "titel: Is no known key; did you mean title?"),
        ({}, ["titel"], "titel: Is no known key; did you mean title?"),
        ({"kernels.yarn.vcores": "many"}, [], "kernels.yarn.vcores: Expected a whole number."),
        ({"title.short": "x"}, [], "title.*Expected a string"),
        ({"gateway": "https://knox"}, [], "gateway: Expected a table of keys."),
    ],
)
def test_changing_what_does_not_fit(assign, unset, message):
    with pytest.raises(InvalidInput, match=message.replace("?", r"\?")):
        toml.change(ClusterConfig(), ClusterConfig(), assign, unset)
