"""What the sandbox says about itself."""

from __future__ import annotations

from typing import Literal

from jupyter_ext.models import Model

SandboxState = Literal["stopped", "starting", "running", "failed"]


class DaemonStatus(Model):
    """One process of the sandbox."""

    name: str
    """For example dev, prod-kdc, or dev-nodemanager in four-JVM mode."""
    pid: int
    alive: bool
    memory_mb: float = 0.0
    """Resident."""
    log: str
    """Path of its log file."""


class SandboxCluster(Model):
    """One cluster of the sandbox."""

    name: str
    hadoop: str
    """Version of Hadoop."""
    state: SandboxState
    ready_s: float | None = None
    """Seconds from start to ready, the last time."""
    resourcemanager: str = ""
    namenode: str = ""
    """Base URLs of the web servers."""


class SandboxStatus(Model):
    """The whole sandbox."""

    state: SandboxState
    directory: str
    clusters: list[SandboxCluster] = []
    daemons: list[DaemonStatus] = []
    memory_mb: float = 0.0
    """Resident, all daemons together."""
    message: str = ""
    """What it is doing, or why it failed: the daemon's own cause line."""
    missing: list[str] = []
    """Debian packages without which it cannot start."""
