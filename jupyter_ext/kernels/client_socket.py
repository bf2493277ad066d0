"""One client's connection with a unix socket of the hub, at the end of a stream."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol, cast

from jupyter_ext_agent.frames import CHUNK

_HELD_BY_TRANSPORT = 4 * CHUNK


class Streams(Protocol):
    """What carries the bytes to the agent; its methods are those of a link."""

    def open_stream(self, client: ClientSocket) -> int | None:
        """Open one; None if there are too many."""

    def room(self, stream: int) -> int:
        """How many bytes may be sent."""

    def send(self, stream: int, data: bytes) -> None:
        """Send bytes, not more than there is room for."""

    def consumed(self, stream: int, count: int) -> None:
        """Let the agent send more."""

    def close_stream(self, stream: int) -> None:
        """Close one from this side."""


class ClientSocket(asyncio.Protocol):
    """Carries bytes between a client and a stream.

    A client that does not read holds up its own stream alone: what has arrived for it waits here,
    within the stream's window.

    Parameters
    ----------
    options
        Of the stream, for the agent.

    Attributes
    ----------
    number
        Of its stream; None as long as that is not open, which it is at the latest when the client
        connects.
    """

    def __init__(self, streams: Streams, options: dict[str, object]) -> None:
        self.options = options
        self._streams = streams
        self.number: int | None = None
        self._transport: asyncio.Transport | None = None
        self._unsent: deque[bytes] = deque()
        self._held = b""
        """What the client said and there is no room for."""
        self._is_paused = False
        self._is_closing = False

    # -- from the client ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the stream."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_HELD_BY_TRANSPORT)
        if self.number is None:
            self.number = self._streams.open_stream(self)
        if self.number is None:
            self._transport.abort()
        else:
            self._write()

    def data_received(self, data: bytes) -> None:
        """Send what there is room for, and read on only when all of it has gone."""
        if self.number is None or self._transport is None:
            return
        data = self._held + data
        room = self._streams.room(self.number)
        self._streams.send(self.number, data[:room])
        self._held = data[room:]
        if self._held:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Wait: the client does not read as fast as the kernel writes."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Write on."""
        self._is_paused = False
        self._write()

    def connection_lost(self, error: Exception | None) -> None:
        """Close the stream."""
        self._transport = None
        self._unsent.clear()
        if self.number is not None and not self._is_closing:
            self._streams.close_stream(self.number)

    # -- from the agent -----------------------------------------------------------------------

    def deliver(self, data: bytes) -> None:
        """Give bytes to the client."""
        self._unsent.append(data)
        self._write()

    def has_room(self) -> None:
        """Go on with what the client said."""
        held, self._held = self._held, b""
        self.data_received(held)
        if not self._held and self._transport is not None:
            self._transport.resume_reading()

    def end(self) -> None:
        """Hang up when the client has everything."""
        self._is_closing = True
        self._write()

    def _write(self) -> None:
        transport, number = self._transport, self.number
        if transport is None or number is None:
            return
        while self._unsent and not self._is_paused:
            data = self._unsent.popleft()
            transport.write(data)
            self._streams.consumed(number, len(data))
        if self._is_closing and not self._unsent:
            transport.close()
