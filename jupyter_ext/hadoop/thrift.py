"""Thrift's binary protocol (``TBinaryProtocol``, strict), as far as a call of HiveServer2 needs it.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
A structure is a mapping from field numbers to values; in what is read, strings are bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

Struct = Mapping[int, Any]

_VERSION = 0x80010000
_CALL, _REPLY, _EXCEPTION = 1, 2, 3
_STOP, _BOOL, _BYTE, _DOUBLE, _I16, _I32, _I64 = 0, 2, 3, 4, 6, 8, 10
_STRING, _STRUCT, _MAP, _SET, _LIST = 11, 12, 13, 14, 15
_NUMBERS = {_BOOL: ">?", _BYTE: ">b", _DOUBLE: ">d", _I16: ">h", _I32: ">i", _I64: ">q"}
MAX_DEPTH = 32
_SEQUENCE = 1


class BadMessage(ValueError):
    """The bytes are no answer to the call; the message shows none of them."""


class CallFailed(Exception):
    """The server could not make the call; says why."""


def encode_call(name: str, arguments: Struct) -> bytes:
    """Write a call."""
    head = struct.pack(">I", _VERSION | _CALL) + _string(name.encode())
    return head + struct.pack(">i", _SEQUENCE) + _fields(arguments)


def decode_reply(name: str, data: bytes) -> Struct:
    """Read the answer to a call: its result structure, in which field 0 is the value.

    Raises
    ------
    BadMessage
        If it is none.
    CallFailed
        If it says that the call could not be made.
    """
    reader = _Reader(data)
    try:
        version = reader.number(">I")
        answered = reader.string()
        reader.number(">i")
        found = reader.fields(0)
    except (struct.error, RecursionError):
        raise BadMessage("The answer is cut off or damaged.") from None
    if version & 0xFFFF0000 != _VERSION or answered != name.encode():
        raise BadMessage("The answer is none of Thrift's binary protocol.")
    if version & 0xFF == _EXCEPTION:
        raise CallFailed(bytes(found.get(1, b"")).decode("utf-8", "replace"))
    if version & 0xFF != _REPLY:
        raise BadMessage("The answer is none of Thrift's binary protocol.")
    return found


def member(found: Struct, number: int) -> Struct:
    """Give the structure in a field; an empty one where there is none."""
    value = found.get(number)
    return value if isinstance(value, Mapping) else {}


def _string(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def _fields(found: Struct) -> bytes:
    data = bytearray()
    for number, value in found.items():
        if isinstance(value, Mapping):
            kind, written = _STRUCT, _fields(value)
        elif isinstance(value, int):
            kind, written = _I32, struct.pack(">i", value)
        else:
            text = value if isinstance(value, bytes) else str(value).encode()
            kind, written = _STRING, _string(text)
        data += struct.pack(">bh", kind, number) + written
    return bytes(data) + bytes([_STOP])


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size] if size >= 0 else b""
        if len(piece) != size:
            raise struct.error
        self._at += size
        return piece

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def string(self) -> bytes:
        return self.take(self.number(">i"))

    def fields(self, depth: int) -> dict[int, Any]:
        found: dict[int, Any] = {}
        while (kind := self.number(">b")) != _STOP:
            number = self.number(">h")
            found[number] = self.value(kind, depth + 1)
        return found

    def value(self, kind: int, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise struct.error
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _STRING:
            return self.string()
        if kind == _STRUCT:
            return self.fields(depth)
        if kind in (_SET, _LIST):
            inner, count = self.number(">b"), self.number(">i")
            return [self.value(inner, depth + 1) for _ in range(count)]
        if kind == _MAP:
            keys, values, count = self.number(">b"), self.number(">b"), self.number(">i")
            return [
                (self.value(keys, depth + 1), self.value(values, depth + 1)) for _ in range(count)
            ]
        raise struct.error
