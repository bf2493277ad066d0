"""A profile, and a status of it."""

from __future__ import annotations

from jupyter_ext.hadoop.models import ClusterInfo, ClusterMetrics, NodeCounts, Queue, Resources
from jupyter_ext.status.models import ClusterStatus, Yarn
from tests.profiles import profile

PROFILE = profile()


def up(memory_mb: int = 1024) -> ClusterStatus:
    metrics = ClusterMetrics(
        total=Resources(memory_mb=4096, vcores=8),
        allocated=Resources(memory_mb=memory_mb, vcores=2),
        pending=Resources(memory_mb=512, vcores=1),
        containers_pending=3,
        apps_pending=1,
        nodes=NodeCounts(total=1, active=1),
    )
    return ClusterStatus(
        cluster="dev",
        state="up",
        yarn=Yarn(active="http://rm", daemons=[], info=ClusterInfo(), metrics=metrics),
        queues=[
            Queue(path="root", leaf=False, used=0.25, guarantee=1, ceiling=1),
            Queue(path="root.default", used=0.25, guarantee=0.8, ceiling=1),
            Queue(path="root.small", used=0, guarantee=0.2, ceiling=0.2),
        ],
    )
