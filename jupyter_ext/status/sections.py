"""The questions that make up a poll: what is asked, and how often."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile
from jupyter_ext.hadoop.models import App, ClusterInfo, ClusterMetrics, Scheduler
from jupyter_ext.status.judge import has_hdfs, has_yarn
from jupyter_ext.status.models import Section
from jupyter_ext.status.snapshot import (
    FINISHED,
    UNFINISHED,
    Answer,
    HdfsAnswer,
    YarnAnswer,
    seen,
)

if TYPE_CHECKING:
    from jupyter_ext.hadoop.clients import Hadoop

ENDED_WITHIN_MS = 3_600_000


@dataclass(frozen=True)
class Question:
    """One section of a poll."""

    ask: Callable[[Hadoop, Profile], Awaitable[Answer]]
    every: int
    """Ticks between two attempts."""
    vital: bool = False
    """Asked even while the cluster does not answer: it tells when it is back."""


async def _info(hadoop: Hadoop, profile: Profile) -> YarnAnswer:
    found = await hadoop.resourcemanager.states()
    active = hadoop.resourcemanager.active
    info = next((info for daemon, info in found if info and daemon == active), None)
    return YarnAnswer(
        active=active.url if active else "",
        daemons=[seen(daemon, info.ha_state if info else None) for daemon, info in found],
        info=info or next((info for _, info in found if info), ClusterInfo()),
    )


async def _metrics(hadoop: Hadoop, profile: Profile) -> ClusterMetrics:
    return await hadoop.resourcemanager.metrics()


async def _apps(hadoop: Hadoop, profile: Profile) -> list[App]:
    """My unfinished applications, and the finished ones of the last hour; newest first."""
    ask = hadoop.resourcemanager.apps
    ended_after_ms = int(time.time() * 1000) - ENDED_WITHIN_MS
    unfinished = await ask(user=profile.user, states=UNFINISHED)
    finished = await ask(user=profile.user, states=FINISHED, ended_after_ms=ended_after_ms)
    # One that ended in between is in both answers; the later one is right.
    found = {app.id: app for app in (*unfinished, *finished)}
    return sorted(found.values(), key=lambda app: (app.started_ms, app.id), reverse=True)


async def _scheduler(hadoop: Hadoop, profile: Profile) -> Scheduler:
    return await hadoop.resourcemanager.scheduler()


async def _hdfs(hadoop: Hadoop, profile: Profile) -> HdfsAnswer:
    found = await hadoop.namenode.states()
    metrics = await hadoop.namenode.metrics()
    active = hadoop.namenode.active
    return HdfsAnswer(
        active=active.url if active else "",
        daemons=[seen(daemon, state) for daemon, state in found],
        metrics=metrics,
    )


QUESTIONS: Mapping[Section, Question] = {
    "metrics": Question(_metrics, every=1, vital=True),
    "info": Question(_info, every=1, vital=True),
    "apps": Question(_apps, every=3),
    "scheduler": Question(_scheduler, every=6),
    "hdfs": Question(_hdfs, every=3, vital=True),
}


def sections(profile: Profile) -> list[Section]:
    """Everything that can be asked of a cluster."""
    if profile.broken:
        return []
    return [
        section for section in QUESTIONS if (has_hdfs if section == "hdfs" else has_yarn)(profile)
    ]
