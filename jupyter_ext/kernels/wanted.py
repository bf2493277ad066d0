"""What is wanted, and how it is written down and shown."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_ext.clusters.models import Profile
from jupyter_ext.kernels.backend import Found, Handle, Order
from jupyter_ext.kernels.models import Backend, KernelState, KernelView
from jupyter_ext.kernels.owner import Owner
from jupyter_ext.store import KernelRow


@dataclass(frozen=True)
class Wanted:
    """A kernel that somebody wants."""

    kernel_id: str
    user: str
    """The Jupyter user."""
    spec: str
    """Name of the kernelspec."""
    title: str
    backend: Backend
    profile: Profile | None
    values: Mapping[str, Any]
    launch: Mapping[str, Any] = field(repr=False)
    """The message that starts the kernel process; holds its key."""
    persistent: bool = True


def row_of(
    wanted: Wanted, order: Order, handle: Handle, owner: Owner, listens: list[str]
) -> KernelRow:
    """Write down a kernel whose container is about to be made."""
    return KernelRow(
        kernel_id=wanted.kernel_id,
        owner=owner.id,
        user=wanted.user,
        spec=wanted.spec,
        title=wanted.title,
        cluster=wanted.profile.name if wanted.profile else None,
        backend=wanted.backend,
        place=owner.place,
        started_at=time.time(),
        handle=handle,
        bootstrap=dict(order.bootstrap),
        launch=to_keep(wanted.launch),
        listens=list(listens),
        values=dict(wanted.values),
        persistent=wanted.persistent,
    )


def to_keep(launch: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Leave out what a kernel's environment has of this process's own: secrets may be among it."""
    env = {name: value for name, value in launch["env"].items() if environ.get(name) != value}
    return {**launch, "env": env}


def view_of(wanted: Wanted) -> KernelView:
    """Show a kernel that is being started."""
    return KernelView(
        kernel_id=wanted.kernel_id,
        spec=wanted.spec,
        title=wanted.title,
        cluster=wanted.profile.name if wanted.profile else None,
        backend=wanted.backend,
        state="starting",
        started_at=time.time(),
        owner=wanted.user,
        values=dict(wanted.values),
    )


def view_of_row(row: KernelRow, state: KernelState) -> KernelView:
    """Show a kernel of a process that has ended."""
    return KernelView.model_validate(
        {
            "kernel_id": row.kernel_id,
            "spec": row.spec,
            "title": row.title,
            "cluster": row.cluster,
            "backend": row.backend,
            "state": state,
            "container": container_of(row.handle),
            "started_at": row.started_at,
            "ready_at": row.ready_at,
            "notebook": row.notebook,
            "owner": row.user,
            "values": row.values,
        }
    )


def view_of_found(found: Found, backend: Backend) -> KernelView:
    """Show a container that no row knows of."""
    return KernelView(
        kernel_id=found.kernel_id,
        spec="",
        title=found.title,
        cluster=found.handle.get("cluster"),
        backend=backend,
        state="orphan",
        container=container_of(found.handle),
        started_at=found.started_at,
        owner=found.owner,
    )


def container_of(handle: Handle) -> str:
    """Name a container for people."""
    for key in ("application_id", "application", "name", "container", "directory"):
        if key in handle:
            return str(handle[key]).rsplit("/", 1)[-1]
    return ""
