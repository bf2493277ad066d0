"""Real agents, for tests: the ``.pyz`` in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_ext.kernels.agent_archive import agent_archive
from tests.fakes.plain_hub import Message, PlainHub


class Agent:
    """A running agent and its hub."""

    def __init__(self, process: subprocess.Popen[str], hub: PlainHub, log: Path) -> None:
        self.process = process
        self.hub = hub
        self.log = log

    def launch(self, *argv: str, **rest: object) -> Message:
        """Start a kernel; gives what the agent says once it runs."""
        starts = max((m["starts"] for m in self.hub.messages if m["type"] == "kernel"), default=0)
        launch = {"argv": list(argv), "env": {}, "cwd": "", "connection": {"key": "k"}} | rest
        answer = self.hub.request(type="launch", **launch)
        assert answer["error"] is None
        return self.hub.heard("kernel", starts=starts + 1)

    def ended(self) -> int:
        """Wait for its exit code."""
        return self.process.wait(20)


def agent_command(
    directory: Path, hub: PlainHub, python: str = sys.executable, lease_s: float = 60.0
) -> list[str]:
    """Write what an agent needs, and give its command."""
    archive, bootstrap = directory / "agent.pyz", directory / "bootstrap"
    archive.write_bytes(agent_archive())
    bootstrap.touch(0o600)
    bootstrap.write_text(json.dumps(hub.bootstrap(lease_s)))
    # -I -S: neither a virtual environment nor the source tree may help it.
    return [python, "-I", "-S", str(archive), "--bootstrap", str(bootstrap)]


@contextlib.contextmanager
def running_agent(
    directory: Path,
    hub: PlainHub,
    python: str = sys.executable,
    lease_s: float = 60.0,
    **environment: str,
) -> Iterator[Agent]:
    """Run an agent until the end of the block; whatever it does, nothing of it is left."""
    log = directory / "log"
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            agent_command(directory, hub, python, lease_s),
            env=clean | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Agent(process, hub, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
