"""What people see of clusters outside the panel: tables of profiles, states, apps and checks."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from jupyter_ext.clusters.models import Daemon, Profile
from jupyter_ext.display import Cell, Mark, Table, Tone, View, duration, megabytes, percent, size
from jupyter_ext.hadoop.models import DoctorReport, NodeCounts, Queue, Verdict
from jupyter_ext.status.models import ClusterStatus, DaemonState, State

STATES: Mapping[State, tuple[str, Tone]] = {
    "connecting": ("connecting", "quiet"),
    "up": ("up", "good"),
    "degraded": ("degraded", "warning"),
    "down": ("down", "bad"),
    "unreachable": ("unreachable", "bad"),
    "login_needed": ("login needed", "info"),
    "misconfigured": ("misconfigured", "bad"),
}

MAX_CAUSE = 300
"""Characters of an application's diagnostics that a table has room for."""

_EXIT_CODE = re.compile(r"exitCode: (-?\d+)")
_STDERR = re.compile(r"Last \d+ bytes of stderr :\n(.+?)(?:\n\n|\n\[|\Z)", re.DOTALL)
_OVER_MEMORY = re.compile(r"beyond the .{0,20} memory limit\. Current usage: (.+?)\. Killing")

_NOTHING = "There is no cluster yet. Add one: jupyter cluster add NAME --conf-dir DIRECTORY"

_VERDICTS: Mapping[Verdict, Tone] = {
    "ok": "good",
    "warning": "warning",
    "failed": "bad",
    "skipped": "quiet",
}


def state(status: ClusterStatus) -> Mark:
    """Give the state in the panel's words."""
    return Mark(*STATES[status.state])


def profiles(found: Sequence[Profile], current: str | None) -> View:
    """Every cluster in one line, without asking any of them."""
    if not found:
        return View([_NOTHING])
    rows = [
        [
            "▸" if profile.name == current else "",
            profile.name,
            profile.title,
            profile.auth,
            profile.realm or profile.user or "",
            ", ".join(daemon.url for daemon in profile.endpoints.resourcemanagers),
            _profile_state(profile),
        ]
        for profile in found
    ]
    columns = ["", "name", "title", "auth", "realm or user", "ResourceManager", "profile"]
    return View([Table(columns, rows)])


def here(profile: Profile, environment: Mapping[str, str]) -> View:
    """Show the current cluster: what it is, who you are, and what the next program will be told."""
    title = f"{profile.name} · {profile.title}" if profile.title != profile.name else profile.name
    rows: list[tuple[str, Cell]] = [
        ("user", profile.user or f"not logged in: %cluster login {profile.name}"),
        ("auth", f"{profile.auth}{f', realm {profile.realm}' if profile.realm else ''}"),
        ("file system", profile.endpoints.default_fs),
        ("ResourceManager", _urls(profile.endpoints.resourcemanagers)),
        ("NameNode", _urls(profile.endpoints.namenodes)),
        ("profile", f"{profile.directory} ({profile.layer} layer)"),
        *environment.items(),
    ]
    production = [Mark("This is production.", "warning")] if profile.production else []
    return View([title, *production, Table([], rows), *_problems(profile)])


def overview(found: Sequence[tuple[Profile, ClusterStatus]], current: str | None) -> View:
    """Several clusters, one line each."""
    if not found:
        return View([_NOTHING])
    rows = []
    for profile, status in found:
        metrics = status.yarn.metrics if status.yarn else None
        rows.append(
            [
                "▸" if profile.name == current else "",
                profile.name,
                state(status),
                f"{_share(metrics.allocated.memory_mb, metrics.total.memory_mb)} "
                f"of {megabytes(metrics.total.memory_mb)}"
                if metrics
                else "",
                f"{metrics.allocated.vcores} of {metrics.total.vcores}" if metrics else "",
                str(metrics.containers_pending) if metrics else "",
                _nodes(metrics.nodes) if metrics else "",
                str(sum(not app.finished_ms for app in status.apps)) if metrics else "",
                status.reason,
            ]
        )
    columns = ["", "name", "state", "memory", "vcores", "pending", "nodes", "my apps", "why"]
    return View([Table(columns, rows)])


def headline(profile: Profile, status: ClusterStatus) -> Mark:
    """Say in one line how a cluster is, why, and what to do."""
    words, tone = STATES[status.state]
    reasons = [sentence for sentence in (status.reason, status.hint) if sentence]
    because = f". {' '.join(reasons)}" if reasons else ""
    return Mark(f"{profile.name}: {words}{because}", tone)


def details(profile: Profile, status: ClusterStatus) -> View:
    """One cluster: what its card in the panel shows."""
    parts: list[Cell | Table] = [headline(profile, status)]
    rows: list[tuple[str, Cell]] = []
    if status.yarn:
        metrics = status.yarn.metrics
        rows += [
            ("memory", _amount(metrics.allocated.memory_mb, metrics.total.memory_mb)),
            (
                "vcores",
                f"{metrics.allocated.vcores} of {metrics.total.vcores} "
                f"({_share(metrics.allocated.vcores, metrics.total.vcores)})",
            ),
            ("containers", f"{metrics.containers} running, {metrics.containers_pending} pending"),
            ("applications", f"{metrics.apps_running} running, {metrics.apps_pending} pending"),
            ("nodes", _nodes(metrics.nodes)),
            ("ResourceManager", _daemons(status.yarn.daemons)),
        ]
    if status.hdfs:
        hdfs = status.hdfs.metrics
        safe = f"; safe mode: {hdfs.safe_mode}" if hdfs.safe_mode else ""
        missing = f"; {hdfs.missing_blocks} blocks missing" if hdfs.missing_blocks else ""
        rows += [
            (
                "HDFS",
                f"{size(hdfs.used_bytes)} of {size(hdfs.capacity_bytes)} used, "
                f"{hdfs.files} files{missing}{safe}",
            ),
            ("NameNode", _daemons(status.hdfs.daemons)),
        ]
    if status.polled_at is not None and status.latency_ms is not None:
        age = duration(max(0.0, time.time() - status.polled_at))
        rows.append(("asked", f"{age} ago, answered in {status.latency_ms:.0f} ms"))
    if rows:
        parts.append(Table([], rows))
    if status.queues:
        parts.append(queues(status.queues))
    if status.apps:
        parts += _apps(status)
    parts += [
        f"{section}: {failure.message} {failure.hint}".rstrip()
        for section, failure in status.failures.items()
        if failure.message != status.reason
    ]
    return View(parts)


def queues(found: Sequence[Queue]) -> Table:
    """Show the queue tree."""
    rows = [
        [
            queue.path,
            percent(queue.used),
            percent(queue.guarantee),
            percent(queue.ceiling),
            percent(queue.my_share),
            f"{queue.apps_running} running, {queue.apps_pending} waiting",
        ]
        for queue in found
    ]
    return Table(["queue", "used", "guarantee", "ceiling", "mine", "applications"], rows)


def apps(profile: Profile, status: ClusterStatus) -> View:
    """My applications on one cluster."""
    if status.apps:
        return View(_apps(status))
    if status.yarn is None:
        return View([headline(profile, status)])
    if failure := status.failures.get("apps"):
        return View([f"{profile.name}: {failure.message} {failure.hint}".rstrip()])
    who = f" of {profile.user}" if profile.user else " of yours"
    return View([f"{profile.name}: no application{who} runs, waits or ended within the last hour."])


def doctor(report: DoctorReport) -> View:
    """Every check of one cluster with what to do about it."""
    rows = [
        [
            Mark(check.verdict, _VERDICTS[check.verdict]),
            check.name,
            check.target,
            f"{1000 * check.seconds:.0f} ms",
            check.message,
            check.remedy,
        ]
        for check in report.checks
    ]
    failed = sum(check.verdict == "failed" for check in report.checks)
    verdict = f"{failed} of {len(rows)} checks failed" if failed else "nothing failed"
    columns = ["", "check", "target", "time", "found", "what to do"]
    return View(
        [f"{report.cluster}: {verdict} ({report.seconds:.1f} s)", Table(columns, rows)],
    )


def _apps(status: ClusterStatus) -> list[Cell | Table]:
    rows = [
        [
            app.id,
            app.name,
            app.state if app.final_status in ("", "UNDEFINED") else app.final_status,
            app.queue,
            percent(app.progress),
            duration((app.finished_ms / 1000 or time.time()) - app.started_ms / 1000),
            megabytes(app.memory_mb) if app.memory_mb > 0 else "",
            app.waiting or _cause(app.diagnostics),
        ]
        for app in status.apps
    ]
    columns = ["application", "name", "state", "queue", "progress", "elapsed", "memory", "why"]
    more = [f"And {status.apps_left_off} more."] if status.apps_left_off else []
    return [Table(columns, rows), *more]


def _cause(diagnostics: str) -> str:
    """Find what made an application end in what YARN and Java say about it.

    The texts are those of ``RMAppAttemptImpl`` and ``ContainersMonitorImpl``.
    """
    if over := _OVER_MEMORY.search(diagnostics):
        return f"Killed because it used more memory than it asked for: {over[1]}"[:MAX_CAUSE]
    if (code := _EXIT_CODE.search(diagnostics)) is None:
        return (diagnostics.strip().splitlines() or [""])[0][:MAX_CAUSE]
    stderr = _STDERR.search(diagnostics)
    said = stderr[1].strip().splitlines()[-1:] if stderr else []
    return ": ".join([f"Ended with exit code {code[1]}", *said])[:MAX_CAUSE]


def _profile_state(profile: Profile) -> Cell:
    if not profile.problems:
        return Mark("ok", "good")
    worst = min(profile.problems, key=lambda problem: problem.severity)
    return Mark(f"{worst.where}: {worst.message}", "bad" if profile.broken else "warning")


def _problems(profile: Profile) -> list[Cell]:
    return [f"{p.severity}: {p.where}: {p.message}" for p in profile.problems]


def _urls(daemons: Sequence[Daemon]) -> str:
    return ", ".join(daemon.url for daemon in daemons) or "none"


def _daemons(found: Sequence[DaemonState]) -> str:
    return ", ".join(
        f"{f'{daemon.id} ' if daemon.id else ''}{daemon.ha_state.lower()} at {daemon.url}"
        for daemon in found
    )


def _nodes(nodes: NodeCounts) -> str:
    others = [
        f"{count} {name}"
        for name, count in (("lost", nodes.lost), ("unhealthy", nodes.unhealthy))
        if count
    ]
    return ", ".join([f"{nodes.active} active", *others])


def _share(part: int, whole: int) -> str:
    return percent(part / whole if whole else None)


def _amount(part: int, whole: int) -> str:
    return f"{megabytes(part)} of {megabytes(whole)} ({_share(part, whole)})"
