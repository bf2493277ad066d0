"""Thrift's binary protocol, read with care: a peer may say anything."""

from __future__ import annotations

import struct

import pytest

from jupyter_ext.hadoop import thrift

CALL, REPLY, EXCEPTION = 1, 2, 3


def message(kind: int, name: bytes, body: bytes) -> bytes:
    """Write an answer, whose body is the fields of a structure."""
    head = struct.pack(">I", 0x80010000 | kind) + struct.pack(">i", len(name)) + name
    return head + struct.pack(">i", 1) + body


def field(kind: int, number: int, value: bytes) -> bytes:
    return struct.pack(">bh", kind, number) + value


def text(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


STOP = b"\0"


def test_every_type_is_read():
    numbers = struct.pack(">bi", 8, 2) + struct.pack(">ii", 7, 8)
    body = b"".join(
        [
            field(2, 1, b"\x01"),
            field(3, 2, b"\xff"),
            field(4, 3, struct.pack(">d", 0.5)),
            field(6, 4, struct.pack(">h", -2)),
            field(10, 5, struct.pack(">q", 1 << 40)),
            field(11, 6, text(b"words")),
            field(15, 7, numbers),
            field(14, 8, numbers),
            field(13, 9, b"\x0b\x08" + struct.pack(">i", 1) + text(b"k") + struct.pack(">i", 3)),
            field(12, 10, field(8, 1, struct.pack(">i", 9)) + STOP),
            STOP,
        ]
    )
    assert thrift.decode_reply("Do", message(REPLY, b"Do", body)) == {
        1: True,
        2: -1,
        3: 0.5,
        4: -2,
        5: 1 << 40,
        6: b"words",
        7: [7, 8],
        8: [7, 8],
        9: [(b"k", 3)],
        10: {1: 9},
    }


def test_a_server_that_cannot_make_the_call_says_why():
    """``TApplicationException``: 1 is the message."""
    said = message(EXCEPTION, b"Do", field(11, 1, text(b"Invalid method name: 'Do'")) + STOP)
    with pytest.raises(thrift.CallFailed, match="Invalid method name: 'Do'"):
        thrift.decode_reply("Do", said)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n",
        message(REPLY, b"Other", STOP),
        message(CALL, b"Do", STOP),
        message(REPLY, b"Do", b""),
        message(REPLY, b"Do", field(11, 1, struct.pack(">i", -1))),
        message(REPLY, b"Do", field(11, 1, struct.pack(">i", 1 << 30) + b"x")),
        message(REPLY, b"Do", field(99, 1, b"") + STOP),
        message(REPLY, b"Do", field(15, 1, struct.pack(">bi", 8, 1 << 30))),
        message(REPLY, b"Do", field(12, 1, b"") * 100),
    ],
)
def test_what_is_no_answer_is_told_apart(said):
    with pytest.raises(thrift.BadMessage) as error:
        thrift.decode_reply("Do", said)
    assert str(error.value).startswith("The answer is ")
