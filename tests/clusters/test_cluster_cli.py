"""The command line, from its arguments to what it prints."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from jupyter_ext.cli import main
from tests.archives import tar
from tests.fakes.raw_server import closed_port
from tests.hadoop_xml import simple_conf, site


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A user's configuration of its own; gives the directory of profiles."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "shared"))
    monkeypatch.setenv("HADOOP_USER_NAME", "alice")
    return tmp_path / "config/clusters"


@pytest.fixture
def conf(tmp_path):
    return str(simple_conf(tmp_path / "conf"))


@pytest.fixture
def run(capsys):
    """Run a command; gives its exit status, output and errors."""

    def run(*arguments):
        status = main(arguments)
        return (status, *capsys.readouterr())

    return run


def test_an_empty_list_says_what_to_do(run):
    status, out, _ = run("list")
    assert status == 0
    assert "jupyter cluster add NAME --conf-dir" in out
    assert "jupyter cluster sandbox up" in out
    assert run("list", "--json")[1] == "[]\n"


def test_add_and_list(run, conf, tmp_path):
    status, out, _ = run(
        *("add", "prod", "--conf-dir", conf, "--title", "Production", "--color", "red"),
        *("--production", "--user", "bob", "--set", "kernels.yarn.queue=small"),
    )
    assert status == 0
    assert "ResourceManager  http://rm.example:8088" in out
    broken = site(tmp_path / "b", "core", {"fs.defaultFS": "s3a://x"}).parent
    site(broken, "yarn", {"yarn.resourcemanager.ha.enabled": "true"})
    assert run("add", "broken", "--conf-dir", str(broken))[0] == 0
    _, out, _ = run("list")
    assert [line.split()[0] for line in out.splitlines()] == ["NAME", "broken", "prod"]
    assert "1 error, 1 warning" in out
    head, *lines = out.splitlines()
    assert {line.index("simple") for line in lines} == {head.index("AUTH")}  # aligned
    profiles = json.loads(run("list", "--json")[1])
    config = profiles[1]["config"]
    assert (config["title"], config["color"], config["production"]) == ("Production", "red", True)
    assert (config["auth"]["user"], config["kernels"]["yarn"]["queue"]) == ("bob", "small")


def test_add_from_an_archive(run, tmp_path, root):
    path = tmp_path / "client.tar.gz"
    path.write_bytes(tar())
    assert run("add", "dev", "--archive", str(path))[0] == 0
    assert (root / "dev/conf/core-site.xml").exists()


def test_add_from_a_relative_directory(run, conf, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("add", "dev", "--conf-dir", "conf")[0] == 0


def test_show(run, conf):
    run("add", "dev", "--conf-dir", conf)
    _, out, _ = run("show", "dev")
    rows = dict(line.split(maxsplit=1) for line in out.splitlines() if len(line.split()) > 1)
    assert rows["name"] == "dev"
    assert rows["user"] == "alice"
    assert rows["NameNode"] == "http://rm.example:9870"
    assert json.loads(run("show", "dev", "--json")[1])["name"] == "dev"


def test_show_says_what_is_wrong(run, tmp_path, root):
    (root / "dev").mkdir(parents=True)
    (root / "dev/cluster.toml").write_text("titel = 'x'")
    _, out, _ = run("show", "dev")
    assert "error: cluster.toml titel: Is no known key; did you mean title?" in out
    assert "error: conf: Is missing" in out


def test_edit(run, conf, root):
    run("add", "dev", "--conf-dir", conf, "--title", "Old", "--production")
    status, out, _ = run("edit", "dev", "--set", "title=New", "--unset", "production")
    assert status == 0
    assert "New" in out
    assert (root / "dev/cluster.toml").read_text() == 'title = "New"\n'


def test_unset_brings_a_shared_value_back(run, tmp_path, root):
    simple_conf(tmp_path / "shared/clusters/prod/conf")
    (tmp_path / "shared/clusters/prod/cluster.toml").write_text("production = true")
    assert run("edit", "prod", "--set", "production=false")[0] == 0
    assert (root / "prod/cluster.toml").read_text() == "production = false\n"
    assert run("edit", "prod", "--unset", "production")[0] == 0
    assert (root / "prod/cluster.toml").read_text() == ""


def test_remove(run, conf, root, monkeypatch):
    run("add", "dev", "--conf-dir", conf)
    status, _, err = run("remove", "dev")
    assert (status, (root / "dev").exists()) == (1, True)
    assert "Add --yes." in err

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert "Nothing was removed" in run("remove", "dev")[1]
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert "dev is removed." in run("remove", "dev")[1]
    assert not (root / "dev").exists()
    run("add", "dev", "--conf-dir", conf)
    assert run("remove", "dev", "--yes")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "dve"), "There is no cluster named dve.\n  Did you mean dev?"),
        (("remove", "x", "--yes"), "There is no cluster named x."),
        (("edit", "dev"), "There is nothing to change.\n  Use --set KEY=VALUE"),
        (("edit", "dev", "--set", "titel=x"), "titel: Is no known key; did you mean title?"),
        (("add", "dev", "--conf-dir", "{conf}"), "There is a cluster named dev already."),
        (("add", "A b", "--conf-dir", "{conf}"), "'A b' is no cluster name."),
        (("add", "new", "--conf-dir", "/nowhere"), "/nowhere cannot be read: No such file"),
        (("add", "new", "--archive", "/nowhere.zip"), "/nowhere.zip cannot be read: No such file"),
        (("add", "new", "--url", "ftp://x/y"), "ftp://x/y is no usable URL"),
        (("add", "new", "--conf-dir", "{conf}", "--set", "color=pink"), "color: Expected one of"),
        (("doctor", "dve"), "Did you mean dev?"),
    ],
)
def test_mistakes_are_answered_in_words(run, conf, arguments, message):
    run("add", "dev", "--conf-dir", conf)
    status, _, err = run(*(argument.replace("{conf}", conf) for argument in arguments))
    assert status == 1
    assert message in err
    assert "Traceback" not in err


def test_arguments_that_are_not_understood(run, conf, capsys):
    for arguments in (("edit", "dev", "--set", "title"), ("add", "dev"), ("nonsense",)):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    assert "expected KEY=VALUE, not 'title'" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough(run, conf):
    run("add", "dev", "--conf-dir", conf)
    command = f"{sys.executable} -m jupyter_ext.cli show dev --json | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_doctor_without_clusters(run):
    assert run("doctor") == (0, "There is no cluster yet.\n", "")


def test_doctor_finds_what_is_down(run, tmp_path):
    port = closed_port()
    site(tmp_path / "c", "core", {"fs.defaultFS": "s3a://x"})
    site(tmp_path / "c", "yarn", {"yarn.resourcemanager.webapp.address": f"localhost:{port}"})
    run("add", "dev", "--conf-dir", str(tmp_path / "c"))
    status, out, _ = run("doctor", "dev")
    assert status == 1
    assert f"localhost:{port}: Nothing listens there." in out
    assert "Start the ResourceManager" in out
    assert "dev has a problem" in out
    status, out, _ = run("doctor", "--json")
    assert status == 1
    (report,) = json.loads(out)
    assert {check["name"]: check["verdict"] for check in report["checks"]} == {
        "profile": "warning",
        "dns": "ok",
        "tcp": "failed",
        "resourcemanager": "failed",
    }


def test_doctor_finds_a_cluster_healthy(run, sandbox, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(sandbox.config_dir))
    status, out, _ = run("doctor", "dev")
    assert (status, "dev is healthy" in out) == (0, True), out
