"""What is known of one cluster at this moment, and how it was over the last hour."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_ext.clusters.models import Daemon, Profile
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop.models import (
    App,
    ClusterInfo,
    ClusterMetrics,
    HaState,
    HdfsMetrics,
    Node,
    Queue,
    Scheduler,
)
from jupyter_ext.hadoop.waiting import explain
from jupyter_ext.status.judge import Findings, judge
from jupyter_ext.status.models import (
    AppStatus,
    ClusterStatus,
    DaemonState,
    Hdfs,
    Sample,
    Section,
    SectionFailure,
    Yarn,
)

HISTORY_S = 3600.0
MAX_SAMPLES = 720
"""One hour at a tick of 5 s; a shorter tick keeps a shorter history, never a larger one."""
MAX_APPS = 500
MAX_DIAGNOSTICS = 6000
"""Characters: the container's exit with the last 4096 bytes of its stderr, and no more."""

_ALL_FIELDS = set(AppStatus.model_fields)
UNFINISHED = ("NEW", "NEW_SAVING", "SUBMITTED", "ACCEPTED", "RUNNING")
FINISHED = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class YarnAnswer:
    """What the ResourceManagers say about themselves."""

    active: str
    """Base URL of the active one; empty if there is none."""
    daemons: Sequence[DaemonState]
    info: ClusterInfo


@dataclass(frozen=True)
class HdfsAnswer:
    """What the NameNodes say."""

    active: str
    daemons: Sequence[DaemonState]
    metrics: HdfsMetrics


Answer = YarnAnswer | ClusterMetrics | Sequence[App] | Scheduler | HdfsAnswer


class Snapshot:
    """The latest answer to each question, the failures, and the history.

    It outlives the poller's task: whoever watches again after a pause sees at once what was known
    before, with its age.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.yarn: YarnAnswer | None = None
        self.metrics: ClusterMetrics | None = None
        self.scheduler: Scheduler | None = None
        self.hdfs: HdfsAnswer | None = None
        self.nodes: Sequence[Node] = ()
        self.failures: dict[Section, SectionFailure] = {}
        self.asked_at: dict[Section, float] = {}
        """Monotonic seconds of each section's last attempt."""
        self.polled_at: float | None = None
        self.latency_ms: float | None = None
        self.history: deque[Sample] = deque(maxlen=MAX_SAMPLES)
        self.app_states: dict[str, str] | None = None
        """State of each of my applications by its id; None before the first answer."""
        self._shown: list[AppStatus] = []
        self._explained = True
        self._queues: dict[str, Queue] = {}

    # -- what comes in ------------------------------------------------------------------------

    def record(self, section: Section, answer: Answer, latency_s: float) -> None:
        """Take an answer."""
        self._explained = False
        self.failures.pop(section, None)
        if isinstance(answer, YarnAnswer):
            self.yarn = answer
        elif isinstance(answer, ClusterMetrics):
            self.metrics = answer
        elif isinstance(answer, Scheduler):
            self.scheduler = answer
            # Older Capacity Schedulers name the leaf alone, which is unique there.
            self._queues = {q.path.rpartition(".")[2]: q for q in answer.queues if q.leaf}
            self._queues |= {queue.path: queue for queue in answer.queues}
        elif isinstance(answer, HdfsAnswer):
            self.hdfs = answer
        else:
            self.app_states = {app.id: app.state for app in answer}
            self._shown = _shown(answer)
        if section == "metrics" or (section == "hdfs" and self.metrics is None):
            self.polled_at = time.time()
            self.latency_ms = 1000 * latency_s

    def fail(self, section: Section, error: JupyterExtError) -> None:
        """Take note that a question was not answered; the last answer is kept."""
        self.failures[section] = SectionFailure(
            code=error.code, message=error.message, hint=error.hint
        )

    def sample(self) -> Sample | None:
        """Add a point to the history, from the latest metrics."""
        if self.metrics is None or self.polled_at is None:
            return None
        metrics = self.metrics
        sample = Sample(
            time=self.polled_at,
            memory_mb=metrics.allocated.memory_mb + metrics.reserved.memory_mb,
            memory_total_mb=metrics.total.memory_mb,
            vcores=metrics.allocated.vcores + metrics.reserved.vcores,
            vcores_total=metrics.total.vcores,
            containers_pending=metrics.containers_pending,
            apps_pending=metrics.apps_pending,
        )
        while self.history and self.history[0].time < sample.time - HISTORY_S:
            self.history.popleft()
        self.history.append(sample)
        return sample

    # -- what goes out ------------------------------------------------------------------------

    def status(self, next_poll_s: float | None = None) -> ClusterStatus:
        """Everything a card and a detail view show."""
        if not self._explained:
            self._explained = True
            for index, app in enumerate(self._shown):
                if app.state in UNFINISHED and (waiting := self.explain(app)) != app.waiting:
                    self._shown[index] = app.model_copy(update={"waiting": waiting})
        yarn, metrics, hdfs, scheduler = self.yarn, self.metrics, self.hdfs, self.scheduler
        judgement = judge(
            self.profile,
            Findings(
                resourcemanagers=yarn.daemons if yarn else (),
                metrics=metrics,
                nodes=self.nodes,
                namenodes=hdfs.daemons if hdfs else (),
                hdfs=hdfs.metrics if hdfs else None,
                failures=self.failures,
            ),
        )
        return ClusterStatus(
            cluster=self.profile.name,
            state=judgement.state,
            reason=judgement.reason,
            hint=judgement.hint,
            polled_at=self.polled_at,
            latency_ms=self.latency_ms,
            next_poll_s=next_poll_s,
            yarn=Yarn(
                active=yarn.active if yarn else "",
                daemons=list(yarn.daemons) if yarn else [],
                info=yarn.info if yarn else ClusterInfo(),
                metrics=metrics,
            )
            if metrics
            else None,
            hdfs=Hdfs(active=hdfs.active, daemons=list(hdfs.daemons), metrics=hdfs.metrics)
            if hdfs
            else None,
            scheduler=scheduler.type if scheduler else None,
            queues=scheduler.queues if scheduler else [],
            apps=self._shown,
            apps_left_off=len(self.app_states or ()) - len(self._shown),
            failures=dict(self.failures),
        )

    def explain(self, app: App) -> str:
        """Say why an application waits, as queues and cluster were last; empty if it does not."""
        return explain(app, self._queues.get(app.queue), self.metrics)


def _shown(apps: Sequence[App]) -> list[AppStatus]:
    """Choose the applications that are shown: the unfinished ones first if they are too many."""
    if len(apps) > MAX_APPS:
        chosen = sorted(apps, key=lambda app: (app.state not in UNFINISHED, -app.started_ms))
        apps = sorted(chosen[:MAX_APPS], key=lambda app: -app.started_ms)
    return [
        # Every field is set, and one set says so for all: fewer objects for the garbage collector.
        AppStatus.model_construct(
            _ALL_FIELDS, **{**dict(app), "diagnostics": app.diagnostics[:MAX_DIAGNOSTICS]}
        )
        for app in apps
    ]


def seen(daemon: Daemon, ha_state: HaState | None) -> DaemonState:
    """Turn a daemon and what it says of itself, None for silence, into its state."""
    return DaemonState(id=daemon.id, url=daemon.url, ha_state=ha_state or "UNKNOWN")
