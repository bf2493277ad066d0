"""Which clusters there are, and what each needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_ext.clusters.models import Color
from jupyter_ext.errors import InvalidInput
from jupyter_ext.sandbox import kdc, ldap, site
from jupyter_ext.sandbox.processes import Process, Processes
from jupyter_ext.sandbox.site import Cluster
from jupyter_ext.sandbox.state import ClusterState, Shape


@dataclass(frozen=True)
class Kind:
    """What makes a cluster of the sandbox the one it is."""

    title: str
    color: Color
    secure: bool = False
    """Whether it has a realm and a directory of its own."""
    production: bool = False


CLUSTERS = {
    "dev": Kind("Development", "green"),
    "prod": Kind("Production", "red", secure=True, production=True),
    "stage": Kind("Staging", "orange"),
    # Another realm of prod's realm name, with keys of its own: neither takes the other's tickets.
    "twin": Kind("Twin", "cyan", secure=True),
}
DEFAULT = ("dev", "prod")
DEMO = (*DEFAULT, "stage")


@dataclass(frozen=True)
class Wish:
    """What ``up`` is asked for; None means as it was the last time."""

    clusters: Sequence[str] = DEFAULT
    hadoop: str | None = None
    processes: bool | None = None
    rm_ha: bool | None = None
    until_exit: int | None = None
    """Id of a process after whose end everything ends; None leaves that as it is."""

    def shape(self, known: Shape) -> Shape:
        """Change the known shape as wished for."""
        wishes = {"hadoop": self.hadoop, "processes": self.processes, "rm_ha": self.rm_ha}
        changes = {key: value for key, value in wishes.items() if value is not None}
        return known.model_copy(update=changes)


def kind(name: str) -> Kind:
    """Tell what the named cluster is.

    Raises
    ------
    InvalidInput
        If there is no such cluster.
    """
    if name not in CLUSTERS:
        raise InvalidInput(f"The sandbox has no cluster {name!r}; it has {', '.join(CLUSTERS)}.")
    return CLUSTERS[name]


def port_names(name: str, shape: Shape) -> list[str]:
    """List what needs a port."""
    names = [*site.HDFS_PORTS, *site.RM_PORTS, *site.NM_PORTS]
    if shape.rm_ha:
        names += site.RM2_PORTS
    if kind(name).secure:
        names += (*kdc.PORTS, *ldap.PORTS)
    return names


def cluster(directory: Path, name: str, state: ClusterState) -> Cluster:
    """Describe the named cluster of the sandbox in ``directory``."""
    return Cluster(
        name=name,
        directory=directory / name,
        ports=state.ports,
        secure=kind(name).secure,
        rm_ha=state.shape.rm_ha,
        processes=state.shape.processes,
    )


def members(name: str, processes: Processes) -> list[Process]:
    """List every recorded process that belongs to the named cluster."""
    return [
        process
        for process in processes.all()
        if process.name == name or process.name.startswith(f"{name}-")
    ]
