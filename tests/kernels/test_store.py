"""What outlives the process: whole, private, and shared by several processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from jupyter_ext.errors import Unavailable
from jupyter_ext.kernels.owner import Owner
from jupyter_ext.store import KernelRow, OwnerRow, SessionRow, Store

ROW = KernelRow(
    kernel_id="1",
    owner="me",
    user="ada",
    spec="stays",
    title="Stays",
    cluster=None,
    backend="local",
    place="/home/ada",
    started_at=1.0,
    handle={"pid": 7},
    bootstrap={"secret": "5ec4e7"},
    launch={"argv": ["python"], "connection": {"key": "5ec4e7"}},
)


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "jupyter-ext" / "state.db")
    yield found
    found.close_now()


async def test_rows_come_back_as_they_were(store):
    await store.add_kernel(ROW)
    await store.change_kernel("1", starting=False, ready_at=2.0)
    await store.change_kernel("2", starting=False)
    session = SessionRow("s", "1", "a.ipynb", "a.ipynb", "notebook")
    await store.put_session(session)
    assert await store.kernel("1") == replace(ROW, starting=False, ready_at=2.0)
    assert await store.kernels("somebody else") == []
    found = store.read_now()
    assert [row.kernel_id for row in found.kernels] == ["1"]
    assert found.sessions == [session]
    await store.remove_kernel("1")
    assert store.read_now().sessions == [], "a session without a kernel is none"


async def test_only_its_user_can_read_it(store):
    await store.add_kernel(ROW)
    files = list(store.path.parent.glob("state.db*"))
    assert len(files) == 3, "with what SQLite keeps beside it"
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert "5ec4e7" not in repr(ROW)


async def test_of_two_that_adopt_a_kernel_one_gets_it(store):
    await store.add_kernel(ROW)
    with closing(_Other(store.path)) as other:
        claims = [
            await store.claim_kernel("1", "me", "first"),
            await other.store.claim_kernel("1", "me", "second"),
        ]
        assert claims == [True, False]
        [row] = await other.store.kernels()
        assert row.owner == "first"


async def test_a_file_that_is_no_database_is_moved_aside(store):
    store.path.parent.mkdir(mode=0o700)
    store.path.write_text("neither a database nor empty " * 100)
    await store.add_kernel(ROW)
    assert [row.kernel_id for row in await store.kernels()] == ["1"]
    assert store.path.with_suffix(".broken").read_text().startswith("neither")


async def test_a_row_of_another_version_hides_no_others(store):
    await store.add_kernel(ROW)
    with closing(sqlite3.connect(store.path)) as database, database:
        [(data,)] = database.execute("select data from kernels")
        more = json.dumps({**json.loads(data), "not yet known": 1})
        database.execute("insert into kernels values ('2', 'me', 'ada', ?)", (more,))
        database.execute("insert into kernels values ('3', 'me', 'ada', '{}')")
    assert [row.kernel_id for row in await store.kernels()] == ["1", "2"]


async def test_a_newer_versions_file_is_left_alone(store):
    await store.kernels()
    with closing(sqlite3.connect(store.path)) as database:
        database.execute("pragma user_version = 99")
    with closing(_Other(store.path)) as other, pytest.raises(Unavailable, match="newer version"):
        await other.store.kernels()


async def test_a_new_file_is_waited_for_while_another_process_makes_it(store):
    store.path.parent.mkdir()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        other.execute("create table other (x)")
        asked = asyncio.create_task(store.kernels())
        done, _ = await asyncio.wait([asked], timeout=0.2)
        assert not done, "it is not refused"
        other.execute("commit")
        assert await asked == []


async def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with (
        closing(_Other(tmp_path / "file" / "state.db")) as other,
        pytest.raises(Unavailable, match=r"state\.db"),
    ):
        await other.store.kernels()


async def test_what_was_written_survives_a_kill(store):
    """A process that is killed in the middle of writing leaves what it had written, whole."""
    script = f"""
import asyncio, os, signal
from dataclasses import replace
from pathlib import Path
from jupyter_ext.store import Store
from tests.kernels.test_store import ROW

def half(database):
    database.execute("delete from kernels")
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    store = Store(Path({str(store.path)!r}))
    for number in range(20):
        await store.add_kernel(replace(ROW, kernel_id=f"{{number:02}}"))
    await store._run(half)

asyncio.run(main())
"""
    run = [sys.executable, "-c", script]
    ended = await asyncio.to_thread(subprocess.run, run, check=False, cwd=os.getcwd())
    assert ended.returncode == -signal.SIGKILL
    assert len(await store.kernels()) == 20


async def test_an_owner_lives_as_long_as_its_process(store, tmp_path):
    mine = Owner(store, "/home/ada")
    await mine.renew()
    other = Owner(store, "/home/ada")
    await other.renew()
    owners = await store.owners()
    assert mine.living(owners) == {mine.id, other.id}
    gone = OwnerRow("gone", owners[0].host, "/home/ada", lease=4e9)
    assert "gone" not in mine.living([gone]), "it has no lock"
    other.close()
    assert mine.living(owners) == {mine.id}
    mine.close()


async def test_another_machines_owner_lives_as_long_as_its_lease(store):
    """A lock does not tell on a file system that two machines share."""
    mine = Owner(store, "")
    for name in ("fresh", "stale"):
        (store.path.parent / "owners" / name).touch()
    fresh = OwnerRow("fresh", "elsewhere", "", lease=4e9)
    stale = OwnerRow("stale", "elsewhere", "", lease=1.0)
    assert mine.living([fresh, stale]) == {mine.id, "fresh"}
    mine.close()


class _Other:
    """The store of another process."""

    def __init__(self, path) -> None:
        self.store = Store(path)

    def close(self) -> None:
        self.store.close_now()
