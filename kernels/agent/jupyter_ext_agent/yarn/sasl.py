"""SASL DIGEST-MD5 (RFC 2831) with which Hadoop's daemons check tokens, as a client.

Hadoop uses the token's identifier as user name and its password as password, both in base64
(``org.apache.hadoop.security.SaslRpcServer``); ``hadoop.rpc.protection`` decides whether messages
are signed (auth-int) or sealed (auth-conf) afterwards. Of the ciphers only RC4 needs no more than
the standard library, and every Hadoop release offers it.
"""

import base64
import hashlib
import hmac
import os
import re
import struct
from typing import Dict, List, Optional

from jupyter_ext_agent.yarn.token_file import Token

_PAIR = re.compile(rb'\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,\s]*))\s*(?:,|$)')
_COUNT = b"00000001"
_UNSIGNED = b":" + b"0" * 32
_RC4_KEYS = {b"rc4": 16, b"rc4-56": 7, b"rc4-40": 5}
_SIGNING = b"Digest session key to %s signing key magic constant"
_SEALING = b"Digest H(A1) to %s sealing key magic constant"
_TO_SERVER, _TO_CLIENT = b"client-to-server", b"server-to-client"


class SaslError(Exception):
    """The other side did not prove who it is, or wants what is not known here."""


class DigestMd5:
    """One exchange, and what protects the messages after it.

    Parameters
    ----------
    token
        Whose secret both sides know.
    protocol, server
        Of the ``SaslAuth`` that the server offered.
    """

    def __init__(self, token: Token, protocol: str, server: str) -> None:
        self._user = base64.b64encode(token.identifier)
        self._password = base64.b64encode(token.password)
        self._uri = f"{protocol}/{server}".encode()
        self._expected = b""
        self._out: Optional[_Guard] = None
        self._in: Optional[_Guard] = None

    @property
    def protects(self) -> bool:
        """Whether messages are signed or sealed from now on."""
        return self._out is not None

    def respond(self, challenge: bytes) -> bytes:
        """Answer the server's challenge.

        Raises
        ------
        SaslError
            If it wants a protection that is not known here.
        """
        asked = _parse(challenge)
        nonce, realm = asked.get(b"nonce", b""), asked.get(b"realm", b"")
        qop = asked.get(b"qop", b"auth").split(b",")[0].strip()
        cnonce = base64.b64encode(os.urandom(24))
        secret = _md5(self._user + b":" + realm + b":" + self._password)
        session = _md5(secret + b":" + nonce + b":" + cnonce)
        fields = [nonce, _COUNT, cnonce, qop]
        response = self._digest(session, b"AUTHENTICATE:", fields)
        self._expected = self._digest(session, b":", fields)
        parts = [
            b"charset=utf-8",
            b'username="' + self._user + b'"',
            b'realm="' + realm + b'"',
            b'nonce="' + nonce + b'"',
            b"nc=" + _COUNT,
            b'cnonce="' + cnonce + b'"',
            b'digest-uri="' + self._uri + b'"',
            b"maxbuf=65536",
            b"response=" + response,
            b"qop=" + qop,
        ]
        if qop == b"auth-conf":
            offered = [name.strip() for name in asked.get(b"cipher", b"").split(b",")]
            cipher = next((name for name in _RC4_KEYS if name in offered), None)
            if cipher is None:
                raise SaslError("The daemon seals messages with none of the RC4 ciphers.")
            parts.append(b'cipher="' + cipher + b'"')
            key = session[: _RC4_KEYS[cipher]]
            self._guard(
                session,
                Rc4(_md5(key + _SEALING % _TO_SERVER)),
                Rc4(_md5(key + _SEALING % _TO_CLIENT)),
            )
        elif qop == b"auth-int":
            self._guard(session, None, None)
        elif qop != b"auth":
            raise SaslError(f"The daemon wants the unknown protection {qop!r}.")
        return b",".join(parts)

    def check(self, reply: bytes) -> None:
        """Check the server's last word, by which it proves that it knows the token.

        Raises
        ------
        SaslError
            If it does not.
        """
        found = _parse(reply).get(b"rspauth", b"")
        if not self._expected or not hmac.compare_digest(found, self._expected):
            raise SaslError("The daemon did not prove that it knows the token.")

    def wrap(self, data: bytes) -> bytes:
        """Sign or seal a message."""
        return data if self._out is None else self._out.wrap(data)

    def unwrap(self, data: bytes) -> bytes:
        """Open a message.

        Raises
        ------
        SaslError
            If it was changed, repeated or left out on the way.
        """
        return data if self._in is None else self._in.unwrap(data)

    def _digest(self, session: bytes, verb: bytes, fields: List[bytes]) -> bytes:
        uri = verb + self._uri + (b"" if fields[-1] == b"auth" else _UNSIGNED)
        parts = [_hex(session), *fields, _hex(_md5(uri))]
        return _hex(_md5(b":".join(parts)))

    def _guard(self, session: bytes, out: "Optional[Rc4]", into: "Optional[Rc4]") -> None:
        self._out = _Guard(_md5(session + _SIGNING % _TO_SERVER), out)
        self._in = _Guard(_md5(session + _SIGNING % _TO_CLIENT), into)


class _Guard:
    """One direction's numbered signatures, and its cipher if there is one."""

    def __init__(self, key: bytes, cipher: "Optional[Rc4]") -> None:
        self._key = key
        self._cipher = cipher
        self._number = 0

    def wrap(self, data: bytes) -> bytes:
        number = struct.pack(">I", self._number)
        self._number += 1
        sealed = data + self._sign(number, data)
        if self._cipher is not None:
            sealed = self._cipher.apply(sealed)
        return sealed + b"\0\1" + number

    def unwrap(self, data: bytes) -> bytes:
        sealed, kind, number = data[:-6], data[-6:-4], data[-4:]
        if self._cipher is not None:
            sealed = self._cipher.apply(sealed)
        plain, signature = sealed[:-10], sealed[-10:]
        expected = struct.pack(">I", self._number)
        genuine = hmac.compare_digest(signature, self._sign(number, plain))
        if kind != b"\0\1" or number != expected or not genuine:
            raise SaslError("A message of the daemon was changed on the way.")
        self._number += 1
        return plain

    def _sign(self, number: bytes, data: bytes) -> bytes:
        return hmac.new(self._key, number + data, _new_md5).digest()[:10]


class Rc4:
    """The stream cipher; its state goes on from message to message."""

    def __init__(self, key: bytes) -> None:
        state = list(range(256))
        j = 0
        for i in range(256):
            j = (j + state[i] + key[i % len(key)]) & 255
            state[i], state[j] = state[j], state[i]
        self._state, self._i, self._j = state, 0, 0

    def apply(self, data: bytes) -> bytes:
        """Seal or open: both are the same."""
        state, i, j = self._state, self._i, self._j
        result = bytearray(len(data))
        for at, byte in enumerate(data):
            i = (i + 1) & 255
            a = state[i]
            j = (j + a) & 255
            b = state[j]
            state[i], state[j] = b, a
            result[at] = byte ^ state[(a + b) & 255]
        self._i, self._j = i, j
        return bytes(result)


def _new_md5(data: bytes = b"") -> "hashlib._Hash":
    try:
        return hashlib.md5(data)  # noqa: S324 - RFC 2831 knows no other
    except ValueError:
        # A host in FIPS mode; the protocol leaves no choice, and what is secret is the token.
        return hashlib.new("md5", data, usedforsecurity=False)


def _md5(data: bytes) -> bytes:
    return _new_md5(data).digest()


def _hex(data: bytes) -> bytes:
    return data.hex().encode("ascii")


def _parse(text: bytes) -> Dict[bytes, bytes]:
    """Read ``name=value`` pairs; the first of a name counts."""
    found: Dict[bytes, bytes] = {}
    for match in _PAIR.finditer(text):
        quoted, plain = match.group(2), match.group(3)
        value = plain if quoted is None else re.sub(rb"\\(.)", rb"\1", quoted)
        found.setdefault(match.group(1).lower(), value)
    return found
