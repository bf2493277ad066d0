"""A relay to a real daemon, which can be there late, and fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Relay:
    """On a port of loopback; what it got before it fell silent has gone through."""

    port: int
    silent: bool = False


@asynccontextmanager
async def relay(to: int, port: int = 0) -> AsyncIterator[Relay]:
    """Pass everything on between a port, or a free one, and another."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if not made.silent:
                    sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async with await asyncio.start_server(handle, "127.0.0.1", port) as server:
        made = Relay(server.sockets[0].getsockname()[1])
        yield made
