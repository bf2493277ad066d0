"""What the daemons say, in one vocabulary whatever the version or the scheduler."""

from __future__ import annotations

from typing import Literal

from jupyter_ext.models import Model

HaState = Literal["ACTIVE", "STANDBY", "INITIALIZING", "STOPPED", "OBSERVER", "UNKNOWN"]
SchedulerType = Literal["capacity", "fair", "fifo"]
Verdict = Literal["ok", "warning", "failed", "skipped"]
CheckName = Literal[
    "profile",
    "dns",
    "tcp",
    "tls",
    "auth",
    "clock",
    "realm",
    "login",
    "ticket",
    "spnego",
    "bind",
    "token",
    "resourcemanager",
    "namenode",
]


class Resources(Model):
    """An amount of what YARN hands out."""

    memory_mb: int = 0
    vcores: int = 0


class ClusterInfo(Model):
    """One ResourceManager about itself (/ws/v1/cluster/info)."""

    ha_state: HaState = "UNKNOWN"
    state: str = ""
    version: str = ""
    started_ms: int = 0
    """Epoch milliseconds."""


class NodeCounts(Model):
    """NodeManagers by state."""

    total: int = 0
    active: int = 0
    lost: int = 0
    unhealthy: int = 0
    decommissioning: int = 0
    decommissioned: int = 0
    rebooted: int = 0
    shutdown: int = 0


class ClusterMetrics(Model):
    """The backbone of the status card (/ws/v1/cluster/metrics)."""

    total: Resources = Resources()
    allocated: Resources = Resources()
    reserved: Resources = Resources()
    pending: Resources = Resources()
    containers: int = 0
    containers_pending: int = 0
    apps_running: int = 0
    apps_pending: int = 0
    nodes: NodeCounts = NodeCounts()


class Queue(Model):
    """One queue, normalised over Capacity, Fair and FIFO.

    Shares are fractions of the whole cluster (0..1) of the dominant resource; None when the
    scheduler does not know the notion.
    """

    path: str
    """Full path, for example root.analytics.adhoc."""
    parent: str = ""
    leaf: bool = True
    state: str = "RUNNING"
    guarantee: float | None = None
    ceiling: float | None = None
    used: float = 0.0
    my_share: float | None = None
    """What the asking user's applications hold."""
    user_limit: float | None = None
    """The most one user may hold at present."""
    resources_used: Resources = Resources()
    resources_pending: Resources = Resources()
    apps_running: int = 0
    apps_pending: int = 0
    am_limit: Resources | None = None
    """The most that ApplicationMasters may hold together."""
    am_used: Resources | None = None
    max_apps: int | None = None


class Scheduler(Model):
    """The queue tree, flattened, parents before children."""

    type: SchedulerType
    queues: list[Queue] = []
    largest: Resources | None = None
    """The most that one container may have; said since Hadoop 3.3."""


class App(Model):
    """A YARN application."""

    id: str
    name: str = ""
    user: str = ""
    queue: str = ""
    type: str = ""
    state: str = ""
    final_status: str = ""
    progress: float = 0.0
    """0..1"""
    started_ms: int = 0
    finished_ms: int = 0
    """0 while it runs."""
    memory_mb: int = 0
    vcores: int = 0
    containers: int = 0
    tracking_url: str = ""
    """Absolute http(s) URL or empty."""
    diagnostics: str = ""
    tags: list[str] = []
    am_host: str = ""


class NewApplication(Model):
    """An id that the ResourceManager gave for an application to come."""

    id: str
    largest: Resources
    """The most that one container may have."""


class Attempt(Model):
    """One attempt of an application."""

    id: str
    state: str = ""
    container: str = ""
    """Id of the ApplicationMaster's container."""
    node_url: str = ""
    """Base URL of the NodeManager that runs it."""
    diagnostics: str = ""
    started_ms: int = 0
    finished_ms: int = 0


class Node(Model):
    """A NodeManager, as the ResourceManager sees it."""

    id: str
    host: str = ""
    rack: str = ""
    state: str = ""
    url: str = ""
    version: str = ""
    used: Resources = Resources()
    available: Resources = Resources()
    containers: int = 0
    health_report: str = ""
    last_update_ms: int = 0
    labels: list[str] = []


class HdfsMetrics(Model):
    """HDFS as the active NameNode counts it (JMX FSNamesystem)."""

    capacity_bytes: int = 0
    used_bytes: int = 0
    remaining_bytes: int = 0
    files: int = 0
    blocks: int = 0
    missing_blocks: int = 0
    corrupt_blocks: int = 0
    under_replicated_blocks: int = 0
    live_datanodes: int = 0
    dead_datanodes: int = 0
    safe_mode: str = ""
    """Why the NameNode is in safe mode; empty when it is not."""


class FileStatus(Model):
    """A file or directory of HDFS."""

    path: str
    """Absolute."""
    type: Literal["FILE", "DIRECTORY", "SYMLINK"]
    length: int = 0
    """Bytes."""
    owner: str = ""
    group: str = ""
    permission: str = ""
    """Octal."""
    modified_ms: int = 0
    replication: int = 0


class Quota(Model):
    """Quota and use of a directory; -1 means no quota is set."""

    quota: int = -1
    used: int = 0
    space_quota: int = -1
    space_used: int = 0


class LogTail(Model):
    """The end of one log file of a container."""

    app: str
    container: str
    file: str
    files: list[str]
    """Every log file the container has."""
    text: str
    truncated: bool
    """Whether the file has more before this text."""


class AppActivities(Model):
    """Why the scheduler passes an application over, asked on demand."""

    app: str
    waiting: str
    details: list[str] = []


class Check(Model):
    """One thing the doctor looked at."""

    name: CheckName
    target: str
    """What was looked at: a file, host:port or a URL."""
    verdict: Verdict
    seconds: float
    message: str
    """What was found."""
    remedy: str = ""
    """What to do about it; empty when there is nothing to do."""


class DoctorReport(Model):
    """All checks of one cluster."""

    cluster: str
    seconds: float
    checks: list[Check]

    @property
    def healthy(self) -> bool:
        """Whether nothing failed."""
        return all(check.verdict != "failed" for check in self.checks)
