"""What a KDC tells everybody: its time, and whether it serves a realm.

A Hadoop web server that wants Kerberos sends no ``Date`` before the login, so its clock cannot be
seen; the KDC's can, and it is the one that decides whether tickets are accepted. Every error that a
KDC answers carries its time (RFC 4120, 5.9.1). Asking for a ticket of ``K/M``, to which none is
ever given, gets one: it is the principal under which MIT's KDC keeps a realm's master key, so that
it is locked where the realm is served and unknown where it is not.
"""

from __future__ import annotations

import asyncio
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jupyter_ext.clusters.endpoints import split_address
from jupyter_ext.clusters.models import Profile

DEFAULT_PORT = 88
MAX_ANSWER_BYTES = 65536

# ASN.1 tags (X.690), and the numbers of RFC 4120, 5.4.1 and 7.5.
_INTEGER, _BIT_STRING, _GENERAL_STRING, _GENERALIZED_TIME, _SEQUENCE = 0x02, 0x03, 0x1B, 0x18, 0x30
_AS_REQ, _KRB_ERROR = 0x6A, 0x7E
_VERSION, _MESSAGE_AS_REQ = 5, 10
_NAME_PRINCIPAL, _NAME_SERVICE = 1, 2
_NO_OPTIONS = b"\0\0\0\0\0"  # the count of unused bits, then 32 of them
_AES256, _AES128 = 18, 17


# Its error codes (7.5.9). Active Directory and Heimdal have the second for a foreign realm; MIT's
# KDC knows no such principal there, and says so in words of its own (do_as_req.c).
_UNKNOWN_PRINCIPAL, _WRONG_REALM = 6, 68
_MIT_UNKNOWN = b"CLIENT_NOT_FOUND"


class NoKdc(ValueError):
    """The peer answers, but not as a KDC does."""


@dataclass(frozen=True)
class Told:
    """What a KDC tells everybody."""

    skew_s: float
    """Seconds that it is ahead of this machine."""
    serves: bool
    """Whether the realm is one of its own, as far as it lets that be seen."""


def kdcs(profile: Profile) -> list[str]:
    """Addresses of the realm's KDCs: from cluster.toml, else from the profile's krb5.conf."""
    if profile.config.kerberos.kdc or not profile.krb5_conf or not profile.realm:
        return list(profile.config.kerberos.kdc)
    try:
        text = Path(profile.krb5_conf).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    realm = re.search(rf"^\s*{re.escape(profile.realm)}\s*=\s*{{(.*?)}}", text, re.M | re.S)
    return re.findall(r"^\s*kdc\s*=\s*([^\s#;]+)", realm[1], re.M) if realm else []


def place(kdc: str) -> tuple[str, int]:
    """Take a KDC's address apart, as krb5.conf(5) writes it: ``[tcp/]host[:port]``.

    Raises
    ------
    NoKdc
        If it is nothing of that kind, such as the URL of a KDC proxy (MS-KKDCP).
    """
    address = re.sub(r"^(tcp|udp)/", "", kdc, flags=re.IGNORECASE)
    try:
        host, port = split_address(address, DEFAULT_PORT)
    except ValueError:
        host, port = "", 0
    if not host or not port:
        raise NoKdc(f"{kdc} is no host:port")
    return host.strip("[]"), port


async def ask(host: str, port: int, realm: str, timeout_s: float) -> Told:
    """Ask a KDC for a ticket that it will not give.

    Raises
    ------
    NoKdc
        If the answer is none of a KDC.
    OSError, EOFError, TimeoutError
        If there is no answer.
    """
    message = _request(realm)
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            before = time.time()
            # Over TCP each message follows its length (RFC 4120, 7.2.2).
            writer.write(struct.pack(">I", len(message)) + message)
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            if size > MAX_ANSWER_BYTES:
                raise NoKdc("the answer is no Kerberos message")
            answer = await reader.readexactly(size)
            middle = (before + time.time()) / 2
        finally:
            writer.close()
    return _read(answer, middle)


async def skew(host: str, port: int, realm: str, timeout_s: float) -> float:
    """Give how many seconds a KDC is ahead of this machine; raises as :func:`ask`."""
    return (await ask(host, port, realm, timeout_s)).skew_s


def _request(realm: str) -> bytes:
    """Encode a request for a ticket-granting ticket (AS-REQ, RFC 4120, 5.4.1)."""
    nonce = time.time_ns() & 0x7FFFFFFF
    body = _fields(
        {
            0: _der(_BIT_STRING, _NO_OPTIONS),
            1: _principal(_NAME_PRINCIPAL, "K", "M"),
            2: _string(realm),
            3: _principal(_NAME_SERVICE, "krbtgt", realm),
            5: _der(_GENERALIZED_TIME, b"19700101000000Z"),
            7: _integer(nonce),
            8: _der(_SEQUENCE, _integer(_AES256) + _integer(_AES128)),
        }
    )
    request = _fields({1: _integer(_VERSION), 2: _integer(_MESSAGE_AS_REQ), 4: body})
    return _der(_AS_REQ, request)


def _read(answer: bytes, now: float) -> Told:
    """Read an error message (KRB-ERROR, RFC 4120, 5.9.1) that came at ``now``.

    Raises
    ------
    NoKdc
        If the answer is no error message.
    """
    try:
        ((tag, error),) = _elements(answer)
        ((_, content),) = _elements(error)
        fields = dict(_elements(content))
        stime, susec, code = (_value(fields[number]) for number in (0xA4, 0xA5, 0xA6))
        seconds = datetime.strptime(stime.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
        text = _value(fields[0xAB]) if 0xAB in fields else b""
    except (ValueError, KeyError, IndexError):
        raise NoKdc("the answer is no Kerberos message") from None
    if tag != _KRB_ERROR:
        raise NoKdc("the answer is no Kerberos error")
    kind = int.from_bytes(code, "big")
    foreign = kind == _WRONG_REALM or (kind == _UNKNOWN_PRINCIPAL and text == _MIT_UNKNOWN)
    ahead_s = seconds.timestamp() + int.from_bytes(susec, "big") / 1e6 - now
    return Told(skew_s=ahead_s, serves=not foreign)


def _value(element: bytes) -> bytes:
    """Give the content of the one element within another."""
    ((_, value),) = _elements(element)
    return value


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _string(value: str) -> bytes:
    return _der(_GENERAL_STRING, value.encode())


def _fields(values: dict[int, bytes]) -> bytes:
    """Encode a SEQUENCE whose members carry context tags."""
    return _der(_SEQUENCE, b"".join(_der(0xA0 | tag, value) for tag, value in values.items()))


def _principal(kind: int, *parts: str) -> bytes:
    names = _der(_SEQUENCE, b"".join(_string(part) for part in parts))
    return _fields({0: _integer(kind), 1: names})


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split DER into tags and contents."""
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        if start + size > len(data):
            raise ValueError("cut off")
        yield tag, data[start : start + size]
        data = data[start + size :]
