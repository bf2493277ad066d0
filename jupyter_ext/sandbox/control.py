"""The sandbox as a running server handles it."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from jupyter_ext.sandbox.models import SandboxStatus

CALL_OFF_S = 30.0


class SandboxControl:
    """Starts and stops the user's sandbox by its command, in a child process.

    A start takes seconds of work that must not hold up the server. Should the server end in the
    middle of it, the next start finishes the work.
    """

    def __init__(self) -> None:
        self._up: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._complaint = ""

    async def status(self) -> SandboxStatus:
        """Say what runs, and why the last start asked for here failed."""
        status = await asyncio.to_thread(_status)
        if self._starting and status.state != "starting":
            return status.model_copy(update={"state": "starting", "message": "starting"})
        if status.state == "running":
            self._complaint = ""
        if self._complaint and not status.message:
            return status.model_copy(update={"state": "failed", "message": self._complaint})
        return status

    async def start(self) -> SandboxStatus:
        """Start it in the background; a start in progress goes on."""
        if not self._starting:
            self._complaint = ""
            self._up = await self._command("up")
            self._reader = asyncio.create_task(self._finish(self._up))
        return await self.status()

    async def stop(self) -> SandboxStatus:
        """End it, a start in progress too.

        The command ends the other one by itself, so nothing is left of it when this returns.
        """
        complaint = await _complaint(await self._command("down"))
        if self._reader is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._reader), CALL_OFF_S)
        self._complaint = complaint
        return await self.status()

    @property
    def _starting(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def _command(self, verb: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "jupyter_ext.cli",
            "sandbox",
            verb,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _finish(self, process: asyncio.subprocess.Process) -> None:
        self._complaint = await _complaint(process)


def _status() -> SandboxStatus:
    # Only now: most servers are never asked for a sandbox, and need not wait for it to load.
    from jupyter_ext.sandbox.sandbox import Sandbox

    return Sandbox().status()


async def _complaint(process: asyncio.subprocess.Process) -> str:
    """Wait for a command; what it complained of if it failed."""
    _, stderr = await process.communicate()
    if process.returncode == 0:
        return ""
    text = " ".join(stderr.decode(errors="replace").split())
    return text.removeprefix("jupyter cluster: ")
