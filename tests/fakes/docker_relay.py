"""A real Docker daemon at another address: a socket that can vanish, or a port with TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


@asynccontextmanager
async def docker_relay(host: str, at: Path | ssl.SSLContext) -> AsyncIterator[str]:
    """Pass everything on to the daemon at ``host`` until the end of the block; gives an address.

    Every connection ends with the block, as if the daemon were killed.
    """
    open_ones: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        open_ones[task] = writer
        far_reader, far_writer = await asyncio.open_unix_connection(host.removeprefix("unix://"))
        back = asyncio.create_task(_pump(far_reader, writer))
        await _pump(reader, far_writer)
        far_writer.close()
        await back
        writer.close()
        del open_ones[task]

    if isinstance(at, Path):
        server = await asyncio.start_unix_server(handle, at)
        address = f"unix://{at}"
    else:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=at)
        address = f"tcp://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield address
    finally:
        server.close()
        for writer in open_ones.values():
            writer.transport.abort()
        await asyncio.gather(*open_ones)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
        else:
            sink.close()  # TLS has no half of a connection
