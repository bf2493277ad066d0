"""What waits to be sent besides the data of streams."""

import json
from collections import deque
from typing import Any, Container, Deque, Dict, Mapping, Optional

from jupyter_ext_agent.frames import (
    HEADER,
    MESSAGE_LIMIT,
    SPARE,
    SPARE_LIMIT,
    TELL,
    WAITING_LIMIT,
    LinkError,
)

_WHOLE = frozenset(("credentials",))
"""Messages that hold all there is to say: one that still waits is replaced by the next."""


class Waiting:
    """Messages and other small frames in their order, within limits."""

    def __init__(self) -> None:
        self._urgent: Deque[bytes] = deque()
        self._spare: Deque[bytes] = deque()
        self._urgent_bytes = 0
        self._spare_bytes = 0
        self._whole: Dict[str, bytes] = {}

    @property
    def has_any(self) -> bool:
        """Whether anything waits."""
        return bool(self._urgent or self._spare)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Add a message; as :meth:`Link.tell`."""
        payload = json.dumps(message, separators=(",", ":")).encode("utf-8")
        if len(payload) > MESSAGE_LIMIT:
            raise LinkError(f"a message has {len(payload)} bytes; at most {MESSAGE_LIMIT} may go")
        frame = HEADER.pack(TELL, 0, len(payload)) + payload
        kind = str(message.get("type"))
        if kind in _WHOLE:
            self._withdraw(self._whole.get(kind))
            self._whole[kind] = frame
        if kind not in SPARE:
            self.add(frame)
        elif self._spare_bytes + len(frame) <= SPARE_LIMIT:
            self._spare.append(frame)
            self._spare_bytes += len(frame)

    def add(self, frame: bytes) -> None:
        """Add a frame that is urgent.

        Raises
        ------
        LinkError
            If too much waits already.
        """
        if self._urgent_bytes + len(frame) > WAITING_LIMIT:
            raise LinkError(f"messages of {self._urgent_bytes} bytes wait for a connection already")
        self._urgent.append(frame)
        self._urgent_bytes += len(frame)

    def next_urgent(self) -> Optional[bytes]:
        """Give the next frame that goes ahead of data."""
        if not self._urgent:
            return None
        frame = self._urgent.popleft()
        self._urgent_bytes -= len(frame)
        return frame

    def next_spare(self) -> Optional[bytes]:
        """Give the next frame that goes behind data."""
        if not self._spare:
            return None
        frame = self._spare.popleft()
        self._spare_bytes -= len(frame)
        return frame

    def hurry(self) -> None:
        """Put what is spare behind what is urgent by now."""
        self._urgent.extend(self._spare)
        self._urgent_bytes += self._spare_bytes
        self._spare.clear()
        self._spare_bytes = 0

    def keep(self, kinds: Container[int]) -> None:
        """Keep frames of some types, and messages that are spare if messages are among them."""
        self._urgent = deque(frame for frame in self._urgent if frame[0] in kinds)
        self._urgent_bytes = sum(map(len, self._urgent))
        if TELL not in kinds:
            self._spare.clear()
            self._spare_bytes = 0

    def _withdraw(self, frame: Optional[bytes]) -> None:
        if any(each is frame for each in self._urgent):
            self._urgent = deque(each for each in self._urgent if each is not frame)
            self._urgent_bytes = sum(map(len, self._urgent))
