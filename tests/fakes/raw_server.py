"""A TCP server that says exactly what a test wants, byte by byte; with TLS if asked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from tests.fakes.listening import listening

Script = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """A server on a free loopback port."""

    port: int = 0
    requests: list[str] = field(default_factory=list)
    """Head of each request."""

    def url(self, path: str = "", scheme: str = "http") -> str:
        """An address of this server."""
        return f"{scheme}://localhost:{self.port}{path}"


def reply(
    body: bytes = b"", status: str = "200 OK", date: float | None = None, **headers: str
) -> bytes:
    """An HTTP response; underscores in header names stand for hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines.append(f"Date: {formatdate(date, usegmt=True)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def closed_port() -> int:
    """Find a port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def always(data: bytes) -> Script:
    """Answer every request with the same bytes."""

    async def script(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return script


async def silence(_: str, writer: asyncio.StreamWriter) -> None:
    """Accept the request and never answer; ends when the client goes."""
    await writer.wait_closed()


@asynccontextmanager
async def raw_server(
    script: Script, context: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Serve until the end of the block."""
    served = RawServer()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        served.requests.append(head)
        await script(head, writer)

    async with listening(handle, context) as served.port:
        yield served


@asynccontextmanager
async def black_hole() -> AsyncIterator[RawServer]:
    """Accept connections and say nothing, not even a TLS greeting."""

    async def handle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass

    async with listening(handle) as port:
        yield RawServer(port)
