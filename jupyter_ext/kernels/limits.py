"""What may be asked for at the moment: the largest container, and what is free in the queues."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile, YarnDefaults
from jupyter_ext.clusters.xml import Configuration
from jupyter_ext.display import megabytes
from jupyter_ext.hadoop.access import Access
from jupyter_ext.hadoop.models import ClusterMetrics, Node, Queue, Resources, Scheduler
from jupyter_ext.kernels.models import Limit
from jupyter_ext.kernels.specs import Spec

if TYPE_CHECKING:
    from jupyter_ext.hadoop.clients import Hadoop

DEFAULT_QUEUE = "default"
"""Where YARN puts what names no queue."""
MOST_QUEUES = 5
"""Queues whose room a sentence tells; the list to choose from has them all."""


class LiveLimits:
    """Asks whoever runs containers.

    Parameters
    ----------
    access
        Gives as whom the clusters are asked for a Jupyter user.
    """

    def __init__(self, access: Callable[[str], Access]) -> None:
        self._access = access

    async def ask(self, user: str, spec: Spec, profile: Profile) -> list[Limit]:
        """Ask what a kernel may have.

        Raises
        ------
        JupyterExtError
            If the daemon cannot be asked.
        """
        if spec.backend == "docker":
            return await docker_limits(profile)
        access = self._access(user)
        async with await access.open(profile) as hadoop:
            account = access.identity(profile).account
            groups = account.groups if account else []
            return await yarn_limits(hadoop, profile, groups)


async def docker_limits(profile: Profile) -> list[Limit]:
    """Ask a Docker daemon what its machine has.

    Raises
    ------
    JupyterExtError
        If it cannot be asked.
    """
    # It loads the Docker client, which takes longer than everything else here.
    from jupyter_ext.kernels.docker_daemon import connect
    from jupyter_ext.kernels.docker_engine import Engine

    async with connect(Engine.of(profile)) as daemon:
        info = await daemon.info()
    memory = int(info.get("MemTotal") or 0) >> 20
    return [
        Limit(
            field="memory_mb",
            maximum=memory or None,
            note=f"{info.get('Name')} has {megabytes(memory)} for all its containers.",
        ),
        Limit(field="vcores", maximum=int(info.get("NCPU") or 0) or None),
        Limit(field="gpus", maximum=None if "nvidia" in (info.get("Runtimes") or {}) else 0),
    ]


@dataclass(frozen=True)
class Room:
    """What one queue has for one user."""

    queue: Queue
    name: str
    """As a submission names it."""
    free_mb: int
    """What would start at once."""
    mine_mb: int | None
    """What the user holds of it; None where the scheduler does not say."""
    quota_mb: int | None
    """The most that the user may hold."""


async def yarn_limits(
    hadoop: Hadoop, profile: Profile, groups: Collection[str] = ()
) -> list[Limit]:
    """Ask a cluster what a kernel in a YARN container may have.

    Parameters
    ----------
    groups
        Those of who asks: some queues are offered to some groups only.

    Raises
    ------
    JupyterExtError
        If the ResourceManager cannot be asked.
    """
    metrics, scheduler, nodes = await asyncio.gather(
        hadoop.resourcemanager.metrics(),
        hadoop.resourcemanager.scheduler(),
        hadoop.resourcemanager.nodes(states=("RUNNING",)),
    )
    largest = scheduler.largest
    if largest is None:
        largest = await asyncio.to_thread(largest_allocation, Path(profile.conf_dir))
    return judge(metrics, scheduler, nodes, largest, profile.config.kernels.yarn, groups)


def judge(
    metrics: ClusterMetrics,
    scheduler: Scheduler,
    nodes: Sequence[Node],
    largest: Resources,
    defaults: YarnDefaults,
    groups: Collection[str] = (),
) -> list[Limit]:
    """Say what may be asked for, of what a cluster told.

    Parameters
    ----------
    largest
        What the scheduler allows a container at most; 0 where nobody knows.
    defaults
        What the profile says of such kernels.
    groups
        Those of who asks.
    """
    rooms = [room(found, scheduler, metrics) for found in leaves(scheduler)]
    closed = {
        each.queue.removeprefix("root.")
        for each in defaults.queues
        if not set(each.groups) & set(groups)
    }
    rooms = [each for each in rooms if not closed & _names(each)]
    chosen = _find(rooms, defaults.queue or DEFAULT_QUEUE)
    memory = _least(largest.memory_mb, *_node(nodes, "memory_mb"))
    vcores = _least(largest.vcores, *_node(nodes, "vcores"))
    limits = [
        Limit(
            field="memory_mb",
            maximum=memory,
            free=chosen.free_mb if chosen else None,
            note=_memory_note(memory, chosen),
        ),
        Limit(
            field="vcores",
            maximum=vcores,
            free=max(0, metrics.total.vcores - metrics.allocated.vcores),
        ),
        Limit(
            field="queue",
            choices=["", *(each.name for each in rooms)] if len(rooms) > 1 else [],
            note=_queue_note(rooms),
        ),
        Limit(field="node_label", choices=["", *_labels(nodes)]),
        # Not every version tells; who has some says so in the profile.
        Limit(field="gpus", maximum=0 if defaults.gpus is None else None),
    ]
    return [limit for limit in limits if limit != Limit(field=limit.field)]


def largest_allocation(conf_dir: Path) -> Resources:
    """Read what the cluster's own configuration allows a container at most; 0 if it is silent."""
    configuration = Configuration.read(conf_dir)

    def number(key: str) -> int:
        value = configuration.get(key)
        return int(value) if value.isdecimal() else 0

    return Resources(
        memory_mb=number("yarn.scheduler.maximum-allocation-mb"),
        vcores=number("yarn.scheduler.maximum-allocation-vcores"),
    )


def leaves(scheduler: Scheduler) -> list[Queue]:
    """List the queues that take applications."""
    return [queue for queue in scheduler.queues if queue.leaf and queue.state == "RUNNING"]


def room(queue: Queue, scheduler: Scheduler, metrics: ClusterMetrics) -> Room:
    """Find what is left: of the cluster, of every queue up to the root, and of the user's quota."""
    total = metrics.total.memory_mb
    taken = metrics.allocated.memory_mb + metrics.reserved.memory_mb
    left = [total - taken]
    by_path = {each.path: each for each in scheduler.queues}
    above: Queue | None = queue
    while above is not None:
        if above.ceiling is not None:
            left.append(round(above.ceiling * total) - above.resources_used.memory_mb)
        above = by_path.get(above.parent)
    mine = None if queue.my_share is None else round(queue.my_share * total)
    quota = None if queue.user_limit is None else round(queue.user_limit * total)
    if quota is not None:
        left.append(quota - (mine or 0))
    return Room(queue, _name(queue, scheduler), max(0, min(left)), mine, quota)


def _name(queue: Queue, scheduler: Scheduler) -> str:
    """Name a queue as every version of its scheduler understands.

    A Capacity Scheduler before Hadoop 3.3 knows the last name only, a Fair Scheduler the path.
    """
    path = queue.path.removeprefix("root.")
    if scheduler.type != "capacity":
        return path
    last = path.rsplit(".", 1)[-1]
    counted = Counter(each.path.rsplit(".", 1)[-1] for each in scheduler.queues if each.leaf)
    return last if counted[last] == 1 else queue.path


def _find(rooms: Sequence[Room], name: str) -> Room | None:
    wanted = name.removeprefix("root.")
    return next((each for each in rooms if wanted in _names(each)), None)


def _names(room: Room) -> set[str]:
    """Give what a profile may call a queue."""
    return {room.name, room.queue.path.removeprefix("root.")}


def _node(nodes: Sequence[Node], field: str) -> list[int]:
    """Give the whole of the largest node; nothing if nobody knows one."""
    wholes = [getattr(node.used, field) + getattr(node.available, field) for node in nodes]
    return [max(wholes)] if wholes else []


def _least(*amounts: int) -> int | None:
    return min((amount for amount in amounts if amount > 0), default=None)


def _labels(nodes: Sequence[Node]) -> list[str]:
    return sorted({label for node in nodes for label in node.labels if label})


def _memory_note(largest: int | None, chosen: Room | None) -> str:
    sentences = []
    if chosen is not None:
        sentences.append(f"Queue {chosen.name} has {megabytes(chosen.free_mb)} free")
        if chosen.quota_mb is not None and chosen.mine_mb is not None:
            sentences.append(
                f"you hold {megabytes(chosen.mine_mb)} of at most {megabytes(chosen.quota_mb)}"
            )
    if largest is not None:
        sentences.append(f"the largest container has {megabytes(largest)}")
    text = "; ".join(sentences)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _queue_note(rooms: Sequence[Room]) -> str:
    if len(rooms) < 2:
        return ""
    by_room = sorted(rooms, key=lambda each: each.free_mb, reverse=True)[:MOST_QUEUES]
    return f"Free: {', '.join(f'{each.name} {megabytes(each.free_mb)}' for each in by_room)}."
