"""A directory that says exactly what a test wants, in LDAP's own encoding (RFC 4511, BER)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.fakes.listening import listening

BIND, UNBIND, SEARCH, EXTENDED = 0x60, 0x42, 0x63, 0x77
_ANSWERS = {BIND: 0x61, SEARCH: 0x65, EXTENDED: 0x78}
_ENTRY, _REFERENCE = 0x64, 0x73
_CONTROLS = 0xA0


@dataclass
class Request:
    """One message of a client."""

    number: int
    kind: int
    body: bytes

    @property
    def name(self) -> str:
        """Whose name a bind gives."""
        return parts(self.body)[1][1].decode()

    @property
    def password(self) -> str | None:
        """The password of a simple bind."""
        kind, value = parts(self.body)[2]
        return value.decode() if kind == 0x80 else None

    @property
    def token(self) -> bytes:
        """The credentials of a SASL bind."""
        mechanism, *token = parts(parts(self.body)[2][1])
        assert mechanism[1] == b"GSSAPI"
        return token[0][1] if token else b""

    def message(self, kind: int, *fields: bytes, controls: Mapping[str, bytes] | None = None):
        """Encode one message in answer to this."""
        listed = [
            tlv(0x30, tlv(0x04, oid.encode()), tlv(0x04, value))
            for oid, value in (controls or {}).items()
        ]
        tail = [tlv(_CONTROLS, *listed)] if listed else []
        return tlv(0x30, integer(self.number), tlv(kind, *fields), *tail)

    def result(
        self,
        code: int = 0,
        told: str = "",
        *,
        referrals: Sequence[str] = (),
        token: bytes | None = None,
        controls: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """Encode the last message in answer to this."""
        fields = [tlv(0x0A, bytes([code])), tlv(0x04), tlv(0x04, told.encode())]
        if referrals:
            fields.append(tlv(0xA3, *(tlv(0x04, url.encode()) for url in referrals)))
        if token is not None:
            fields.append(tlv(0x87, token))
        return self.message(_ANSWERS[self.kind], *fields, controls=controls)

    def entry(self, name: str, **attributes: Sequence[str]) -> bytes:
        """Encode something that a search finds."""
        listed = [
            tlv(
                0x30,
                tlv(0x04, attribute.encode()),
                tlv(0x31, *(tlv(0x04, value.encode()) for value in values)),
            )
            for attribute, values in attributes.items()
        ]
        return self.message(_ENTRY, tlv(0x04, name.encode()), tlv(0x30, *listed))

    def reference(self, url: str) -> bytes:
        """Encode that the rest is at another server."""
        return self.message(_REFERENCE, tlv(0x04, url.encode()))


Script = Callable[[Request], Awaitable[bytes] | bytes]


@dataclass
class LdapServer:
    """A directory on a free loopback port."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    """How many of them are."""

    @property
    def kinds(self) -> list[int]:
        """What was asked, but for goodbyes."""
        return [request.kind for request in self.requests if request.kind != UNBIND]


@asynccontextmanager
async def ldap_server(
    script: Script, context: ssl.SSLContext | None = None
) -> AsyncIterator[LdapServer]:
    """Serve until the end of the block; with TLS from the first byte if there is a context."""
    served = LdapServer()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        served.open += 1
        try:
            while True:
                request = await _read(reader)
                served.requests.append(request)
                if request.kind == UNBIND:
                    break
                answer = script(request)
                writer.write(answer if isinstance(answer, bytes) else await answer)
                await writer.drain()
        finally:
            served.open -= 1

    async with listening(handle, context) as served.port:
        yield served


async def _read(reader: asyncio.StreamReader) -> Request:
    head = await reader.readexactly(2)
    more = head[1] & 0x7F if head[1] & 0x80 else 0
    length = await reader.readexactly(more)
    body = await reader.readexactly(int.from_bytes(length) if more else head[1])
    number, (kind, content), *_ = parts(body)
    return Request(int.from_bytes(number[1]), kind, content)


def tlv(kind: int, *contents: bytes) -> bytes:
    """Encode one element: tag, length, value."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([kind, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([kind, 0x80 | len(length)]) + length + content


def integer(value: int) -> bytes:
    """Encode a number that is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """Decode the elements within one: tags and values."""
    found, at = [], 0
    while at < len(data):
        kind, size, start = data[at], data[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start])
        found.append((kind, data[start : start + size]))
        at = start + size
    return found
