"""A KMS and a HiveServer2 that give delegation tokens, on the wire as the real ones are.

Neither asks for a ticket. Every token names ``alice`` as its owner and ends after 7 days.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.fakes.listening import listening
from tests.fakes.raw_server import reply

WEEK_S = 7 * 86400


@dataclass
class Tokens:
    """What a service gave, by identifier and password; and until when it is good, or None."""

    port: int = 0
    given: dict[bytes, float | None] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    """Of the requests."""
    refusal: str = ""
    """What it says instead of giving a token, or of taking one back."""

    def give(self, renewer: str, kind: str, service: str) -> str:
        """Make a token, as ``Token.encodeToUrlString`` writes it."""
        now_ms = time.time_ns() // 1_000_000
        end_ms = now_ms + WEEK_S * 1000
        short = renewer.partition("/")[0].partition("@")[0]
        # 0x8a: a positive number of six bytes follows.
        times = b"".join(b"\x8a" + value.to_bytes(6, "big") for value in (now_ms, end_ms))
        number = bytes([len(self.given) + 1])
        identifier = b"\0" + _text("alice") + _text(short) + _text("") + times + number + b"\x02"
        data = bytes([len(identifier)]) + identifier + b"\x14" + number * 20
        token = base64.urlsafe_b64encode(data + _text(kind) + _text(service)).decode().rstrip("=")
        self.given[key(token)] = now_ms / 1000 + 86400
        return token

    @property
    def alive(self) -> list[bytes]:
        """Those that nobody cancelled."""
        return [token for token, until in self.given.items() if until is not None]


def key(url_string: str) -> bytes:
    """What a service knows a token by: not its kind, nor its service, which clients may change."""
    data = base64.urlsafe_b64decode(url_string + "=" * (-len(url_string) % 4))
    return data[: 1 + data[0] + 1 + 20]


def _text(value: str) -> bytes:
    return bytes([len(value)]) + value.encode()


@asynccontextmanager
async def kms() -> AsyncIterator[Tokens]:
    """``DelegationTokenAuthenticationHandler`` at /kms/v1/."""
    tokens = Tokens()

    async def answer(head: str, _: bytes) -> bytes:
        method, target, _ = head.split(" ", 2)
        parts = urlsplit(target)
        found = parse_qs(parts.query, keep_blank_values=True)
        query = {key: values[0] for key, values in found.items()}
        operation = query["op"]
        token = key(query["token"]) if "token" in query else b""
        tokens.calls.append(f"{method} {operation}")
        if tokens.refusal:
            said = {"RemoteException": {"message": tokens.refusal, "exception": "IOException"}}
            return _json(said, "403 Forbidden")
        if parts.path != "/kms/v1/" or (token and tokens.given.get(token) is None):
            return reply(b"no", "404 Not Found")
        if (method, operation) == ("GET", "GETDELEGATIONTOKEN"):
            given = tokens.give(query["renewer"], "kms-dt", "")
            return _json({"Token": {"urlString": given}})
        if (method, operation) == ("PUT", "RENEWDELEGATIONTOKEN"):
            tokens.given[token] = time.time() + 86400
            return _json({"long": int((time.time() + 86400) * 1000)})
        assert (method, operation) == ("PUT", "CANCELDELEGATIONTOKEN")
        tokens.given[token] = None
        return reply()

    async with _serve(tokens, answer):
        yield tokens


@asynccontextmanager
async def hiveserver2() -> AsyncIterator[Tokens]:
    """``TCLIService`` at /cliservice, in HTTP mode."""
    tokens = Tokens()
    session = _struct((1, 12, _struct((1, 11, _string(b"g" * 16)), (2, 11, _string(b"\xff" * 16)))))

    async def answer(head: str, body: bytes) -> bytes:
        assert head.startswith("POST /cliservice ")
        assert "content-type: application/x-thrift" in head.lower()
        assert body[:4] == b"\x80\x01\x00\x01"  # a call
        (size,) = struct.unpack(">i", body[4:8])
        name, request = body[8 : 8 + size].decode(), body[12 + size :]
        tokens.calls.append(name)
        status: tuple[int, int, bytes] = (1, 12, _struct((1, 8, struct.pack(">i", 0))))
        more: Sequence[tuple[int, int, bytes]] = ()
        if name == "OpenSession":
            # client_protocol = 7, username = alice
            assert request == _struct(
                (1, 12, _struct((1, 8, struct.pack(">i", 7)), (2, 11, _string(b"alice"))))
            )
            languages = b"\x0b\x0b" + struct.pack(">i", 1) + _string(b"lang") + _string(b"en")
            more = [(2, 8, struct.pack(">i", 6)), (3, 12, session), (4, 13, languages)]
        else:
            assert request.startswith(b"\x0c\0\x01\x0c\0\x01" + session)
            strings = request.removeprefix(b"\x0c\0\x01\x0c\0\x01" + session)
            if tokens.refusal and name != "CloseSession":
                said = (5, 11, _string(tokens.refusal.encode()))
                status = (1, 12, _struct((1, 8, struct.pack(">i", 3)), said))
            elif name == "GetDelegationToken":
                assert strings == b"\x0b\0\x02\0\0\0\x05alice\x0b\0\x03\0\0\0\x05alice\0\0"
                token = tokens.give("alice", "HIVE_DELEGATION_TOKEN", "hiveserver2ClientToken")
                more = [(2, 11, _string(token.encode()))]
            elif name != "CloseSession":
                token = key(strings[7:-2].decode())
                assert token in tokens.alive
                renewed = name == "RenewDelegationToken"
                tokens.given[token] = time.time() + 86400 if renewed else None
        result = _struct((0, 12, _struct(status, *more)))
        head_bytes = b"\x80\x01\x00\x02" + _string(name.encode()) + b"\0\0\0\x01"
        return reply(head_bytes + result, Content_Type="application/x-thrift")

    async with _serve(tokens, answer):
        yield tokens


def _string(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def _struct(*fields: tuple[int, int, bytes]) -> bytes:
    """Fields of a Thrift structure: number, type (8 i32, 11 string, 12 struct, 13 map), value."""
    written = (struct.pack(">bh", kind, number) + value for number, kind, value in fields)
    return b"".join(written) + b"\0"


def _json(found: object, status: str = "200 OK") -> bytes:
    return reply(json.dumps(found).encode(), status, Content_Type="application/json")


@asynccontextmanager
async def _serve(
    tokens: Tokens, answer: Callable[[str, bytes], Awaitable[bytes]]
) -> AsyncIterator[None]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        tokens.heads.append(head)
        lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length")]
        size = int(lengths[0].partition(":")[2]) if lengths else 0
        writer.write(await answer(head, await reader.readexactly(size)))

    async with listening(handle) as tokens.port:
        yield
