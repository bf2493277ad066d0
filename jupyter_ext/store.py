"""State that outlives the process: one SQLite file that only its user can read.

Every server and program of a user shares the file. A row of a kernel names its owner, the process
that acts for it; :mod:`jupyter_ext.kernels.owner` says which owners live.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from jupyter_core.paths import jupyter_data_dir

from jupyter_ext.errors import JupyterExtError, Unavailable

T = TypeVar("T")

log = logging.getLogger(__name__)

VERSION = 1
"""Of the tables, in SQLite's user_version."""
BUSY_S = 10.0
"""Seconds to wait for another process that writes."""
RETRY_S = 0.01

_TABLES = """
create table kernels (
  kernel_id text primary key, owner text not null, user text not null, data text not null
);
create table owners (
  owner text primary key, host text not null, place text not null, lease real not null
);
create table sessions (
  session_id text primary key, kernel_id text not null, path text, name text, type text
);
"""
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True)
class KernelRow:
    """All that is needed to find a kernel again. Holds secrets."""

    kernel_id: str
    owner: str
    """Who acts for it; see :class:`OwnerRow`."""
    user: str
    """The Jupyter user whom it belongs to."""
    spec: str
    title: str
    cluster: str | None
    backend: Literal["local", "docker", "yarn"]
    place: str
    """Root directory of the server whose it is; empty for one that a program started."""
    started_at: float
    """Epoch seconds."""
    handle: dict[str, Any]
    bootstrap: dict[str, Any] = field(repr=False)
    launch: dict[str, Any] = field(repr=False)
    """The message that starts the kernel process; of its environment only what is not ours."""
    listens: list[str] = field(default_factory=list)
    """Where its hub listened, for the next one to do so too."""
    values: dict[str, Any] = field(default_factory=dict)
    starting: bool = True
    """Until the kernel has answered once."""
    ready_at: float | None = None
    persistent: bool = True
    """Whether it goes on when its server ends."""
    instance: str | None = None
    """The run of the agent that is the kernel's."""
    notebook: str | None = None


_FIELDS = frozenset(each.name for each in fields(KernelRow))


@dataclass(frozen=True)
class OwnerRow:
    """A process that acts for kernels."""

    owner: str
    host: str
    place: str
    lease: float
    """Epoch seconds until which it counts as living for those who cannot see the process."""


@dataclass(frozen=True)
class SessionRow:
    """A notebook or console that uses a kernel, as Jupyter Server knows it."""

    session_id: str
    kernel_id: str
    path: str | None
    name: str | None
    type: str | None


@dataclass(frozen=True)
class Everything:
    """What a server that starts wants to know."""

    kernels: list[KernelRow]
    owners: list[OwnerRow]
    sessions: list[SessionRow]


def default_path() -> Path:
    """Give the place of the file."""
    return Path(jupyter_data_dir()) / "jupyter-ext" / "state.db"


class Store:
    """The tables. Coroutines may be awaited in any event loop.

    One thread of its own does all that touches the file.

    Parameters
    ----------
    path
        The file; it is made with mode 0600, in a directory of mode 0700, when it is first used.
        One that is not a database any more is moved aside.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = default_path() if path is None else path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._connection: sqlite3.Connection | None = None

    # -- kernels ------------------------------------------------------------------------------

    async def add_kernel(self, row: KernelRow) -> None:
        """Add a kernel, or replace the row that it has."""
        await self._run(lambda database: _write_kernel(database, row))

    async def change_kernel(self, kernel_id: str, **fields: Any) -> None:
        """Set fields of a kernel's row; one that is gone is left alone."""

        def change(database: sqlite3.Connection) -> None:
            found = _kernels(database, "where kernel_id = ?", (kernel_id,))
            for row in found:
                _write_kernel(database, replace(row, **fields))

        await self._run(change)

    async def remove_kernel(self, kernel_id: str) -> None:
        """Remove a kernel and its sessions."""

        def remove(database: sqlite3.Connection) -> None:
            database.execute("delete from kernels where kernel_id = ?", (kernel_id,))
            database.execute("delete from sessions where kernel_id = ?", (kernel_id,))

        await self._run(remove)

    async def kernels(self, user: str | None = None) -> list[KernelRow]:
        """List the kernels of a Jupyter user, or of all."""
        return await self._run(lambda database: _kernels_of(database, user))

    async def kernel(self, kernel_id: str) -> KernelRow | None:
        """Give one kernel."""
        rows = await self._run(
            lambda database: _kernels(database, "where kernel_id = ?", (kernel_id,))
        )
        return rows[0] if rows else None

    async def claim_kernel(self, kernel_id: str, old: str, new: str) -> bool:
        """Make another process the owner; False if meanwhile somebody else has become it."""
        return await self._run(lambda database: _claim(database, kernel_id, old, new))

    # -- owners -------------------------------------------------------------------------------

    async def put_owner(self, row: OwnerRow) -> None:
        """Add an owner or renew its lease."""
        await self._run(lambda database: _write_owner(database, row))

    async def remove_owner(self, owner: str) -> None:
        """Forget an owner."""
        await self._run(
            lambda database: database.execute("delete from owners where owner = ?", (owner,))
        )

    async def owners(self) -> list[OwnerRow]:
        """List the owners, those that have ended too."""
        return await self._run(_owners)

    # -- sessions -----------------------------------------------------------------------------

    async def put_session(self, row: SessionRow) -> None:
        """Add a session or replace what is known of it."""
        await self._run(
            lambda database: database.execute(
                "insert or replace into sessions values "
                "(:session_id, :kernel_id, :path, :name, :type)",
                asdict(row),
            )
        )

    async def remove_session(self, session_id: str) -> None:
        """Forget a session."""
        await self._run(
            lambda database: database.execute(
                "delete from sessions where session_id = ?", (session_id,)
            )
        )

    async def sessions(self) -> list[SessionRow]:
        """List all sessions."""
        return await self._run(_sessions)

    # -- the file -----------------------------------------------------------------------------

    def read_now(self) -> Everything:
        """Read all there is and wait for it: for when no event loop runs yet."""
        return self._thread.submit(self._do, _everything).result()

    async def close(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Close the file, and wait for what is being written."""
        self._thread.submit(self._disconnect).result()
        self._thread.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(self._do, work))

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._reporting():
            if self._connection is None:
                self._connection = self._connect()
            with self._connection:
                self._connection.execute("begin immediate")
                return work(self._connection)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except JupyterExtError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(
                f"What is known of your kernels cannot be read or written in {self.path}: {error}.",
                hint="Is there room, and is the file yours? Kernels go on meanwhile.",
            ) from error

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _BROKEN:
                raise
        aside = self.path.with_suffix(".broken")
        log.warning("%s is not a database any more; it is kept as %s.", self.path, aside)
        self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        return self._open()

    def _open(self) -> sqlite3.Connection:
        # SQLite gives the files beside it, which appear later, the mode of this one.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            _use_write_ahead_log(connection)
            # What is deleted is overwritten: rows hold secrets.
            connection.execute("pragma secure_delete = on")
            with connection:
                connection.execute("begin immediate")
                self._make_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_tables(self, database: sqlite3.Connection) -> None:
        [version] = database.execute("pragma user_version").fetchone()
        if version > VERSION:
            raise Unavailable(
                f"{self.path} was written by a newer version of jupyter-ext.",
                hint="Update jupyter-ext here too, or set another JUPYTER_DATA_DIR.",
            )
        if version == 0:
            for statement in _TABLES.split(";"):
                database.execute(statement)
            database.execute(f"pragma user_version = {VERSION}")


def _use_write_ahead_log(database: sqlite3.Connection) -> None:
    """Set the journal of a new file, which several processes may try at the same moment.

    SQLite tells one of them at once that the file is locked, however long it was told to wait.
    """
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            database.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _write_kernel(database: sqlite3.Connection, row: KernelRow) -> None:
    data = asdict(row)
    columns = [data.pop(name) for name in ("kernel_id", "owner", "user")]
    database.execute(
        "insert or replace into kernels values (?, ?, ?, ?)", (*columns, json.dumps(data))
    )


def _kernels(
    database: sqlite3.Connection, where: str, parameters: tuple[str, ...]
) -> list[KernelRow]:
    query = f"select kernel_id, owner, user, data from kernels {where} order by kernel_id"  # noqa: S608 - ours
    rows = []
    for kernel_id, owner, user, text in database.execute(query, parameters):
        # Another version may have written more, or less.
        data = {name: value for name, value in json.loads(text).items() if name in _FIELDS}
        try:
            rows.append(KernelRow(kernel_id=kernel_id, owner=owner, user=user, **data))
        except TypeError:
            log.warning("What is written down of kernel %s makes no sense.", kernel_id)
    return rows


def _kernels_of(database: sqlite3.Connection, user: str | None) -> list[KernelRow]:
    return _kernels(database, *(("", ()) if user is None else ("where user = ?", (user,))))


def _claim(database: sqlite3.Connection, kernel_id: str, old: str, new: str) -> bool:
    changed = database.execute(
        "update kernels set owner = ? where kernel_id = ? and owner = ?", (new, kernel_id, old)
    )
    return changed.rowcount == 1


def _write_owner(database: sqlite3.Connection, row: OwnerRow) -> None:
    database.execute(
        "insert or replace into owners values (:owner, :host, :place, :lease)", asdict(row)
    )


def _owners(database: sqlite3.Connection) -> list[OwnerRow]:
    return [OwnerRow(*row) for row in database.execute("select * from owners order by owner")]


def _sessions(database: sqlite3.Connection) -> list[SessionRow]:
    query = "select session_id, kernel_id, path, name, type from sessions order by session_id"
    return [SessionRow(*row) for row in database.execute(query)]


def _everything(database: sqlite3.Connection) -> Everything:
    return Everything(_kernels_of(database, None), _owners(database), _sessions(database))
