"""What a kernel printed to its stdout and stderr: the last of it, and on to the hub in batches."""

import os
import select
import sys
from collections import deque
from typing import Callable, Deque, List, Optional

from jupyter_ext_agent.reactor import Reactor, Timer

MOST_LINES = 10000
MOST_BYTES = 1 << 20
LONGEST_LINE = 8192
"""A line that never ends, as progress bars print them, is cut here."""
BATCH_S = 0.2
MOST_PER_BATCH = 1 << 16
"""More than this in one batch is left out of it: a flood of text must not hold up a tunnel."""
_READ = 1 << 16
_TURNS = 4
"""A pipe holds 64 KiB; more than that has been written since."""
_SURE = 4096
"""A pipe that can be written takes as much without blocking (PIPE_BUF)."""


class Printed:
    """Keeps the last lines; gives what is new to ``tell`` and copies it to a descriptor."""

    def __init__(
        self, reactor: Reactor, tell: Callable[[str], None], copy_to: Optional[int] = None
    ) -> None:
        self._reactor = reactor
        self._tell = tell
        self._copy_to = copy_to
        self._lines: Deque[bytes] = deque()
        self._size = 0
        self._partial = b""
        self._sources: List[int] = []
        self._batch: List[bytes] = []
        self._batch_size = 0
        self._left_out = 0
        self._timer: Optional[Timer] = None

    def attach(self, descriptor: int) -> None:
        """Read from a pipe until all who write to it are gone; it is closed then."""
        os.set_blocking(descriptor, False)
        self._sources.append(descriptor)
        self._reactor.watch(descriptor, lambda: self._read(descriptor))

    def add(self, data: bytes) -> None:
        """Take what was printed, in pieces of any size."""
        self._copy(data)
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        while len(self._partial) > LONGEST_LINE:
            lines.append(self._partial[:LONGEST_LINE])
            self._partial = self._partial[LONGEST_LINE:]
        for line in lines:
            self._keep(line[-LONGEST_LINE:])

    def last(self, count: int) -> List[str]:
        """Give the last lines, after reading what is in the pipes."""
        for descriptor in list(self._sources):
            for _ in range(_TURNS):
                if not self._read(descriptor):
                    break
        lines = [*self._lines, self._partial] if self._partial else list(self._lines)
        return [line.decode("utf-8", "replace") for line in lines[-count:]] if count > 0 else []

    def close(self) -> None:
        """Tell what is left, and close the pipes."""
        self.last(1)
        self._flush()
        for descriptor in list(self._sources):
            self._detach(descriptor)

    def _read(self, descriptor: int) -> bool:
        try:
            data = os.read(descriptor, _READ)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._detach(descriptor)
            return False
        self.add(data)
        return True

    def _detach(self, descriptor: int) -> None:
        self._reactor.unwatch(descriptor)
        self._sources.remove(descriptor)
        os.close(descriptor)

    def _keep(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        while len(self._lines) > MOST_LINES or self._size > MOST_BYTES:
            self._size -= len(self._lines.popleft())
        if self._batch_size + len(line) > MOST_PER_BATCH:
            self._left_out += 1
        else:
            self._batch.append(line)
            self._batch_size += len(line) + 1
        if self._timer is None:
            self._timer = self._reactor.call_later(BATCH_S, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines = [line.decode("utf-8", "replace") for line in self._batch]
        if self._left_out:
            lines.append(f"[{self._left_out} lines are left out here; the log has the last ones]")
        self._batch, self._batch_size, self._left_out = [], 0, 0
        if lines:
            self._tell("\n".join(lines) + "\n")

    def _copy(self, data: bytes) -> None:
        """Copy without ever waiting: who does not read the agent's output misses some."""
        while data and self._copy_to is not None:
            try:
                if not select.select([], [self._copy_to], [], 0)[1]:
                    return
                data = data[os.write(self._copy_to, data[:_SURE]) :]
            except (OSError, ValueError) as error:
                self._copy_to = None
                print(f"Output is copied no longer: {error}", file=sys.stderr)
