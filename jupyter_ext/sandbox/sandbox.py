"""The sandbox: two small, real Hadoop clusters on this machine, and what belongs to them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir

from jupyter_ext.errors import Conflict, JupyterExtError, NotFound, Unavailable
from jupyter_ext.sandbox import ports, requirements, sample, spec, watch
from jupyter_ext.sandbox.jars import Jars
from jupyter_ext.sandbox.lock import held, who
from jupyter_ext.sandbox.models import SandboxStatus
from jupyter_ext.sandbox.processes import Processes, own_id, same_process
from jupyter_ext.sandbox.publish import Profiles
from jupyter_ext.sandbox.report import daemons, report
from jupyter_ext.sandbox.spec import Wish
from jupyter_ext.sandbox.start import Start
from jupyter_ext.sandbox.state import ClusterState, Memory, SandboxMemory

T = TypeVar("T")
Say = Callable[[str], None]
_PARTS = ("run", "log", "sample", *spec.CLUSTERS, "state.json", "lock")


class Sandbox:
    """Starts, stops and describes the sandbox of one directory.

    Parameters
    ----------
    directory
        Where everything of it is; None for ``$JUPYTER_EXT_SANDBOX_DIR`` or the user's data
        directory.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = (directory or default_directory()).absolute()
        self._memory = Memory(self.directory / "state.json")
        self._lock = self.directory / "lock"
        self._progress = self.directory / "log" / "up.log"
        self._profiles = Profiles(Path(jupyter_config_dir()) / "clusters", self.directory)

    async def up(self, wish: Wish, say: Say) -> None:
        """Start what does not run, wait until it is ready, write the profiles.

        Parameters
        ----------
        say
            Told each step with the seconds since the beginning.

        Raises
        ------
        Unavailable
            If a package is missing or a daemon fails; what else was asked for runs all the same.
        Conflict
            If a profile of the user, or data of another Hadoop version, is in the way.
        """
        began = time.monotonic()
        secure = any(spec.kind(name).secure for name in wish.clusters)
        requirements.require((*requirements.HADOOP, *(requirements.SECURITY if secure else ())))
        self._check_directory()
        for name in wish.clusters:
            self._profiles.check(name)
        if holder := who(self._lock):
            say(f"Waiting for another command on this sandbox: {holder.split()[0]}.")
        async with held(self._lock, f"up {own_id()}") as lock:
            self._progress.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._progress.open("w") as log:

                def tell(line: str) -> None:
                    text = f"{time.monotonic() - began:6.1f} s  {line}"
                    print(text, file=log, flush=True)
                    say(text)

                await self._up(wish, lock, tell)

    async def down(self, *, purge: bool, say: Say) -> None:
        """End every process; a start in progress is called off.

        Parameters
        ----------
        purge
            Also remove all data and the profiles.
        """
        began = time.monotonic()
        if not self._lock.exists():
            say("There is no sandbox.")
            return
        _call_off(who(self._lock))
        async with held(self._lock, f"down {own_id()}"):
            try:
                memory = self._memory.read()
            except JupyterExtError:
                if not purge:
                    raise
                memory = SandboxMemory()
            processes = Processes(self.directory, memory.id)
            ended = await processes.end_all()
            for name in memory.clusters:
                memory = memory.with_cluster(name, up=False, error="")
            if not purge:
                self._memory.write(memory)
            seconds = time.monotonic() - began
            say(f"{seconds:6.1f} s  down: {len(ended)} processes ended")
            if purge:
                self._purge(say)

    def status(self) -> SandboxStatus:
        """Say what runs.

        Raises
        ------
        Misconfigured
            If the memory of this sandbox is damaged.
        """
        progress: str | None = None
        if who(self._lock).startswith("up"):
            with contextlib.suppress(OSError, IndexError):
                progress = self._progress.read_text().splitlines()[-1].strip()
            progress = progress or "starting"
        return report(self.directory, self._memory.read(), progress)

    async def activate(self, name: str, rm_id: str) -> None:
        """Make one ResourceManager of a pair the active one.

        Raises
        ------
        NotFound
            If the named cluster has no pair.
        Unavailable
            If it refuses.
        """
        memory = self._memory.read()
        state = memory.clusters.get(name)
        if state is None or not state.shape.rm_ha:
            raise NotFound(f"The sandbox's {name} has no pair of ResourceManagers.", cluster=name)
        processes = Processes(self.directory, memory.id)
        async with held(self._lock, f"activate {own_id()}") as lock:
            start = Start(self.directory, name, state, processes, lock, lambda line: None)
            jars = Jars(state.shape.hadoop, processes, lambda line: None)
            await start.hadoop.activate(await jars.classpath(lock), rm_id)

    async def _up(self, wish: Wish, lock: int, say: Say) -> None:
        memory = self._memory.read()
        processes = Processes(self.directory, memory.id)
        await processes.end(["maven"])
        if wish.until_exit is not None:
            await self._watch(wish.until_exit, processes, lock)
        for name in wish.clusters:
            memory = await self._plan(name, wish, memory, processes, say)
        self._memory.write(memory)
        sample.generate(self.directory / "sample")
        starts = [
            Start(self.directory, name, memory.clusters[name], processes, lock, say)
            for name in wish.clusters
        ]
        versions = {start.state.shape.hadoop for start in starts}
        async with asyncio.TaskGroup() as group:
            fetching = {
                version: group.create_task(_outcome(Jars(version, processes, say).classpath(lock)))
                for version in versions
            }
            running = [
                group.create_task(_outcome(start.run(fetching[start.state.shape.hadoop])))
                for start in starts
            ]
        failures: list[JupyterExtError] = []
        for start, task in zip(starts, running, strict=True):
            outcome = task.result()
            if isinstance(outcome, JupyterExtError):
                memory = memory.with_cluster(start.name, up=False, error=outcome.message)
                failures.append(outcome)
                continue
            version = start.state.shape.hadoop
            seconds = start.state.ready_s if outcome is None else outcome
            memory = memory.with_cluster(start.name, ready_s=seconds, data_hadoop=version)
            self._profiles.publish(start.publication())
        self._memory.write(memory)
        if failures:
            raise _together(failures)
        alive = [process for process in daemons(processes) if process.alive]
        resident = sum(process.memory_mb for process in alive)
        say(f"{' and '.join(wish.clusters)} up: {len(alive)} processes, {resident:.0f} MB resident")

    async def _watch(self, pid: int, processes: Processes, lock: int) -> None:
        program = watch.program(pid, self.directory)
        present = processes.get(program.name)
        if present and present.alive and present.fingerprint == program.fingerprint:
            return
        await processes.end([program.name])
        await processes.start(program, lock)

    async def _plan(
        self, name: str, wish: Wish, memory: SandboxMemory, processes: Processes, say: Say
    ) -> SandboxMemory:
        """Settle shape and ports of a cluster; end what has another shape."""
        known = memory.clusters.get(name, ClusterState())
        shape = wish.shape(known.shape)
        if known.data_hadoop and known.data_hadoop != shape.hadoop:
            raise Conflict(
                f"{name} holds HDFS data of Hadoop {known.data_hadoop},"
                f" which Hadoop {shape.hadoop} may not be able to read.",
                hint="Use another --dir, or remove the data with"
                " jupyter cluster sandbox down --purge.",
                cluster=name,
            )
        alive = [member.name for member in spec.members(name, processes) if member.alive]
        if alive and shape != known.shape:
            say(f"{name}: ending it, because it is wanted in another shape")
            await processes.end(alive)
            alive = []
        names = spec.port_names(name, shape)
        if alive:
            assigned = {port: known.ports[port] for port in names}
        else:
            others = [
                port
                for other, state in memory.clusters.items()
                if other != name
                for port in state.ports.values()
            ]
            assigned = ports.assign(names, known.ports, others)
        return memory.with_cluster(name, shape=shape, ports=assigned, up=True, error="")

    def _check_directory(self) -> None:
        if self._lock.exists() or not self.directory.exists():
            return
        if any(self.directory.iterdir()):
            raise Conflict(
                f"{self.directory} holds other files and is no sandbox.",
                hint="Give an empty or new directory with --dir.",
            )

    def _purge(self, say: Say) -> None:
        withdrawn = [name for name in spec.CLUSTERS if self._profiles.withdraw(name)]
        for part in _PARTS:
            path = self.directory / part
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.directory.rmdir()
        say(f"removed {self.directory} and the profiles {', '.join(withdrawn) or '(none)'}")


def default_directory() -> Path:
    """``$JUPYTER_EXT_SANDBOX_DIR``, or a folder of the user's Jupyter data directory."""
    chosen = os.environ.get("JUPYTER_EXT_SANDBOX_DIR")
    return Path(chosen) if chosen else Path(jupyter_data_dir()) / "jupyter-ext" / "sandbox"


async def _outcome(work: Awaitable[T]) -> T | JupyterExtError:
    """Return a failure as a value, so that it does not stop the other clusters."""
    try:
        return await work
    except JupyterExtError as error:
        return error


def _call_off(holder: str) -> None:
    """End the ``up`` that holds the lock, if one does."""
    verb, _, identity = holder.partition(" ")
    if verb == "up" and (pid := same_process(identity)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _together(failures: list[JupyterExtError]) -> JupyterExtError:
    if len(failures) == 1:
        return failures[0]
    hints = " ".join(dict.fromkeys(failure.hint for failure in failures))
    return Unavailable("; ".join(failure.message for failure in failures), hint=hints)
