"""The frames of a tunnel, how large they may be, and what they mean to who gets them."""

import struct
from typing import Any, Dict, NamedTuple, Union

Message = Dict[str, Any]

OPEN, DATA, CLOSE, CREDIT, TELL, ACK, PING, PONG = range(1, 9)
HEADER = struct.Struct("!BII")
CHUNK = 64 * 1024
"""Bytes of a DATA frame at most: what may be on its way before something urgent."""
MESSAGE_LIMIT = 8 * 2**20
"""Bytes of a TELL frame at most."""
WAITING_LIMIT = 4 * MESSAGE_LIMIT
"""Bytes of messages that wait for a connection at most."""
SPARE_LIMIT = 2**20
"""The same of messages that may be left out."""
SPARE = frozenset(("log", "stats"))
"""Types of messages that wait behind everything else, and are left out if there are too many."""
STREAM_LIMIT = 1024
TO_HUB = 16 * 2**20
"""Bytes of a stream on their way to the hub at most."""
TO_AGENT = 2**20

PING_S = 5.0
"""An agent that has heard nothing for so long asks whether the hub is there."""
SILENCE_S = 15.0
"""After so long the connection counts as broken."""

LIMITS = {
    OPEN: CHUNK,
    DATA: CHUNK,
    CLOSE: 0,
    CREDIT: 4,
    TELL: MESSAGE_LIMIT,
    ACK: 8,
    PING: 0,
    PONG: 0,
}


class LinkError(Exception):
    """The other end broke the rules, or forgot what it said: the connection is of no use."""


class Told(NamedTuple):
    """A message has come."""

    message: Message


class Opened(NamedTuple):
    """The hub has opened a stream."""

    stream: int
    options: Message


class Received(NamedTuple):
    """Bytes of a stream have come; :meth:`Link.consumed` gives room for more."""

    stream: int
    data: bytes


class Closed(NamedTuple):
    """The other end has closed a stream; all its data came before."""

    stream: int


class Room(NamedTuple):
    """A stream that had no room has some."""

    stream: int


Event = Union[Told, Opened, Received, Closed, Room]
