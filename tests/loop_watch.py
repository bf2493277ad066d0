"""Watches the event loop while tests run: how late its timers get, test by test.

A plug-in of pytest, off unless it is named: ``pytest -p tests.loop_watch`` ends with a table, and
``--stalls FILE`` keeps it as JSON. For the servers that tests start, it is an extension of Jupyter
Server; see ``tests/server_process.py``.

A timer is late because something in this process held the loop, or because the machine had other
work. Of the first, what computes is told by the CPU time of the loop's thread while a timer waited;
of the second, a process beside, which does nothing else, tells how much it was.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

BEAT_S = 0.001
CHILDREN = "JUPYTER_EXT_TEST_STALLS"
"""Names the file in which the processes that a test starts say how late their timers were."""


class Watch:
    """The longest wait of a timer on one loop, while it runs."""

    def __init__(self, children: Path | None = None) -> None:
        self.late_s = 0.0
        self.cpu_s = 0.0
        """The most CPU time that the loop's thread used while a timer waited."""
        self._children = children
        self._aside_s = self._aside_cpu_s = self._cpu_s = 0.0
        self._depth = 0
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch a loop whenever it runs; tests run theirs piece by piece."""
        run = loop.run_forever

        def watched() -> None:
            self.begin(loop)
            try:
                run()
            finally:
                self.end()

        loop.run_forever = watched

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch a loop that runs, or is about to."""
        loop.watch = self
        self._aside_s = self._aside_cpu_s = 0.0
        self._cpu_s = time.thread_time()
        self._timer = loop.call_later(BEAT_S, self._look, loop, loop.time() + BEAT_S)

    def end(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    @contextmanager
    def aside(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Do not count the time of a block."""
        self._depth += 1
        start, cpu_s = loop.time(), time.thread_time()
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self._aside_s += loop.time() - start
                self._aside_cpu_s += time.thread_time() - cpu_s

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        late_s = loop.time() - due - self._aside_s
        cpu_s = time.thread_time() - self._cpu_s - self._aside_cpu_s
        if late_s > self.late_s or cpu_s > self.cpu_s:
            self.late_s, self.cpu_s = max(late_s, self.late_s), max(cpu_s, self.cpu_s)
            if self._children is not None:
                with self._children.open("a") as file:
                    file.write(f"{self.late_s} {self.cpu_s}\n")
        self.begin(loop)


@contextmanager
def aside() -> Iterator[None]:
    """Tell the watch that what holds the loop now is a test's own work.

    Tests start daemons and change realms with programs that they wait for, on the loop of what they
    test.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # in a thread, or between two pieces of a test
        yield
        return
    watch = getattr(loop, "watch", None)
    with watch.aside(loop) if watch is not None else ExitStack():
        yield


# -- in processes that tests start ------------------------------------------------------------


def watch_child() -> None:
    """Watch the loop that runs here, if the test that started this process is watched."""
    if path := os.environ.get(CHILDREN):
        gc.collect()
        gc.freeze()
        Watch(Path(path)).begin(asyncio.get_running_loop())


def _load_jupyter_server_extension(server: Any) -> None:
    """Be an extension."""


async def _start_jupyter_server_extension(server: Any) -> None:
    watch_child()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


# -- in pytest --------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stalls", metavar="FILE", help="Keep how late timers were, as JSON.")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Stalls(config.getoption("stalls")))


class Stalls:
    """What was found: milliseconds by test."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._found: dict[str, dict[str, float]] = {}
        self._open = ExitStack()

    def pytest_sessionstart(self) -> None:
        from benchmarks.polling import child
        from jupyter_ext.status.poller import load

        load()  # as the server extension does
        self._directory = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        self._idle = self._open.enter_context(child("benchmarks.loop"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        children = self._directory / "stalls"
        children.write_text("")
        watch = Watch()
        watch.follow(item.funcargs["jp_asyncio_loop"])
        # As the server extension does once it has started: see JupyterExtApp.
        gc.collect()
        gc.freeze()
        os.environ[CHILDREN] = str(children)
        self._idle.ask()
        try:
            return (yield)
        finally:
            del os.environ[CHILDREN]
            # Where the loop of another process is tested, the one here belongs to a client.
            lines = children.read_text().splitlines() or [f"{watch.late_s} {watch.cpu_s}"]
            late_s, cpu_s = zip(*(map(float, line.split()) for line in lines), strict=True)
            self._found[item.nodeid] = {
                "late_ms": 1000 * max(late_s),
                "cpu_ms": 1000 * max(cpu_s),
                "idle_ms": self._idle.ask()["late_ms"],
            }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("longest wait of a timer on the event loop, ms")
        terminalreporter.line("  late    cpu   idle  test")
        for name, found in sorted(self._found.items(), key=lambda item: item[1]["late_ms"]):
            figures = (found[key] for key in ("late_ms", "cpu_ms", "idle_ms"))
            terminalreporter.line(f"{' '.join(f'{figure:6.1f}' for figure in figures)}  {name}")

    def pytest_sessionfinish(self) -> None:
        self._open.close()
        if self._path is not None:
            Path(self._path).write_text(json.dumps(self._found, indent=1))
