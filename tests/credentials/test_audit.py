"""One line per login."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import token_keeper
from jupyter_ext.credentials.audit import AuditLog, default_path
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.hadoop.access import open_desk
from tests.conftest import eventually


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "audit.log"


async def test_a_line_says_who_did_what_where_and_how_it_went(path):
    before = datetime.now(UTC)
    log = AuditLog(path)
    log.record(
        "login", user="ann", cluster="prod", principal="a@X", method="password", lifetime_s=3600
    )
    log.record("renew", user="ann", cluster="prod", outcome="kdc_unreachable")
    await log.close()
    first, second = lines(path)
    assert before <= datetime.fromisoformat(first.pop("time")) <= datetime.now(UTC)
    assert first == {
        "user": "ann",
        "principal": "a@X",
        "cluster": "prod",
        "action": "login",
        "outcome": "ok",
        "method": "password",
        "service": None,
        "lifetime_s": 3600,
    }
    assert second["outcome"] == "kdc_unreachable"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_login_s_tickets_and_tokens_are_followed_to_their_end(sandbox, path, monkeypatch):
    monkeypatch.setattr(token_keeper, "RENEW_AT", 0.0)  # which means after a second
    monkeypatch.setattr(token_keeper, "SPREAD", 0.0)
    audit = AuditLog(path)
    runtime = RuntimeDirectory(path.parent.parent / "runtime")
    broker = Broker(
        ProfileStore(sandbox.layers), runtime, prover=prover, open_desk=open_desk, audit=audit
    )

    def written():
        return [
            (line["action"], line["service"], line["outcome"])
            for line in (lines(path) if path.exists() else ())
        ]

    await broker.login("ann", "prod", "alice", "alice-password")
    services = ("hdfs", "resourcemanager")
    for service in services:
        await eventually(lambda service=service: ("renew", service, "ok") in written())
    await broker.renew("ann", "prod")
    await broker.logout("ann")
    await broker.close()
    runtime.close()
    await audit.close()

    found = written()
    assert found[0] == ("login", None, "ok")
    assert sorted(found[1:3]) == [("mint", service, "ok") for service in services]
    assert ("renew", None, "ok") in found
    assert sorted(found[-3:-1]) == [("cancel", service, "ok") for service in services]
    assert found[-1] == ("logout", None, "ok")
    for line in lines(path):
        assert (line["user"], line["principal"]) == ("ann", "alice@PROD.EXAMPLE.COM")
        lasts = line["action"] in ("login", "mint", "renew")
        assert (line["lifetime_s"] is not None) == lasts
        if lasts:
            assert line["lifetime_s"] > (80_000 if line["service"] else 3000)


def test_it_is_in_the_data_directory_by_default(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert default_path() == tmp_path / "jupyter-ext" / "audit.log"
    assert AuditLog().path == default_path()


async def test_two_servers_share_a_log_line_by_line_and_lose_none(path):
    """Also while each of them puts the full log aside under the other's feet."""
    logs = [AuditLog(path, max_bytes=2000, backups=99) for _ in range(2)]
    for number in range(100):
        for name, log in zip("ab", logs, strict=True):
            log.record("mint", user=f"{name}{number}", cluster="prod")
    for log in logs:
        await log.close()
    files = list(path.parent.iterdir())
    assert len(files) > 10
    assert all(file.stat().st_size < 2300 for file in files)
    written = [line["user"] for file in files for line in lines(file)]
    assert sorted(written) == sorted(f"{name}{number}" for name in "ab" for number in range(100))


async def test_only_so_many_old_logs_are_kept(path):
    log = AuditLog(path, max_bytes=1, backups=2)
    for number in range(5):
        log.record("login", user=str(number), cluster="prod")
    await log.close()
    kept = {file.name: lines(file)[0]["user"] for file in path.parent.iterdir()}
    assert kept == {"audit.log": "4", "audit.log.1": "3", "audit.log.2": "2"}


async def test_without_old_logs_a_full_one_begins_anew(path):
    log = AuditLog(path, max_bytes=1, backups=0)
    for number in range(3):
        log.record("login", user=str(number), cluster="prod")
    await log.close()
    assert [line["user"] for line in lines(path)] == ["2"]
    assert len(list(path.parent.iterdir())) == 1


async def test_names_cannot_forge_lines(path):
    log = AuditLog(path)
    name = 'x"}\n{"user": "root\u2028\x1b[31m' + "y" * 1000 + "\ud800"
    log.record("login", user=name, cluster="prod", principal=name)
    log.record("login", user="\ud800", cluster="prod")
    await log.close()
    found = lines(path)
    assert len(found) == 2
    assert found[0]["user"] == name[:256]
    assert "\x1b" not in path.read_text()


def test_a_sentence_is_no_outcome(path):
    with pytest.raises(ValidationError):
        AuditLog(path).record("login", user="a", cluster="c", outcome="password was hunter2")


async def test_a_log_that_cannot_be_written_is_said_once_and_fails_nothing(path, caplog):
    path.parent.write_text("in the way")
    log = AuditLog(path)
    for _ in range(3):
        log.record("login", user="ann", cluster="prod")
    await log.close()
    assert caplog.text.count("Logins are not recorded") == 1
    assert str(path) in caplog.text
    log.record("logout", user="ann", cluster="prod")
    assert "logout of prod came after the end" in caplog.text


async def test_a_disk_that_hangs_holds_nobody_up(path):
    """A pipe that nobody reads is a file whose opening does not return."""
    path.parent.mkdir()
    os.mkfifo(path)
    log = AuditLog(path)
    log.record("login", user="ann", cluster="prod")
    log.record("logout", user="ann", cluster="prod")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    await log.close()
    try:
        written = await asyncio.to_thread(os.read, reader, 10_000)
    finally:
        os.close(reader)
    assert [json.loads(line)["action"] for line in written.splitlines()] == ["login", "logout"]


def test_a_line_for_which_there_is_no_room_leaves_no_half(path):
    script = f"""
        import asyncio, resource
        from pathlib import Path
        from jupyter_ext.credentials.audit import AuditLog

        def record(user, limit):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            log = AuditLog(path)
            log.record("login", user=user, cluster="prod")
            asyncio.run(log.close())

        path = Path({str(path)!r})
        record("one", 1000)
        record("two", path.stat().st_size + 20)
        record("three", 1000)
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert [line["user"] for line in lines(path)] == ["one", "three"]
    assert "Logins are not recorded" in done.stderr
