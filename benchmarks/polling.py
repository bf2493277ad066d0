"""What it costs to watch twenty busy clusters, with one tab, with twenty, and with none."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks.table import Row, times
from tests.fakes.busy import BusyCluster

CLUSTERS = 20
APPS = 10_000
TABS = 20
START_TIMEOUT_S = 120
SETTLE_S = 10
"""Two ticks: after the first round the pollers take their places in the tick."""
SECONDS = 60
STALL_LIMIT_MS = 20
ROOT = Path(__file__).parents[1]


class Child:
    """A process that answers a line on its standard input with a line of JSON."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
        )
        self.hello = self._read()

    def ask(self, question: str = "?") -> Any:
        """What it counted."""
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        return json.loads(self.process.stdout.readline())


@contextmanager
def child(*arguments: str, env: dict[str, str] | None = None) -> Iterator[Child]:
    """Run it until the end of the block."""
    found = Child(*arguments, env=env)
    try:
        yield found
    finally:
        found.process.stdin.close()
        try:
            found.process.wait(10)
        except subprocess.TimeoutExpired:
            found.process.kill()
            found.process.wait()


@dataclass(frozen=True)
class Phase:
    """What one phase cost."""

    tabs: int
    requests: int
    """To the clusters."""
    bytes: int
    """From the clusters."""
    messages: int
    """To the tabs."""
    sent: int
    """Bytes to the tabs."""
    server: dict[str, float]
    idle: dict[str, float]
    """The same of a process that does nothing."""
    started: dict[str, float]
    """The server's measurements while the tabs opened and everything was asked the first time."""
    idle_started: dict[str, float]


class Tab:
    """One open tab: reads everything."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.messages = self.bytes = 0
        self.states: dict[str, str] = {}
        """State and reason of each cluster, until all are up."""
        self.all_up = asyncio.Event()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while (text := await self.connection.read_message()) is not None:
            self.messages += 1
            self.bytes += len(text)
            if not self.all_up.is_set():
                self._note(json.loads(text))

    def _note(self, message: dict[str, Any]) -> None:
        cards = message.get("cards", [])
        statuses = [card["status"] for card in cards] if cards else [message.get("status", {})]
        for status in statuses:
            if status:
                self.states[status["cluster"]] = f"{status['state']} {status['reason']}".strip()
        if list(self.states.values()) == ["up"] * CLUSTERS:
            self.all_up.set()


@contextmanager
def busy_server() -> Iterator[tuple[Child, Child]]:
    """Run twenty clusters in one process and a Jupyter server that knows them in another."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clusters = stack.enter_context(child("tests.fakes.busy", str(CLUSTERS), str(APPS)))
        for name, port in clusters.hello.items():
            BusyCluster(name, port=port).write_profile(home / "config" / "clusters")
        names = ("config", "data", "runtime")
        for name in names:
            (home / name).mkdir(exist_ok=True)
        env = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in names}
        yield clusters, stack.enter_context(child("benchmarks.server", env=env))


def measure() -> list[Row]:
    """Twenty clusters in one process, the server in another, the tabs in this one."""
    with busy_server() as (clusters, server), child("benchmarks.loop") as idle:
        phases = [asyncio.run(_phase(tabs, clusters, server, idle)) for tabs in (1, TABS, 0)]
    return list(_rows(*phases))


async def _phase(number: int, clusters: Child, server: Child, idle: Child) -> Phase:
    server.ask()
    idle.ask()
    tabs = [Tab(await _connect(server.hello)) for _ in range(number)]
    for tab in tabs:
        try:
            await asyncio.wait_for(tab.all_up.wait(), START_TIMEOUT_S)
        except TimeoutError:
            sys.exit(f"not all clusters came up within {START_TIMEOUT_S} s: {tab.states}")
    await asyncio.sleep(SETTLE_S)
    started, idle_started = server.ask(), idle.ask()
    before = clusters.ask()
    seen = [(tab.messages, tab.bytes) for tab in tabs]
    await asyncio.sleep(SECONDS if number else SECONDS / 2)
    after = clusters.ask()
    found = Phase(
        tabs=number,
        requests=after["requests"] - before["requests"],
        bytes=after["bytes"] - before["bytes"],
        messages=sum(tab.messages - n for tab, (n, _) in zip(tabs, seen, strict=True)),
        sent=sum(tab.bytes - n for tab, (_, n) in zip(tabs, seen, strict=True)),
        server=server.ask(),
        idle=idle.ask(),
        started=started,
        idle_started=idle_started,
    )
    for tab in tabs:
        tab.connection.close()
        await tab.reading
    return found


async def _connect(server: dict[str, Any]) -> WebSocketClientConnection:
    return await websocket_connect(
        HTTPRequest(
            f"ws://localhost:{server['port']}/jupyter-ext/status/stream",
            headers={"Authorization": f"token {server['token']}"},
        ),
        max_message_size=2**28,
    )


def _rows(one: Phase, many: Phase, none: Phase) -> Iterator[Row]:
    what = f"{CLUSTERS} clusters, {APPS} applications each"
    yield Row(
        f"requests per minute, {what}: {many.tabs} tabs",
        f"{many.requests}",
        f"1 tab: {one.requests}; no tab: {none.requests}",
        times(many.requests / one.requests),
    )
    yield Row(
        f"from the clusters per minute: {many.tabs} tabs",
        _mb(many.bytes),
        f"1 tab: {_mb(one.bytes)}; no tab: {_mb(none.bytes)}",
        times(many.bytes / one.bytes),
    )
    yield Row(
        "to each tab per minute",
        _mb(many.sent / many.tabs),
        f"1 tab alone: {_mb(one.sent)}",
        times(many.sent / many.tabs / one.sent),
    )
    for phase in (one, many):
        tabs = f"{phase.tabs} tab{'s' if phase.tabs > 1 else ''}"
        for when, found, idle in (
            ("opening", phase.started, phase.idle_started),
            ("polling", phase.server, phase.idle),
        ):
            yield Row(
                f"longest callback on the event loop: {tabs}, {when}",
                f"{found['callback_ms']:.1f} ms",
                f"limit: {STALL_LIMIT_MS} ms",
                times(found["callback_ms"] / STALL_LIMIT_MS),
            )
            yield Row(
                f"longest wait of a timer: {tabs}, {when}",
                f"{found['late_ms']:.1f} ms",
                f"limit: {STALL_LIMIT_MS} ms; an idle process: {idle['late_ms']:.1f} ms",
                times(found["late_ms"] / STALL_LIMIT_MS),
            )
    for phase in (one, many):
        cpu_s = phase.server["cpu_s"] - phase.started["cpu_s"]
        yield Row(
            f"server CPU per minute: {phase.tabs} tab{'s' if phase.tabs > 1 else ''}",
            f"{cpu_s:.1f} s",
            f"one core: {SECONDS} s",
            times(cpu_s / SECONDS),
        )
    yield Row(
        "server memory after both minutes",
        f"{many.server['rss_mb']:.0f} MB",
        f"after the first poll: {one.started['rss_mb']:.0f} MB",
        times(many.server["rss_mb"] / one.started["rss_mb"]),
    )


def _mb(number: float) -> str:
    return f"{number / 1e6:.1f} MB"
