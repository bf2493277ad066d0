"""What travels from the pollers to the tabs."""

from __future__ import annotations

from typing import Literal

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.models import Identity
from jupyter_ext.hadoop.models import (
    App,
    ClusterInfo,
    ClusterMetrics,
    HaState,
    HdfsMetrics,
    Node,
    Queue,
    SchedulerType,
)
from jupyter_ext.models import Model, StreamMessage

State = Literal[
    "connecting", "up", "degraded", "down", "unreachable", "login_needed", "misconfigured"
]
Section = Literal["info", "metrics", "apps", "scheduler", "hdfs"]


class SectionFailure(Model):
    """Why one section of a cluster's data is missing or old."""

    code: str
    message: str
    hint: str = ""


class DaemonState(Model):
    """One daemon of a high-availability pair, as last seen."""

    id: str
    url: str
    ha_state: HaState
    """UNKNOWN when it did not answer."""


class Yarn(Model):
    """YARN as the active ResourceManager reports it."""

    active: str
    """Base URL of the active ResourceManager."""
    daemons: list[DaemonState]
    info: ClusterInfo
    metrics: ClusterMetrics


class Hdfs(Model):
    """HDFS as the active NameNode reports it."""

    active: str
    daemons: list[DaemonState]
    metrics: HdfsMetrics


class AppStatus(App):
    """An application of mine, with the reason why it waits."""

    waiting: str = ""
    """One sentence; empty when it does not wait."""


class ClusterStatus(Model):
    """Everything a card and a detail view show of one cluster."""

    cluster: str
    state: State
    reason: str = ""
    """One sentence; empty when the state is up."""
    hint: str = ""
    polled_at: float | None = None
    """Epoch seconds of the last successful poll; None before the first one."""
    latency_ms: float | None = None
    """Round trip of the last successful poll's first request."""
    next_poll_s: float | None = None
    """Seconds until the next attempt, counted from this message."""
    yarn: Yarn | None = None
    hdfs: Hdfs | None = None
    scheduler: SchedulerType | None = None
    queues: list[Queue] = []
    apps: list[AppStatus] = []
    """Mine: running and waiting ones, and those that ended within the last hour; newest first."""
    apps_left_off: int = 0
    """How many more of mine there are; a card carries no more than 500."""
    failures: dict[Section, SectionFailure] = {}


class Sample(Model):
    """One point of a cluster's history."""

    time: float
    """Epoch seconds."""
    memory_mb: int
    memory_total_mb: int
    vcores: int
    vcores_total: int
    containers_pending: int
    apps_pending: int


class Card(Model):
    """A cluster with everything known about it."""

    profile: Profile
    status: ClusterStatus
    history: list[Sample]
    """Oldest first, one hour at most."""
    identity: Identity | None = None
    """Who the viewer is there; None where nobody can log in."""


class BoardMessage(StreamMessage):
    """First message on a stream, and again whenever profiles change: the whole picture."""

    type: Literal["board"] = "board"
    version: str
    protocol: int
    tick_s: float
    cards: list[Card]


class StatusMessage(StreamMessage):
    """One cluster changed."""

    type: Literal["status"] = "status"
    status: ClusterStatus
    sample: Sample | None = None
    """New point of the history, if this poll made one."""


class IdentityMessage(StreamMessage):
    """Who the viewer is on one cluster has changed."""

    type: Literal["identity"] = "identity"
    identity: Identity


class WatchMessage(Model):
    """From a tab: which clusters it shows. An empty list (a hidden tab) stops their polling."""

    type: Literal["watch"] = "watch"
    clusters: list[str] | None = None
    """None means all of them."""
    refresh: bool = False
    """Ask these clusters now, whatever the cadence and however often they failed."""


class NodeList(Model):
    """NodeManagers of a cluster, fetched on demand."""

    nodes: list[Node]
