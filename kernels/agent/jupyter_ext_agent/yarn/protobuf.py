"""Protocol buffers, as far as YARN's messages need them.

Wire format: https://protobuf.dev/programming-guides/encoding/. A message is written from pairs of
field number and value; what is read is asked by field number, and a field that is missing has the
default value of its type.
"""

import struct
from typing import Dict, Iterable, List, Optional, Tuple, Union

Value = Union[None, bool, int, float, str, bytes, Iterable[Union[str, bytes]]]
Found = Union[int, bytes]

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_WORD = 1 << 64


class BadMessage(ValueError):
    """The bytes are no protocol buffer."""


class Message:
    """A message that was read."""

    def __init__(self, data: bytes) -> None:
        self._fields: Dict[int, List[Found]] = {}
        at = 0
        while at < len(data):
            tag, at = read_varint(data, at)
            number, kind = tag >> 3, tag & 7
            value: Found
            if kind == _VARINT:
                value, at = read_varint(data, at)
            elif kind == _DELIMITED:
                size, at = read_varint(data, at)
                value, at = _take(data, at, size)
            elif kind in (_FIXED64, _FIXED32):
                value, at = _take(data, at, 8 if kind == _FIXED64 else 4)
            else:
                raise BadMessage("A field of the message has no known type.")
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def integer(self, number: int, default: int = 0) -> int:
        """Give a number of any integer type but the zigzag ones; negative ones too."""
        value = self._last(number)
        if not isinstance(value, int):
            return default
        return value - _WORD if value >= _WORD >> 1 else value

    def data(self, number: int) -> bytes:
        """Give bytes."""
        value = self._last(number)
        return value if isinstance(value, bytes) else b""

    def text(self, number: int) -> str:
        """Give a string."""
        return self.data(number).decode("utf-8", "replace")

    def message(self, number: int) -> "Message":
        """Give a message within the message."""
        return Message(self.data(number))

    def messages(self, number: int) -> "List[Message]":
        """Give every message of a repeated field."""
        found = self._fields.get(number, ())
        return [Message(value) for value in found if isinstance(value, bytes)]

    def _last(self, number: int) -> Optional[Found]:
        return self._fields[number][-1] if number in self._fields else None


def encode(*fields: Tuple[int, Value]) -> bytes:
    """Write a message.

    Parameters
    ----------
    fields
        Number and value. None leaves a field out; a float becomes a ``float``, not a ``double``;
        a list is a repeated field of strings, bytes or messages.
    """
    data = bytearray()
    for number, value in fields:
        if value is None:
            continue
        if isinstance(value, int):
            data += varint(number << 3 | _VARINT) + varint(value % _WORD)
        elif isinstance(value, float):
            data += varint(number << 3 | _FIXED32) + struct.pack("<f", value)
        else:
            for item in [value] if isinstance(value, (str, bytes)) else value:
                piece = item.encode("utf-8") if isinstance(item, str) else bytes(item)
                data += varint(number << 3 | _DELIMITED) + delimited(piece)
    return bytes(data)


def varint(value: int) -> bytes:
    """Write a number that is not negative."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def zigzag(value: int) -> int:
    """Give what a ``sint32`` is written as."""
    return value << 1 ^ value >> 31


def delimited(data: bytes) -> bytes:
    """Write bytes after their length."""
    return varint(len(data)) + data


def read_varint(data: bytes, at: int) -> Tuple[int, int]:
    """Read a number; gives it and where the next thing begins."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise BadMessage("A number in the message does not end.")


def read_delimited(data: bytes, at: int) -> Tuple[bytes, int]:
    """Read bytes after their length; gives them and where the next thing begins."""
    size, at = read_varint(data, at)
    return _take(data, at, size)


def _take(data: bytes, at: int, size: int) -> Tuple[bytes, int]:
    piece = data[at : at + size]
    if len(piece) < size:
        raise BadMessage("The message is cut off.")
    return piece, at + size
