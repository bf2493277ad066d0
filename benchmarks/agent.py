"""How soon an agent is there, and what it takes from a container."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.table import Row, times
from tests.fakes.plain_hub import plain_hub
from tests.interpreters import interpreters
from tests.kernels.agents import running_agent

ROUNDS = 15
START_LIMIT_MS = 150
MEMORY_LIMIT_MB = 25


def measure() -> list[Row]:
    """Start agents on this Python and on the oldest one at hand."""
    found = interpreters()
    oldest = next(iter(found))
    this = ".".join(map(str, sys.version_info[:3]))
    rows: list[Row] = []
    for version in dict.fromkeys((this, oldest)):
        rows += _of(version, found[version])
    return rows


def _of(version: str, python: str) -> list[Row]:
    pass_s, start_s, megabytes = [], [], 0.0
    for _ in range(ROUNDS):
        pass_s.append(
            _timed(lambda: subprocess.run([python, "-I", "-S", "-c", "pass"], check=True))
        )
        with tempfile.TemporaryDirectory() as name, plain_hub(Path(name)) as hub:
            began = time.perf_counter()
            with running_agent(Path(name), hub, python) as agent:
                hub.heard("agent")
                start_s.append(time.perf_counter() - began)
                agent.launch("/bin/sleep", "1000")
                hub.heard("stats")
                megabytes = max(megabytes, _resident_mb(agent.process.pid))
    alone, start = min(pass_s), min(start_s)
    return [
        Row(
            f"start of an agent until the hub knows it, Python {version}",
            f"{1000 * start:.0f} ms",
            f"python -c pass: {1000 * alone:.0f} ms",
            times(start / alone),
        ),
        Row("", "", f"limit: {START_LIMIT_MS} ms", times(1000 * start / START_LIMIT_MS)),
        Row(
            f"memory of an agent with an idle kernel, Python {version}",
            f"{megabytes:.1f} MB",
            f"limit: {MEMORY_LIMIT_MB} MB",
            times(megabytes / MEMORY_LIMIT_MB),
        ),
    ]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
