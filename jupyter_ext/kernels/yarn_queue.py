"""What a queue has room for: does a kernel fit into its ApplicationMaster, and who comes before."""

from __future__ import annotations

from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop.apps import same_queue
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import App, ClusterMetrics, Queue, Scheduler
from jupyter_ext.hadoop.waiting import explain
from jupyter_ext.kernels.yarn_launch import Wanted

_DEFAULT = "default"
"""The queue of those who name none, unless the cluster places them by rules of its own."""


def second_container(wanted: Wanted, scheduler: Scheduler | None) -> bool:
    """Whether the kernel gets a container beside the ApplicationMaster's.

    That of an ApplicationMaster starts some tenths of a second sooner. But all of a queue together
    may hold a small share of it only, 10 % where nobody changed that; and the ResourceManager's
    REST API knows no GPUs for them.
    """
    if wanted.gpus:
        return True
    queue = find(scheduler, wanted.queue)
    if queue is None or queue.am_limit is None or queue.am_limit.memory_mb <= 0:
        return False
    used = queue.am_used.memory_mb if queue.am_used else 0
    return used + wanted.memory_mb > queue.am_limit.memory_mb


def find(scheduler: Scheduler | None, name: str) -> Queue | None:
    """Give a queue by its path or its last name."""
    queues = scheduler.queues if scheduler else []
    return next(
        (queue for queue in queues if queue.leaf and same_queue(queue.path, name or _DEFAULT)), None
    )


async def waiting(hadoop: Hadoop, app: App) -> str:
    """Say why an application waits, and how many of its queue wait longer; one sentence."""
    manager = hadoop.resourcemanager
    queue: Queue | None = None
    metrics: ClusterMetrics | None = None
    position = 0
    try:
        queue = find(await manager.scheduler(), app.queue)
        metrics = await manager.metrics()
        others = await manager.apps(states=["ACCEPTED"], queue=app.queue)
        before = [other for other in others if _place(other) < _place(app)]
        # Those that have a container are being started, not waiting.
        position = sum(1 for other in before if other.containers <= 0)
    except JupyterExtError:
        pass  # the application's own text is enough for a sentence
    reason = explain(app, queue, metrics)
    if position:
        reason = f"{position} before it in {app.queue}. {reason}"
    return reason


def _place(app: App) -> tuple[int, str]:
    return app.started_ms, app.id
