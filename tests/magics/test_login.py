"""%cluster login, logout, whoami: what a kernel says, and what it asks of its front end."""

from __future__ import annotations

import time

import pytest
from IPython.core.error import UsageError

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.credentials import magics
from jupyter_ext.credentials.directory import CredentialDirectory, Login
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.credentials.models import Account, Identity, Reason, TokenInfo
from tests import profiles as made

ALICE = Identity(
    cluster="prod",
    state="valid",
    user="alice",
    realm="EXAMPLE.COM",
    principal="alice@EXAMPLE.COM",
    since=0.0,
    account=Account(display_name="Alice Abel", mail="alice@example.com", groups=["analysts"]),
    tokens=[
        TokenInfo(
            service="hdfs", address="nn:8020", error=Reason(code="unreachable", message="No.")
        )
    ],
)


@pytest.fixture
def sent(monkeypatch):
    """What the kernel's comms carry."""
    messages = []

    class Comm:
        def __init__(self, target_name, data):
            messages.append((target_name, data))

        def close(self):
            pass

    monkeypatch.setattr(magics, "create_comm", Comm)
    return messages


@pytest.fixture
def notebook(shell, profiles, monkeypatch):
    """A shell whose front end is there."""
    magic = shell.ip.magics_manager.magics["line"]["cluster"].__self__
    monkeypatch.setattr(magic.logins, "_has_front_end", True)
    return shell


def test_login_asks_the_front_end(notebook, sent):
    assert notebook.text("%cluster login prod alice").startswith("Log in to prod in the dialog")
    notebook.run("%cluster use prod")
    notebook.run("%cluster login")
    assert sent == [
        ("jupyter-ext:login", {"action": "login", "cluster": "prod", "user": "alice"}),
        ("jupyter-ext:login", {"action": "login", "cluster": "prod", "user": None}),
    ]


def test_logout_asks_the_front_end(notebook, sent):
    notebook.run("%cluster logout prod")
    notebook.run("%cluster logout --all")
    assert [data["cluster"] for _, data in sent] == ["prod", None]
    assert {data["action"] for _, data in sent} == {"logout"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("login prod alice secret-canary", "A password has no place in a notebook"),
        ("login", "Which cluster? %cluster login NAME; there are: broken, dev, prod."),
        ("login prot", "There is no cluster named prot. Did you mean prod?"),
        ("whoami prot", "Did you mean prod?"),
    ],
)
def test_mistakes_are_explained_without_repeating_a_password(notebook, sent, line, said):
    with pytest.raises(UsageError) as error:
        notebook.ip.run_line_magic("cluster", line)
    assert said in str(error.value)
    assert "canary" not in str(error.value)
    assert sent == []


def test_a_cluster_without_login_says_so(notebook, sent):
    assert notebook.text("%cluster login dev") == "dev wants no login."
    assert sent == []


def test_without_a_front_end_the_command_line_is_named(shell, profiles, sent):
    with pytest.raises(UsageError, match="jupyter cluster login prod"):
        shell.ip.run_line_magic("cluster", "login prod")


def test_whoami_reads_the_credential_directory(notebook, tmp_path, monkeypatch):
    directory = tmp_path / "credentials"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv(VARIABLE, str(directory))
    prod = made.profile("prod", auth="kerberos", conf_dir=str(tmp_path), realm="EXAMPLE.COM")
    identity = ALICE.model_copy(update={"expires_at": time.time() + 3000})
    CredentialDirectory(directory).write([prod], [Login(prod, identity, None, {})])
    text = notebook.text("%cluster whoami prod")
    for word in (
        "alice@EXAMPLE.COM",
        "logged in",
        "49 min",
        "Alice Abel",
        "analysts",
        "hdfs",
        "No.",
    ):
        assert word in text
    assert "alice@EXAMPLE.COM" in notebook.text("%cluster whoami")

    late = ALICE.model_copy(update={"expires_at": time.time() - 1})
    CredentialDirectory(directory).write([prod], [Login(prod, late, None, {})])
    assert "ended" in notebook.text("%cluster whoami prod")


def test_a_directory_of_another_version_is_nobodys(tmp_path):
    (tmp_path / "clusters.json").write_text('{"clusters": {"prod": {"gone": 1}}}')
    assert KernelCredentials(tmp_path).clusters() == {}
