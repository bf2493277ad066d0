"""A Jupyter server that measures its own event loop; run as a program by ``polling``.

Prints ``{"port", "token"}`` once it serves. Each line on standard input is answered with what was
measured since the line before; the end of standard input ends it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from jupyter_server.serverapp import ServerApp

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


def main() -> None:
    """Serve until standard input ends."""
    server = ServerApp()
    server.initialize(
        [
            "--ServerApp.port=0",
            "--ServerApp.open_browser=False",
            "--ServerApp.allow_root=True",
            "--ServerApp.jpserver_extensions=jupyter_ext=True",
            "--ServerApp.log_level=ERROR",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            f"--ServerApp.root_dir={Path(os.environ['JUPYTER_DATA_DIR'])}",
        ]
    )
    monitor = Monitor()
    monitor.watch_callbacks()

    def asked() -> None:
        if sys.stdin.readline():
            say(monitor.take())
        else:
            server.stop()

    async def begin() -> None:
        if not gc.get_freeze_count():  # the last thing that the extension does at the start
            server.io_loop.call_later(0.1, begin)
            return
        asyncio.get_running_loop().add_reader(sys.stdin, asked)
        server.beating = asyncio.create_task(monitor.beat())
        say({"port": server.port, "token": server.identity_provider.token})

    server.io_loop.add_callback(begin)
    server.start()


if __name__ == "__main__":
    main()
