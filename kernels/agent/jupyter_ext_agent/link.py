"""What goes over a tunnel once both ends have proved themselves: the frames of docs/kernels.md.

Both ends of it, without any input or output: whoever has a connection gives :class:`Link` what
arrives and writes what it gives. A link outlives its connections: what the other end has not
acknowledged is kept, and sent again over the next one.
"""

import json
import struct
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, Mapping, Optional, Tuple

from jupyter_ext_agent.frames import (
    ACK,
    CHUNK,
    CLOSE,
    CREDIT,
    DATA,
    HEADER,
    LIMITS,
    OPEN,
    PING,
    PONG,
    SPARE,
    STREAM_LIMIT,
    TELL,
    Closed,
    Event,
    LinkError,
    Message,
    Opened,
    Received,
    Room,
    Told,
)
from jupyter_ext_agent.waiting import Waiting

_UNNUMBERED = frozenset((ACK, PING, PONG))
_ACK_BYTES = CHUNK
_ACK_FRAMES = 32
_QUICK = frozenset(("control", "shell", "stdin", "hb"))
_RANKS = 3


class _Stream:
    __slots__ = ("closing", "credit", "debt", "expected", "is_open", "queue", "rank")

    def __init__(self, channel: str, send_window: int, receive_window: int) -> None:
        self.rank = 0 if channel in _QUICK else 1 if channel == "terminal" else 2
        self.queue: Deque[bytes] = deque()
        self.credit = send_window
        self.expected = receive_window
        """What the other end may send before it gets more credit."""
        self.debt = 0
        """Credit that is not given yet."""
        self.is_open = False
        """Whether the other end may know of it."""
        self.closing = False


class Link:
    """One end.

    Parameters
    ----------
    send_window, receive_window
        Bytes of one stream on their way at most: :data:`frames.TO_HUB`, :data:`frames.TO_AGENT`.
    """

    def __init__(self, send_window: int, receive_window: int) -> None:
        self._send_window = send_window
        self._receive_window = receive_window
        self._streams: Dict[int, _Stream] = {}
        self._last_stream = 0
        self._waiting = Waiting()
        self._turns: Tuple[Deque[int], ...] = tuple(deque() for _ in range(_RANKS))
        self._begin()

    def _begin(self) -> None:
        self.received = 0
        """Numbered frames that have arrived in this session."""
        self._sent = 0
        self._acknowledged = 0
        self._last_seen = 0
        """Number of the last stream that the other end opened."""
        self._kept: Deque[bytes] = deque()
        self._connect()

    def _connect(self) -> None:
        self._again = deque(self._kept)
        self._input = bytearray()
        self._plain: Deque[bytes] = deque()
        self._ack_due = False
        self._unsaid_bytes = 0
        self._unsaid_frames = 0

    # -- connections --------------------------------------------------------------------------

    def can_resume(self, peer_received: int) -> bool:
        """Whether the other end, which got so many numbered frames, lost nothing."""
        return self._acknowledged <= peer_received <= self._sent

    def resume(self, peer_received: int) -> None:
        """Go on over a new connection.

        Raises
        ------
        LinkError
            If that cannot be, see :meth:`can_resume`.
        """
        self._acknowledge(peer_received)
        self._connect()

    def reset(self, keep_messages: bool) -> List[int]:
        """Start a new session; give the numbers of the streams that ended with the old one.

        Streams that the other end cannot have heard of stay.

        Parameters
        ----------
        keep_messages
            Whether messages that wait for a connection are for the new session too.
        """
        known = {number: each for number, each in self._streams.items() if each.is_open}
        for number in known:
            self._forget(number)
        self._waiting.keep((OPEN, TELL) if keep_messages else (OPEN,))
        self._begin()
        return [number for number, each in known.items() if not each.closing]

    # -- sending ------------------------------------------------------------------------------

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message.

        Raises
        ------
        LinkError
            If it, or what waits for a connection, is too large. Logs and figures are left out then.
        """
        self._waiting.tell(message)

    def hurry(self) -> None:
        """Let logs and figures go before messages to come: these may be the last."""
        self._waiting.hurry()

    def open(self, options: Mapping[str, Any]) -> int:
        """Open a stream and give its number; for the hub only.

        Raises
        ------
        LinkError
            If there are too many.
        """
        if len(self._streams) >= STREAM_LIMIT:
            raise LinkError(f"there are {STREAM_LIMIT} streams already")
        payload = json.dumps(options).encode("utf-8")
        if len(payload) > CHUNK:
            raise LinkError("the options of a stream are too long")
        self._last_stream += 1
        self._add(self._last_stream, options)
        self._waiting.add(HEADER.pack(OPEN, self._last_stream, len(payload)) + payload)
        return self._last_stream

    def room(self, stream: int) -> int:
        """How many bytes may be sent at the moment; none on a stream that is closed."""
        found = self._streams.get(stream)
        return 0 if found is None or found.closing else found.credit

    def send(self, stream: int, data: bytes) -> None:
        """Send bytes, not more than there is room for; nothing once the stream is closed."""
        found = self._streams.get(stream)
        if found is None or found.closing:
            return
        if len(data) > found.credit:
            raise ValueError(f"there is room for {found.credit} bytes, not for {len(data)}")
        found.credit -= len(data)
        if not found.queue:
            self._turns[found.rank].append(stream)
        if len(data) <= CHUNK:
            found.queue.append(data)
        else:
            found.queue.extend(data[i : i + CHUNK] for i in range(0, len(data), CHUNK))

    def consumed(self, stream: int, count: int) -> None:
        """Let the other end send so many bytes more."""
        found = self._streams.get(stream)
        if found is None:
            return
        found.debt += count
        if found.debt * 4 >= self._receive_window:
            self._waiting.add(HEADER.pack(CREDIT, stream, 4) + struct.pack("!I", found.debt))
            found.expected += found.debt
            found.debt = 0

    def close(self, stream: int) -> None:
        """Close a stream when all that was sent has gone; what still arrives is thrown away."""
        found = self._streams.get(stream)
        if found is None or found.closing:
            return
        found.closing = True
        if not found.queue:
            self._turns[found.rank].append(stream)

    def ping(self) -> None:
        """Ask the other end whether it is there."""
        self._plain.append(HEADER.pack(PING, 0, 0))

    @property
    def is_settled(self) -> bool:
        """Whether the other end has all that was sent."""
        return not self._kept and not self._waiting.has_any and not any(self._turns)

    @property
    def has_output(self) -> bool:
        """Whether :meth:`take` has something to give."""
        plain = self._ack_due or self._plain or self._again
        return bool(plain or self._waiting.has_any or any(self._turns))

    def take(self, size: int = CHUNK) -> bytes:
        """Give about so many bytes to be written next; the most urgent ones first.

        Frames get their numbers here, so it is to be called only for a connection.
        """
        frames: List[bytes] = []
        count = 0
        while count < size:
            frame = self._next()
            if frame is None:
                break
            frames.append(frame)
            count += len(frame)
        return frames[0] if len(frames) == 1 else b"".join(frames)

    def _next(self) -> Optional[bytes]:
        if self._ack_due:
            self._ack_due = False
            self._unsaid_bytes = self._unsaid_frames = 0
            return HEADER.pack(ACK, 0, 8) + struct.pack("!Q", self.received)
        if self._plain:
            return self._plain.popleft()
        if self._again:
            return self._again.popleft()
        frame = self._next_numbered()
        if frame is not None:
            self._sent += 1
            self._kept.append(frame)
        return frame

    def _next_numbered(self) -> Optional[bytes]:
        frame = self._waiting.next_urgent()
        if frame is not None:
            if frame[0] == OPEN:
                opened = self._streams.get(HEADER.unpack_from(frame)[1])
                if opened is not None:
                    opened.is_open = True
            return frame
        for turns in self._turns:
            while turns:
                number = turns.popleft()
                stream = self._streams.get(number)
                if stream is None:
                    continue
                if stream.queue:
                    data = stream.queue.popleft()
                    if stream.queue or stream.closing:
                        turns.append(number)
                    return HEADER.pack(DATA, number, len(data)) + data
                self._forget(number)
                return HEADER.pack(CLOSE, number, 0)
        return self._waiting.next_spare()

    # -- receiving ----------------------------------------------------------------------------

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take what has arrived and give what it means, one thing after the other.

        Raises
        ------
        LinkError
            If it is against the rules; the connection is of no use any longer.
        """
        buffer = self._input
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= HEADER.size:
                kind, stream, length = HEADER.unpack_from(buffer, start)
                if length > LIMITS.get(kind, -1):
                    raise LinkError(f"a frame of type {kind} with {length} bytes")
                end = start + HEADER.size + length
                if end > len(buffer):
                    break
                payload = bytes(memoryview(buffer)[start + HEADER.size : end])
                start = end
                event = self._frame(kind, stream, payload)
                if event is not None:
                    yield event
        finally:
            del buffer[:start]

    def _frame(self, kind: int, number: int, payload: bytes) -> Optional[Event]:
        if kind in _UNNUMBERED:
            self._plain_frame(kind, payload)
            return None
        self.received += 1
        self._unsaid_bytes += len(payload)
        self._unsaid_frames += 1
        if self._unsaid_bytes >= _ACK_BYTES or self._unsaid_frames >= _ACK_FRAMES:
            self._ack_due = True
        if kind == TELL:
            message = _json(payload)
            # Whoever tells something that matters may be waiting to be gone.
            self._ack_due = self._ack_due or message.get("type") not in SPARE
            return Told(message)
        if kind == OPEN:
            return self._opened(number, _json(payload))
        stream = self._streams.get(number)
        if stream is None:
            return None  # closed here, while this was on its way
        if kind == CREDIT:
            return self._credited(number, stream, payload)
        if kind == DATA:
            stream.expected -= len(payload)
            if stream.expected < 0:
                raise LinkError("more data than the window lets through")
            return None if stream.closing else Received(number, payload)
        self._peer_closed(number, stream)
        return None if stream.closing else Closed(number)

    def _plain_frame(self, kind: int, payload: bytes) -> None:
        if kind == ACK:
            if len(payload) != 8:
                raise LinkError("a short ACK")
            self._acknowledge(struct.unpack("!Q", payload)[0])
            return
        if kind == PING:
            self._plain.append(HEADER.pack(PONG, 0, 0))
        self._ack_due = self._ack_due or self._unsaid_frames > 0

    def _opened(self, number: int, options: Message) -> Event:
        if number <= self._last_seen:
            raise LinkError("a stream is opened twice")
        if len(self._streams) >= STREAM_LIMIT:
            raise LinkError("too many streams")
        self._last_seen = number
        self._add(number, options).is_open = True
        return Opened(number, options)

    def _credited(self, number: int, stream: _Stream, payload: bytes) -> Optional[Event]:
        if len(payload) != 4:
            raise LinkError("a short CREDIT")
        had_none = stream.credit == 0
        stream.credit += struct.unpack("!I", payload)[0]
        if stream.credit > self._send_window:
            raise LinkError("more credit than the window")
        return Room(number) if had_none and not stream.closing else None

    def _peer_closed(self, number: int, stream: _Stream) -> None:
        if stream.closing:
            # Both have closed it; ours is said all the same, after what was sent before.
            return
        stream.queue.clear()
        self._forget(number)
        self._waiting.add(HEADER.pack(CLOSE, number, 0))

    def _acknowledge(self, count: int) -> None:
        if not self.can_resume(count):
            raise LinkError(
                f"{count} frames acknowledged, {self._acknowledged} to {self._sent} known"
            )
        for _ in range(count - self._acknowledged):
            self._kept.popleft()
        self._acknowledged = count

    def _add(self, number: int, options: Mapping[str, Any]) -> _Stream:
        stream = _Stream(str(options.get("channel")), self._send_window, self._receive_window)
        self._streams[number] = stream
        return stream

    def _forget(self, number: int) -> None:
        stream = self._streams.pop(number)
        turns = self._turns[stream.rank]
        if number in turns:
            turns.remove(number)


def _json(payload: bytes) -> Message:
    try:
        value = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        raise LinkError("a message that is no JSON") from None
    if not isinstance(value, dict):
        raise LinkError("a message that is no JSON object")
    return value
