"""One picture of queues whatever the scheduler: Capacity, Fair or FIFO.

Field names are those of ``CapacitySchedulerInfo`` and ``CapacitySchedulerLeafQueueInfo``,
``FairSchedulerQueueInfo`` and ``FifoSchedulerInfo`` in YARN's ResourceManager web application.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jupyter_ext.hadoop.models import Queue, Resources, Scheduler
from jupyter_ext.hadoop.wire import Json, count, member, members, number, resources, text

BULKY = re.compile(r'\{\s*"(?:username|resourceInformation)"\s*:')
"""How objects begin that are most of the answer, up to a hundred kilobytes of each queue: a row for
every user, and in every amount each resource type with its limits."""

_CAPACITIES = ("capacities", "queueCapacitiesByPartition")


def keep_mine(bulky: Json, user: str | None) -> Json:
    """Keep of such objects the user's own row, which alone :func:`read_scheduler` reads."""
    return bulky if user is not None and text(bulky, "username") == user else {}


def read_scheduler(found: Json, user: str | None) -> Scheduler:
    """Read ``schedulerInfo``.

    Parameters
    ----------
    found
        The JSON object.
    user
        Whose share is ``my_share``; None if nobody asks in particular.
    """
    kind = text(found, "type").lower()
    if kind.startswith("fair"):
        root = member(found, "rootQueue")
        total = resources(root.get("clusterResources") or root.get("maxResources"))
        largest = _positive(root.get("maxContainerAllocation"))
        return Scheduler(type="fair", queues=_fair(root, "", total), largest=largest)
    if kind.startswith("fifo"):
        return Scheduler(type="fifo", queues=[_fifo(found)])
    # What the root may use is the whole cluster; said since Hadoop 3.1.
    total = resources(_default_partition(found, *_CAPACITIES).get("effectiveMaxResource"))
    largest = _positive(found.get("maximumAllocation"))
    return Scheduler(type="capacity", queues=_capacity(found, "", total, user), largest=largest)


def share(part: Resources, total: Resources) -> float:
    """Give the fraction of the cluster that ``part`` is, of whichever resource it takes more of."""
    return max(
        part.memory_mb / total.memory_mb if total.memory_mb else 0.0,
        part.vcores / total.vcores if total.vcores else 0.0,
    )


def _path(found: Json, parent: str) -> str:
    name = text(found, "queueName") or "root"
    path = text(found, "queuePath") or name
    if path == "root" or path.startswith("root."):
        return path
    return f"{parent or 'root'}.{name}"


def _capacity(found: Json, parent: str, total: Resources, user: str | None) -> list[Queue]:
    path = _path(found, parent)
    children = members(found, "queues", "queue")
    used = max(0.0, _percentage(found, "UsedCapacity")) / 100
    ceiling = _percentage(found, "MaxCapacity") / 100
    usage = _default_partition(found, "resources", "resourceUsagesByPartition")
    amount = resources(found.get("resourcesUsed") or usage.get("used"))
    if not total.memory_mb and used > 0:
        # Older: the queue's share and its amount give the whole away.
        total = Resources(memory_mb=round(amount.memory_mb / used))
    mine, limit = _of_user(found, user, total)
    leaf = not children and text(found, "queueType") != "parent"
    queue = Queue(
        path=path,
        parent=parent,
        leaf=leaf,
        state=text(found, "state") or "RUNNING",
        guarantee=_percentage(found, "Capacity") / 100,
        # 0 stands for "never said".
        ceiling=min(1.0, ceiling) if ceiling > 0 else 1.0,
        used=used,
        # With its default calculator the scheduler's percentages count memory alone: nobody holds
        # more of a queue than is used of it.
        my_share=None if mine is None or not leaf else min(mine, used),
        user_limit=limit,
        resources_used=amount,
        resources_pending=resources(usage.get("pending")),
        apps_running=count(found, "numActiveApplications", "numApplications"),
        apps_pending=count(found, "numPendingApplications"),
        am_limit=_optional(found.get("AMResourceLimit") or usage.get("amLimit")),
        am_used=_optional(found.get("usedAMResource") or usage.get("amUsed")),
        max_apps=_sensible(count(found, "maxApplications")),
    )
    below = [queue for child in children for queue in _capacity(child, path, total, user)]
    return [_parent(queue, below) if below else queue, *below]


def _parent(queue: Queue, below: Sequence[Queue]) -> Queue:
    """Count what a parent does not say of itself, or with waiting applications among the rest."""
    leaves = [child for child in below if child.leaf]
    counted = {
        "resources_used": _sum(leaf.resources_used for leaf in leaves),
        "resources_pending": _sum(leaf.resources_pending for leaf in leaves),
        "apps_running": sum(leaf.apps_running for leaf in leaves),
        "apps_pending": sum(leaf.apps_pending for leaf in leaves),
    }
    return queue.model_copy(update=counted)


def _sum(parts: Iterable[Resources]) -> Resources:
    amounts = list(parts)
    return Resources(
        memory_mb=sum(amount.memory_mb for amount in amounts),
        vcores=sum(amount.vcores for amount in amounts),
    )


def _default_partition(found: Json, *path: str) -> Json:
    """Figures of the nodes without a label, from a list with one entry per partition."""
    return next((item for item in members(found, *path) if not text(item, "partitionName")), {})


def _percentage(found: Json, name: str) -> float:
    """Read a percentage of the whole cluster, for example ``absoluteUsedCapacity``.

    From the queue itself, where only the root, which is the whole, says it without "absolute";
    newer versions may keep the truth in the default partition.
    """
    absolute, plain = f"absolute{name}", name[0].lower() + name[1:]
    own = absolute if "absoluteCapacity" in found else plain
    if own in found:
        return number(found, own)
    return number(_default_partition(found, *_CAPACITIES), absolute, plain)


def _of_user(found: Json, user: str | None, total: Resources) -> tuple[float | None, float | None]:
    """Share and limit of one user; every leaf has a row for each of its users."""
    if user is None:
        return None, None
    for row in _rows(found):
        if text(row, "username") == user:
            limit = row.get("userResourceLimit")
            return (
                share(resources(row.get("resourcesUsed")), total),
                min(1.0, share(resources(limit), total)) if limit else None,
            )
    return 0.0, None


def _rows(found: Json) -> list[Json]:
    return members(found, "users", "user") or members(found, "users")


def _fair(found: Json, parent: str, total: Resources) -> list[Queue]:
    path = _path(found, parent)
    children = members(found, "childQueues", "queue") or members(found, "childQueues")
    used, demand = resources(found.get("usedResources")), resources(found.get("demandResources"))
    # The steady share does not depend on who is asking right now; the other may be 0.
    steady = resources(found.get("steadyFairResources") or found.get("fairResources"))
    below = [queue for child in children for queue in _fair(child, path, total)]
    queue = Queue(
        path=path,
        parent=parent,
        leaf=not children,
        guarantee=min(1.0, share(steady, total)),
        ceiling=min(1.0, share(resources(found["maxResources"]), total))
        if found.get("maxResources")
        else None,
        used=share(used, total),
        resources_used=used,
        resources_pending=Resources(
            memory_mb=max(0, demand.memory_mb - used.memory_mb),
            vcores=max(0, demand.vcores - used.vcores),
        ),
        apps_running=count(found, "numActiveApps"),
        apps_pending=count(found, "numPendingApps"),
        # Of parents it says 0; of leaves too, until the first application comes.
        am_limit=_positive(found.get("amMaxResources")),
        am_used=_optional(found.get("amUsedResources")) if not children else None,
        max_apps=_sensible(count(found, "maxApps")),
    )
    return [_parent(queue, below) if below else queue, *below]


def _fifo(found: Json) -> Queue:
    """One queue that is the cluster; ``usedCapacity`` may be NaN, so nodes are counted."""
    all_mb = count(found, "totalNodeCapacity")
    used = count(found, "usedNodeCapacity") / all_mb if all_mb else number(found, "usedCapacity")
    return Queue(
        path="root.default",
        parent="",
        state=text(found, "qstate") or "RUNNING",
        guarantee=1.0,
        ceiling=1.0,
        used=used,
        resources_used=Resources(memory_mb=count(found, "usedNodeCapacity")),
    )


def _optional(found: object) -> Resources | None:
    return resources(found) if isinstance(found, dict) else None


def _positive(found: object) -> Resources | None:
    amount = resources(found)
    return amount if amount.memory_mb else None


def _sensible(limit: int) -> int | None:
    """Java's largest integer stands for no limit."""
    return limit if 0 < limit < 2**31 - 1 else None
