"""Terminals beside kernels: a door for the program that a JupyterLab terminal runs.

What a client says comes in frames: a letter, the length of what follows as four bytes in network
order, and that. ``d`` is what was typed, ``w`` the window's rows and columns, two bytes each; the
first frame is a ``w``. What the terminal prints goes back as it is.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from jupyter_ext.errors import JupyterExtError

TYPED, WINDOW = b"d", b"w"
HEAD = struct.Struct("!cI")
SIZE = struct.Struct("!HH")
COME_S = 30.0
"""Seconds that a door stays open for its client."""
_MOST = 1 << 20
_READ = 1 << 16


class Attachment(Protocol):
    """The part of a kernel's attachment that a terminal needs."""

    connection_info: dict[str, Any]

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell the agent something."""

    async def open(self, options: Mapping[str, Any]) -> Path:
        """Open a stream; gives the path of its unix socket, with its number at the end."""


class Terminals:
    """Opens doors and carries bytes through them. Belongs to one event loop."""

    def __init__(self) -> None:
        self._doors: set[asyncio.Task[None]] = set()

    async def open(self, attachment: Attachment) -> Path:
        """Make a unix socket that the first who comes may use, for a new terminal."""
        # Beside the kernel's own sockets: a short path in a directory of the user alone.
        beside = Path(str(attachment.connection_info["ip"])).parent
        path = beside / f"d-{secrets.token_hex(4)}"
        door = _Door(attachment)
        server = await asyncio.start_unix_server(door.enter, path, limit=_MOST)
        path.chmod(0o600)
        task = asyncio.create_task(door.attend(server, path), name="terminal of a kernel")
        self._doors.add(task)
        task.add_done_callback(self._doors.discard)
        return path

    async def close(self) -> None:
        """Close every terminal."""
        for task in list(self._doors):
            task.cancel()
        await asyncio.gather(*self._doors, return_exceptions=True)


class _Door:
    def __init__(self, attachment: Attachment) -> None:
        self._attachment = attachment
        self._entered: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.get_running_loop().create_future()
        )

    def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._entered.done():
            writer.close()
        else:
            self._entered.set_result((reader, writer))

    async def attend(self, server: asyncio.Server, path: Path) -> None:
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._entered), COME_S)
        finally:
            server.close()
            _remove(path)
        if self._entered.done():
            reader, writer = self._entered.result()
            try:
                await self._carry(reader, writer)
            except JupyterExtError as error:
                writer.write(f"{error.message}\r\n{error.hint}\r\n".encode())
            except (OSError, asyncio.IncompleteReadError):
                pass  # one of the two has gone
            finally:
                writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, content = await _frame(reader)
        rows, columns = SIZE.unpack(content) if kind == WINDOW else (24, 80)
        options = {"channel": "terminal", "argv": [], "rows": rows, "columns": columns}
        path = await self._attachment.open(options)
        inside, typing = await asyncio.open_unix_connection(path)
        number = int(path.name.rpartition("-")[2])
        pumps = [
            asyncio.create_task(_print(inside, writer)),
            asyncio.create_task(self._type(reader, typing, number)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            typing.close()

    async def _type(
        self, reader: asyncio.StreamReader, typing: asyncio.StreamWriter, number: int
    ) -> None:
        while True:
            kind, content = await _frame(reader)
            if kind == WINDOW:
                rows, columns = SIZE.unpack(content)
                self._attachment.tell(
                    {"type": "resize", "stream": number, "rows": rows, "columns": columns}
                )
            else:
                typing.write(content)
                await typing.drain()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind, length = HEAD.unpack(await reader.readexactly(HEAD.size))
    if length > _MOST:
        raise asyncio.IncompleteReadError(b"", length)
    return kind, await reader.readexactly(length)


async def _print(inside: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await inside.read(_READ):
        writer.write(data)
        await writer.drain()
