"""What a sandbox looks like from outside, without waiting for anything."""

from __future__ import annotations

from pathlib import Path

from jupyter_ext.sandbox import requirements, spec, watch
from jupyter_ext.sandbox.hadoop import layout, marker
from jupyter_ext.sandbox.models import (
    DaemonStatus,
    SandboxCluster,
    SandboxState,
    SandboxStatus,
)
from jupyter_ext.sandbox.processes import Process, Processes, boot_id
from jupyter_ext.sandbox.state import ClusterState, SandboxMemory


def report(directory: Path, memory: SandboxMemory, progress: str | None) -> SandboxStatus:
    """Describe a sandbox.

    Parameters
    ----------
    progress
        Last line of a start in progress; None when there is none.
    """
    processes = Processes(directory, memory.id)
    clusters: list[SandboxCluster] = []
    troubles: list[str] = []
    for name, state in memory.clusters.items():
        trouble = _trouble(directory, name, state, processes)
        if trouble is not None and progress is None:
            troubles.append(trouble)
        clusters.append(
            SandboxCluster(
                name=name,
                hadoop=state.shape.hadoop,
                state=_state(directory, name, state, processes, trouble, progress),
                ready_s=state.ready_s,
                resourcemanager=f"http://localhost:{state.ports['rm-http']}",
                namenode=f"http://localhost:{state.ports['namenode-http']}",
            )
        )
    described = [_daemon(process, processes) for process in daemons(processes)]
    return SandboxStatus(
        state="starting" if progress is not None else _overall(clusters),
        directory=str(directory),
        clusters=clusters,
        daemons=described,
        memory_mb=round(sum(daemon.memory_mb for daemon in described), 1),
        message="; ".join(troubles) if progress is None else progress,
        missing=requirements.missing(requirements.PACKAGES),
    )


def daemons(processes: Processes) -> list[Process]:
    """List every recorded process that does something for the clusters, dead ones too."""
    return [process for process in processes.all() if process.name != watch.NAME]


def _overall(clusters: list[SandboxCluster]) -> SandboxState:
    states = {cluster.state for cluster in clusters}
    order: tuple[SandboxState, ...] = ("failed", "running")
    return next((state for state in order if state in states), "stopped")


def _state(
    directory: Path,
    name: str,
    state: ClusterState,
    processes: Processes,
    trouble: str | None,
    progress: str | None,
) -> SandboxState:
    if trouble is None and state.up and _expected(directory, name, state):
        rebooted = _rebooted(name, processes)
        return "stopped" if rebooted else "running"
    if progress is not None and state.up:
        return "starting"
    return "stopped" if trouble is None else "failed"


def _trouble(directory: Path, name: str, state: ClusterState, processes: Processes) -> str | None:
    """Why a cluster that is meant to run does not; None when all is as it should be."""
    if state.error:
        return state.error
    if not state.up or _rebooted(name, processes):
        return None
    dead = [jvm for jvm in _expected(directory, name, state) if not processes.alive(jvm)]
    if dead:
        verb = "is" if len(dead) == 1 else "are"
        return f"{' and '.join(dead)} {verb} not running; start the sandbox again to repair it"
    if not marker(directory / name).exists():
        return f"the start of {name} was broken off; start the sandbox again to finish it"
    return None


def _expected(directory: Path, name: str, state: ClusterState) -> list[str]:
    jvms = layout(spec.cluster(directory, name, state), state.shape.hadoop)
    secure = ["kdc", "kadmin", "ldap"] if spec.kind(name).secure else []
    return [*(f"{name}-{part}" for part in secure), *(jvm for jvm, _, _ in jvms)]


def _rebooted(name: str, processes: Processes) -> bool:
    """Whether the cluster last ran before this machine was started."""
    recorded = spec.members(name, processes)
    return bool(recorded) and all(process.boot != boot_id() for process in recorded)


def _daemon(process: Process, processes: Processes) -> DaemonStatus:
    alive = process.alive
    return DaemonStatus(
        name=process.name,
        pid=process.pid,
        alive=alive,
        memory_mb=process.memory_mb if alive else 0.0,
        log=str(processes.log(process.name)),
    )
