"""How long an event loop is held; run as a program, that of a process that does nothing else.

Each line on standard input is answered with what was measured since the line before; the end of
standard input ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil

BEAT_S = 0.001


class Monitor:
    """The longest that the loop was held, in two ways."""

    def __init__(self) -> None:
        self.callback_s = 0.0
        """CPU time of one callback: what our code does, whatever else the machine is doing."""
        self.late_s = 0.0
        """How late a timer was: what a user feels, other processes' work included."""
        self._process = psutil.Process()

    def watch_callbacks(self) -> None:
        """Time every callback of the loop."""
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            start = time.thread_time()
            run(handle)
            self.callback_s = max(self.callback_s, time.thread_time() - start)

        asyncio.Handle._run = timed

    async def beat(self) -> None:
        """See how late a timer is, again and again."""
        while True:
            start = time.perf_counter()
            await asyncio.sleep(BEAT_S)
            self.late_s = max(self.late_s, time.perf_counter() - start - BEAT_S)

    def answer(self, end: Callable[[], None]) -> None:
        """Answer each line on standard input; call ``end`` at its end."""

        def asked() -> None:
            if sys.stdin.readline():
                say(self.take())
            else:
                end()

        asyncio.get_running_loop().add_reader(sys.stdin, asked)

    def take(self) -> dict[str, float]:
        """What was measured since the last call."""
        found = {
            "callback_ms": 1000 * self.callback_s,
            "late_ms": 1000 * self.late_s,
            "rss_mb": self._process.memory_info().rss / 2**20,
            "cpu_s": sum(self._process.cpu_times()[:2]),
        }
        self.callback_s = self.late_s = 0.0
        return found


def say(value: Any) -> None:
    """One line of JSON."""
    print(json.dumps(value), flush=True)


async def main() -> None:
    """Do nothing, and measure it."""
    monitor = Monitor()
    beating = asyncio.create_task(monitor.beat())
    monitor.answer(beating.cancel)
    say({})
    await asyncio.wait([beating])


if __name__ == "__main__":
    asyncio.run(main())
