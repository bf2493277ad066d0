"""Credentials of a site's own program, a real one."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import textwrap
import time
from pathlib import Path

import pytest

from jupyter_ext.clusters.models import AuthConfig, ClusterConfig, KerberosConfig, Profile
from jupyter_ext.credentials import external
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.errors import BadAnswer, JupyterExtError, Misconfigured, Unavailable
from tests import profiles
from tests.conftest import eventually

CANARY = "canary-4711"


@pytest.fixture
def profile(tmp_path):
    """Make a profile whose program has this body; ``question`` is what it was asked."""

    def make(body: str, timeout_s: float = 10.0, program: list[str] | None = None) -> Profile:
        script = tmp_path / "credential-program"
        head = "import json, os, subprocess, sys, time\nquestion = json.load(sys.stdin)\n"
        script.write_text(head + textwrap.dedent(body))
        config = ClusterConfig(
            auth=AuthConfig(program=program or [sys.executable, str(script)]),
            kerberos=KerberosConfig(timeout_s=timeout_s),
        )
        return profiles.profile("prod", auth="kerberos", realm="EXAMPLE.COM", config=config)

    return make


async def test_a_password_for_who_asked(profile):
    body = """
        print(json.dumps({"user": question["user"], "password": json.dumps(question)}))
    """
    given = await external.ask(profile(body), "alice")
    assert given.user == "alice"
    assert json.loads(given.password.get_secret_value()) == {
        "version": 1,
        "cluster": "prod",
        "realm": "EXAMPLE.COM",
        "user": "alice",
        "auth": "kerberos",
    }
    assert given.ccache is given.token is None


async def test_a_token_that_lasts_a_while(profile):
    end = time.time() + 3600
    body = f'print(json.dumps({{"user": "alice", "token": "{CANARY}", "expires_at": {end}}}))'
    given = await external.ask(profile(body), "")
    assert given.token.get_secret_value() == CANARY
    assert given.expires_at == end
    assert CANARY not in repr(given)


async def test_a_ticket_cache_from_a_real_kdc(profile, realm: Realm):
    await realm.login("alice@PROD.EXAMPLE.COM", "alice-password")
    body = f"""
        import base64
        data = open({str(realm.tickets)!r}, "rb").read()
        print(json.dumps({{"ccache": base64.b64encode(data).decode()}}))
    """
    given = await external.ask(profile(body), "alice")
    assert base64.b64decode(given.ccache.get_secret_value()) == realm.tickets.read_bytes()


async def test_it_inherits_no_secret(profile, monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", CANARY)
    monkeypatch.setenv("HOME", "/home/alice")
    body = 'print(json.dumps({"user": "a", "password": json.dumps(dict(os.environ))}))'
    given = await external.ask(profile(body), "alice")
    environment = json.loads(given.password.get_secret_value())
    assert environment["HOME"] == "/home/alice"
    assert "JUPYTER_TOKEN" not in environment


ENDED = '{"user": "a", "token": "canary-4711", "expires_at": 1000}'


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("sys.exit('vault: permission denied')", Unavailable, "status 1: vault: permission denied"),
        ("sys.exit('asked with token=canary-4711')", Unavailable, "asked with token=…"),
        ("print('a\\n  b\\n', file=sys.stderr); sys.exit(3)", Unavailable, "status 3: b"),
        ("sys.exit(4)", Unavailable, "status 4: it gave no reason"),
        ("sys.exit('x' * 10_000)", Unavailable, "status 1: xxx"),
        ("os.kill(os.getpid(), 9)", Unavailable, "signal 9"),
        ("print('canary-4711')", BadAnswer, "not JSON"),
        ("", BadAnswer, "not JSON"),
        ("print('[' * 30_000)", BadAnswer, "not JSON"),
        ("print('[]')", BadAnswer, "no credential"),
        ("print('{}')", BadAnswer, "no credential"),
        ('print(\'{"password": "canary-4711"}\')', BadAnswer, "no credential"),
        ('print(\'{"user": "a", "password": ""}\')', BadAnswer, "no credential"),
        ('print(\'{"user": "a", "canary-4711": 1}\')', BadAnswer, "no credential"),
        (
            'print(\'{"user": "a", "password": "b", "token": "canary-4711"}\')',
            BadAnswer,
            "no credential",
        ),
        ('print(\'{"ccache": "canary-4711"}\')', BadAnswer, "a ticket cache that is none"),
        ('print(\'{"ccache": "AAAA"}\')', BadAnswer, "a ticket cache that is none"),
        (f"print('{ENDED}')", BadAnswer, "has ended already"),
        ("print('canary-4711' * 100_000)", BadAnswer, "more than 64 KiB"),
        ("print('canary-4711' * 100_000, file=sys.stderr)", BadAnswer, "more than 64 KiB"),
        ("print(json.dumps({'a': float('nan')}))", BadAnswer, "no credential"),
    ],
)
async def test_what_is_wrong_is_said_without_the_secret(profile, body, kind, said):
    with pytest.raises(kind) as error:
        await external.ask(profile(body), "alice")
    assert said in error.value.message
    assert sys.executable in error.value.message
    assert error.value.cluster == "prod"
    assert error.value.hint
    assert len(error.value.message) < 500
    chain: BaseException | None = error.value
    while chain is not None:
        assert CANARY not in f"{chain!r}{getattr(chain, 'hint', '')}"
        chain = chain.__cause__ or chain.__context__


@pytest.mark.parametrize("kind", ["missing", "not a program", "a directory"])
async def test_a_program_that_cannot_be_started(profile, tmp_path, kind):
    path = tmp_path / "program"
    if kind == "not a program":
        path.write_bytes(b"\0no program")
        path.chmod(0o755)
    elif kind == "a directory":
        path.mkdir()
    with pytest.raises(Misconfigured, match="cannot be started") as error:
        await external.ask(profile("", program=[str(path)]), "alice")
    assert str(path) in error.value.message
    assert "auth.program" in error.value.hint


SLOW = """
    child = subprocess.Popen(["sleep", "1000"])
    open(sys.argv[0] + ".pids", "w").write(f"{os.getpid()} {child.pid}")
    time.sleep(1000)
"""


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie, which nobody reaps in a container without init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(tmp_path: Path) -> list[int]:
    found = tmp_path / "credential-program.pids"
    return [int(pid) for pid in found.read_text().split()] if found.exists() else []


async def test_a_program_that_takes_too_long_is_ended_with_its_children(profile, tmp_path):
    with pytest.raises(Unavailable, match="did not finish within 1 s") as error:
        await external.ask(profile(SLOW, timeout_s=1.0), "alice")
    assert "kerberos.timeout_s" in error.value.hint
    await eventually(lambda: not any(runs(pid) for pid in children(tmp_path)))


async def test_a_login_that_is_given_up_ends_the_program(profile, tmp_path):
    asking = asyncio.create_task(external.ask(profile(SLOW, timeout_s=60.0), "alice"))
    pids = await eventually(lambda: children(tmp_path))
    assert len(pids) == 2
    assert all(runs(pid) for pid in pids)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await eventually(lambda: not any(runs(pid) for pid in pids))


async def test_a_program_that_reads_nothing_is_heard_all_the_same(profile, tmp_path):
    script = tmp_path / "deaf"
    script.write_text(f'#!{sys.executable}\nprint(\'{{"user": "a", "password": "b"}}\')\n')
    script.chmod(0o755)
    given = await external.ask(profile("", program=[str(script)]), "u" * 200_000)
    assert given.password.get_secret_value() == "b"


async def test_errors_are_the_product_s_own(profile):
    with pytest.raises(JupyterExtError):
        await external.ask(profile("os._exit(1)"), "alice")
