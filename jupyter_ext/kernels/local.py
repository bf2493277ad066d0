"""Kernels on this machine, in a session of their own: they go on when the server ends."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
from jupyter_core.paths import jupyter_data_dir

from jupyter_ext.files import is_held, replace
from jupyter_ext.kernels.agent_archive import agent_archive, agent_digest
from jupyter_ext.kernels.backend import Condition, Found, Handle, LaunchFailed, Order, Tell
from jupyter_ext.kernels.models import Failure

T = TypeVar("T")

GRACE_S = 8.0
"""Seconds that an agent gets to end its kernel and itself."""
LINES = 30
"""Of the log, in diagnostics."""
_LOCK, _LOG, _PID, _ORDER, _BOOTSTRAP = "lock", "log", "pid", "order.json", "bootstrap.json"
_PASSED_ON = (
    *("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"),
    *("XDG_RUNTIME_DIR", "LD_LIBRARY_PATH"),
)


def default_directory() -> Path:
    """Give the place where every kernel has a directory."""
    return Path(jupyter_data_dir()) / "jupyter-ext" / "local"


class LocalBackend:
    """Starts agents as processes.

    Every kernel has a directory with its bootstrap, its log, and a file that the agent keeps
    locked as long as it lives: so nobody takes another process with the same id for it.

    Parameters
    ----------
    directory
        For those directories.
    environ
        What agents get of it: a list of harmless variables, no more.
    """

    def __init__(
        self, directory: Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._directory = default_directory() if directory is None else directory
        self._environ = environ
        self._reapers: set[asyncio.Task[None]] = set()

    async def prepare(self, order: Order, tell: Tell) -> Handle:
        """Choose a directory."""
        name = f"{order.kernel_id}.{secrets.token_hex(2)}"
        return {"host": socket.gethostname(), "directory": str(self._directory / name)}

    async def start(self, order: Order, handle: Handle, tell: Tell) -> None:
        """Start the agent.

        Raises
        ------
        LaunchFailed
            If the directory or the process cannot be made.
        """
        tell("starting", "")
        try:
            process = await _finish(self._spawn, order, Path(handle["directory"]))
        except OSError as error:
            raise LaunchFailed(
                Failure(
                    cause=f"The kernel's process cannot be started: {error.strerror}.",
                    hint=f"Is there room in {self._directory}, and memory on this machine?",
                    diagnostics=str(error),
                )
            ) from error
        if process is not None:
            task = asyncio.create_task(_reap(process), name=f"reap {process.pid}")
            self._reapers.add(task)
            task.add_done_callback(self._reapers.discard)

    async def watch(self, handle: Handle, tell: Tell) -> Failure:
        """Return when the agent has ended."""
        directory = Path(handle["directory"])
        pid = await asyncio.to_thread(_agent, directory)
        if pid is not None:
            await _ended(pid)
        return await asyncio.to_thread(_why, directory)

    async def inspect(self, handle: Handle) -> Condition:
        """Say whether the agent lives."""
        if handle["host"] != socket.gethostname():
            return Condition(alive=None, host=handle["host"])
        return await asyncio.to_thread(_inspect, Path(handle["directory"]))

    async def end(self, handle: Handle) -> None:
        """End the agent with its kernel, and remove the directory."""
        if handle["host"] == socket.gethostname():
            directory = Path(handle["directory"])
            pid = await asyncio.to_thread(_agent, directory)
            if pid is not None:
                await _end(pid)
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    async def logs(self, handle: Handle, lines: int) -> str:
        """Give the end of what the agent and its kernel printed."""
        return await asyncio.to_thread(_tail, Path(handle["directory"]), lines)

    async def find(self, owner: str) -> list[Found]:
        """List the user's agents that live."""
        return await asyncio.to_thread(self._find, owner)

    async def close(self) -> None:
        """Follow no process any longer."""
        for task in list(self._reapers):
            task.cancel()
        await asyncio.gather(*self._reapers, return_exceptions=True)

    def _spawn(self, order: Order, directory: Path) -> subprocess.Popen[bytes] | None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            replace(directory / _BOOTSTRAP, json.dumps(dict(order.bootstrap)))
            about = {"kernel_id": order.kernel_id, "owner": order.owner, "title": order.title}
            replace(directory / _ORDER, json.dumps({**about, "started_at": time.time()}))
            with (directory / _LOG).open("ab") as log:
                process = subprocess.Popen(
                    [
                        *(sys.executable, str(self._archive())),
                        *("--bootstrap", str(directory / _BOOTSTRAP), "--backend", "local"),
                    ],
                    cwd=directory,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    # The lock is the agent's from now on: it goes when its last holder ends.
                    pass_fds=(lock,),
                )
            (directory / _PID).write_text(str(process.pid))
        except BlockingIOError:
            return None  # it runs already
        finally:
            os.close(lock)
        return process

    def _archive(self) -> Path:
        path = self._directory.parent / "agent" / f"{agent_digest()}.pyz"
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            replace(path, agent_archive())
        return path

    def _environment(self) -> dict[str, str]:
        return {
            name: value
            for name, value in self._environ.items()
            if name in _PASSED_ON or name.startswith("LC_")
        }

    def _find(self, owner: str) -> list[Found]:
        found = []
        for path in self._directory.glob(f"*/{_ORDER}"):
            try:
                about = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            if about["owner"] == owner and is_held(path.parent / _LOCK):
                handle = {"host": socket.gethostname(), "directory": str(path.parent)}
                found.append(Found(handle=handle, **about))
        return found


async def _finish(call: Callable[..., T], *arguments: Any) -> T:
    """Do something in a thread, to its end also if the task is cancelled meanwhile."""
    future = asyncio.ensure_future(asyncio.to_thread(call, *arguments))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


async def _reap(process: subprocess.Popen[bytes]) -> None:
    """Take away the remains of a child of ours when it ends."""
    await _ended(process.pid)
    process.wait()


async def _ended(pid: int) -> None:
    """Wait until a process has ended, be it our child or not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def _end(pid: int) -> None:
    """End an agent: kindly, then with all that it started."""
    with suppress(psutil.NoSuchProcess):
        agent = psutil.Process(pid)
        agent.terminate()
        try:
            async with asyncio.timeout(GRACE_S):
                await _ended(pid)
        except TimeoutError:
            family = [agent, *await asyncio.to_thread(agent.children, recursive=True)]
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _agent(directory: Path) -> int | None:
    """Find the agent's process; None if it has ended."""
    if not is_held(directory / _LOCK):
        return None
    with suppress(OSError, ValueError):
        return int((directory / _PID).read_text())
    # Whoever started it ended before it wrote that down.
    bootstrap = str(directory / _BOOTSTRAP)
    for process in psutil.process_iter(["cmdline"]):
        if bootstrap in (process.info["cmdline"] or []):
            return int(process.pid)
    return None


def _inspect(directory: Path) -> Condition:
    if is_held(directory / _LOCK):
        return Condition(alive=True, host=socket.gethostname())
    return Condition(alive=False, host=socket.gethostname(), failure=_why(directory))


def _why(directory: Path) -> Failure:
    return Failure(
        cause="The program beside the kernel ended, and the kernel with it.",
        hint="The last lines of its log say more. Was it killed, or is this machine out of memory?",
        diagnostics=_tail(directory, LINES),
    )


def _tail(directory: Path, lines: int) -> str:
    try:
        with (directory / _LOG).open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 1000 * lines))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
