"""%cluster in a plain IPython, from the files alone."""

from __future__ import annotations

import os

import pytest
from IPython.core.error import UsageError

from tests.magics.conftest import write_profile

OTHER = """
class HadoopFileSystem:
    __module__ = "pyarrow._hdfs"
fs = HadoopFileSystem()
"""


def test_without_a_cluster_it_says_what_there_is(shell, profiles):
    assert shell.text("%cluster") == (
        "No cluster is chosen; there are: broken, dev, prod.\n%cluster use NAME"
    )


def test_without_profiles_it_says_how_to_add_one(shell):
    assert "jupyter cluster add NAME --conf-dir DIRECTORY" in shell.text("%cluster list")
    assert "jupyter cluster add NAME --conf-dir DIRECTORY" in shell.text("%cluster status")


def test_list_shows_every_profile_and_what_is_wrong_with_it(shell, profiles):
    shell.run("%cluster use dev")
    lines = shell.text("%cluster list").splitlines()
    assert lines[0].split()[:4] == ["name", "title", "auth", "realm"]
    assert "core-site.xml" in lines[1]
    assert lines[2].split() == [
        "▸",
        "dev",
        "dev",
        "simple",
        "alice",
        "http://dev.example:8088",
        "ok",
    ]
    assert "Production  kerberos  EXAMPLE.COM" in lines[3]


def test_use_sets_the_environment_of_what_starts_next(shell, profiles):
    assert shell.text("%cluster use dev") == "Now on dev as alice: hdfs://dev.example:9000"
    printed = shell.run("!printenv HADOOP_CONF_DIR HADOOP_USER_NAME").stdout
    assert printed.split() == [str(profiles / "dev" / "conf"), "alice"]


def test_where_am_i(shell, profiles):
    shell.run("%cluster use prod")
    text = shell.text("%cluster")
    assert text.startswith("prod · Production\nThis is production.\n")
    for line in (
        "user             not logged in: %cluster login prod",
        "auth             kerberos, realm EXAMPLE.COM",
        "file system      hdfs://prod.example:9000",
        "ResourceManager  http://prod.example:8088",
        "NameNode         http://prod.example:9870",
        f"HADOOP_CONF_DIR  {profiles / 'prod' / 'conf'}",
        f"KRB5_CONFIG      {profiles / 'prod' / 'krb5.conf'}",
    ):
        assert line in text.splitlines()


def test_use_names_what_still_points_elsewhere(shell, profiles):
    shell.run("%cluster use dev")
    shell.run(OTHER)
    lines = shell.text("%cluster use prod").splitlines()
    assert lines[:2] == ["Now on prod: hdfs://prod.example:9000", "This is production."]
    assert lines[2].startswith("Still on another cluster: fs is an HDFS client")


def test_use_of_the_same_cluster_again_warns_of_nothing(shell, profiles):
    shell.run("%cluster use dev")
    shell.run(OTHER)
    assert shell.text("%cluster use dev") == "Now on dev as alice: hdfs://dev.example:9000"


def test_our_helpers_follow_at_once(shell, profiles):
    shell.run("from jupyter_ext.clusters.current import current\n%cluster use dev")
    shell.run("first = current().name\n%cluster use prod\nsecond = current().name")
    assert (shell.ip.user_ns["first"], shell.ip.user_ns["second"]) == ("dev", "prod")


def test_an_edited_profile_is_read_again(shell, profiles):
    shell.run("%cluster use dev")
    write_profile(profiles, "dev", toml='[auth]\nuser = "bob"\n')
    assert shell.text("%cluster use dev").startswith("Now on dev as bob")


def test_reset_gives_the_environment_back(shell, profiles):
    os.environ["HADOOP_CONF_DIR"] = "/mine"
    shell.run("%cluster use dev")
    shell.run("%cluster reset")
    assert os.environ["HADOOP_CONF_DIR"] == "/mine"
    assert "JUPYTER_EXT_CLUSTER" not in os.environ
    assert shell.text("%cluster").startswith("No cluster is chosen")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("use dve", "There is no cluster named dve. Did you mean dev?"),
        ("use", "Which cluster? %cluster use NAME; there are: broken, dev, prod."),
        ("apps", "Which cluster? %cluster apps NAME; there are: broken, dev, prod."),
        ("doctor dve", "There is no cluster named dve. Did you mean dev?"),
        ("status dve", "There is no cluster named dve. Did you mean dev?"),
        ("stauts", "%cluster has no command stauts. Did you mean status?"),
        ("dev", "%cluster has no command dev. To work on it: %cluster use dev"),
        (
            "xyzzy",
            "%cluster has no command xyzzy. "
            "There are: list, use, status, apps, doctor, login, logout, whoami, "
            "reset, help.",
        ),
        ("list --fast", "unrecognized arguments: --fast"),
        ("status dev prod --plot", "--plot shows one cluster: %cluster status NAME --plot"),
    ],
)
def test_mistakes_are_explained(shell, profiles, line, message):
    with pytest.raises(UsageError) as error:
        shell.ip.run_line_magic("cluster", line)
    assert str(error.value) == message


def test_a_broken_profile_is_refused_with_its_problem(shell, profiles):
    shell.run("%cluster use dev")
    with pytest.raises(UsageError, match=r"broken cannot be used: conf/core-site\.xml"):
        shell.ip.run_line_magic("cluster", "use broken")
    assert os.environ["JUPYTER_EXT_CLUSTER"] == "dev"


def test_a_profile_that_is_gone_is_said_to_be(shell, profiles):
    shell.run("%cluster use dev")
    (profiles / "dev").rename(profiles / "away")
    with pytest.raises(UsageError, match="There is no cluster named dev"):
        shell.ip.run_line_magic("cluster", "")


def test_html_is_escaped_and_complete(shell, profiles):
    write_profile(profiles, "dev", toml='title = "<b>tags & co</b>"\n')
    html = shell.html("%cluster list")
    assert "&lt;b&gt;tags &amp; co&lt;/b&gt;" in html
    assert "<b>" not in html
    assert html.count("<tr>") == 4


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (
            "%cluster ",
            [
                "list",
                "use",
                "status",
                "apps",
                "doctor",
                "login",
                "logout",
                "whoami",
                "reset",
                "help",
            ],
        ),
        ("%cluster s", ["status"]),
        ("cluster u", ["use"]),
        ("%cluster use ", ["broken", "dev", "prod"]),
        ("%cluster use p", ["prod"]),
        ("%cluster doctor d", ["dev"]),
        ("%cluster status dev ", ["broken", "prod", "--plot"]),
        ("%cluster status --", ["--plot"]),
    ],
)
def test_the_tab_key_knows_commands_and_names(shell, profiles, line, offered):
    assert shell.complete(line) == offered


def test_the_tab_key_stays_out_of_other_lines(shell, profiles):
    assert "dev" not in shell.complete("use ")
    assert "%cluster" in shell.complete("%clus")


def test_help_is_the_docstring(shell):
    assert "%cluster use NAME" in shell.run("%cluster help").stdout


def test_unload_takes_everything_back(shell, profiles):
    shell.run("%cluster use dev")
    shell.run("%unload_ext jupyter_ext")
    assert "JUPYTER_EXT_CLUSTER" not in os.environ
    assert shell.ip.find_line_magic("cluster") is None
    assert "use" not in shell.complete("%cluster ")


def test_reload_works_and_completes_once(shell, profiles):
    shell.run("%reload_ext jupyter_ext")
    assert shell.complete("%cluster use d") == ["dev"]
    assert shell.text("%cluster use dev").startswith("Now on dev")
