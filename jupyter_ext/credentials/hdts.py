"""Hadoop's delegation tokens, and the file in which programs find them.

Sources of the formats, all in ``org.apache.hadoop``: ``security.token.Token`` (a token, and its URL
string), ``security.Credentials`` (the file, version 0: ``SerializedFormat.WRITABLE``, which every
release reads), ``security.token.delegation.AbstractDelegationTokenIdentifier`` (what an identifier
says) and ``io.WritableUtils`` and ``io.Text`` (numbers and strings).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

MAGIC = b"HDTS"
VERSION = 0


class BadToken(ValueError):
    """The bytes are no token, or no token file of version 0; the message shows none of them."""


@dataclass(frozen=True, slots=True)
class DelegationToken:
    """A delegation token (``security.token.Token``). Whoever has its bytes acts as its owner."""

    identifier: bytes = field(repr=False)
    password: bytes = field(repr=False)
    kind: str
    """For example HDFS_DELEGATION_TOKEN; which program understands the identifier."""
    service: str
    """What it is good for, for example 10.0.0.1:8020 or ha-hdfs:nameservice."""

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, which is how values end up in files and in other processes."""
        raise TypeError("A delegation token is not pickled.")


@dataclass(frozen=True)
class Fields:
    """What the identifier of a delegation token says; times are seconds since the epoch."""

    owner: str
    renewer: str
    """Short name of the only user who may renew it."""
    real_user: str
    """Who asked for it in the owner's name; empty if the owner did."""
    issue_date: float
    max_date: float
    """After this it cannot be renewed."""
    sequence: int
    key_id: int


def decode_url_string(text: str) -> DelegationToken:
    """Read what ``Token.encodeToUrlString`` writes, and daemons give over HTTP.

    Raises
    ------
    BadToken
        If it is none.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadToken("The text is not the URL form of a token.") from None
    reader = _Reader(data)
    token = reader.token()
    reader.end()
    return token


def encode_url_string(token: DelegationToken) -> str:
    """Write a token as ``Token.encodeToUrlString`` does; a secret like the token itself."""
    return base64.urlsafe_b64encode(_token(token)).rstrip(b"=").decode()


def write_file_bytes(
    tokens: Mapping[str, DelegationToken], secrets: Mapping[str, bytes] | None = None
) -> bytes:
    """Write a token file (``Credentials.writeTokenStorageToStream``).

    Parameters
    ----------
    tokens
        By alias. Most clients go by the service in the token; some, the KMS's among them, by alias.
    secrets
        Other secrets, by alias.
    """
    data = bytearray(MAGIC)
    data.append(VERSION)
    data += _vlong(len(tokens))
    for alias, token in tokens.items():
        data += _text(alias) + _token(token)
    secrets = secrets or {}
    data += _vlong(len(secrets))
    for alias, secret in secrets.items():
        data += _text(alias) + _blob(secret)
    return bytes(data)


def read_file_bytes(data: bytes) -> tuple[dict[str, DelegationToken], dict[str, bytes]]:
    """Read a token file (``Credentials.readTokenStorageStream``): tokens and secrets, by alias.

    Raises
    ------
    BadToken
        If it is none, or one of version 1, which holds protocol buffers.
    """
    reader = _Reader(data)
    if reader.take(len(MAGIC)) != MAGIC:
        raise BadToken("The file is no Hadoop token file.")
    if (version := reader.take(1)[0]) != VERSION:
        raise BadToken(f"The token file has version {version}; only {VERSION} is read here.")
    tokens = {reader.text(): reader.token() for _ in range(reader.count())}
    secrets = {reader.text(): reader.blob() for _ in range(reader.count())}
    reader.end()
    return tokens, secrets


def read_identifier(identifier: bytes) -> Fields:
    """Read the identifier of a token of HDFS, of the KMS or of HiveServer2.

    That of the ResourceManager is a protocol buffer (``YARNDelegationTokenIdentifier``) and is not
    read here: its REST API says what is in it.

    Raises
    ------
    BadToken
        If it is another one.
    """
    reader = _Reader(identifier)
    if (version := reader.take(1)[0]) != 0:
        raise BadToken(f"The token's identifier has version {version}; only 0 is known.")
    fields = Fields(
        owner=reader.text(),
        renewer=reader.text(),
        real_user=reader.text(),
        issue_date=reader.vlong() / 1000,
        max_date=reader.vlong() / 1000,
        sequence=reader.vlong(),
        key_id=reader.vlong(),
    )
    reader.end()
    return fields


def _token(token: DelegationToken) -> bytes:
    """``Token.write``."""
    names = _text(token.kind) + _text(token.service)
    return _blob(token.identifier) + _blob(token.password) + names


def _text(value: str) -> bytes:
    """``Text.write``."""
    return _blob(value.encode())


def _blob(value: bytes) -> bytes:
    return _vlong(len(value)) + value


def _vlong(value: int) -> bytes:
    """``WritableUtils.writeVLong``; ``writeVInt`` is the same for a smaller number."""
    if -112 <= value <= 127:
        return value.to_bytes(1, "big", signed=True)
    negative = value < 0
    magnitude = ~value if negative else value
    size = (magnitude.bit_length() + 7) // 8
    first = (-120 if negative else -112) - size
    return first.to_bytes(1, "big", signed=True) + magnitude.to_bytes(size, "big")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) < size:
            raise BadToken("The token, or the file of tokens, is cut off.")
        self._at += size
        return piece

    def end(self) -> None:
        if self._at != len(self._data):
            raise BadToken("Something follows the token, or the file of tokens.")

    def vlong(self) -> int:
        """``WritableUtils.readVLong``."""
        first = int.from_bytes(self.take(1), "big", signed=True)
        if first >= -112:
            return first
        negative = first < -120
        magnitude = int.from_bytes(self.take((-120 if negative else -112) - first), "big")
        return ~magnitude if negative else magnitude

    def count(self) -> int:
        if (value := self.vlong()) < 0:
            raise BadToken("The token, or the file of tokens, is damaged.")
        return value

    def blob(self) -> bytes:
        return self.take(self.count())

    def text(self) -> str:
        try:
            return self.blob().decode()
        except UnicodeDecodeError:
            raise BadToken("The token, or the file of tokens, is damaged.") from None

    def token(self) -> DelegationToken:
        """``Token.readFields``."""
        return DelegationToken(self.blob(), self.blob(), self.text(), self.text())
