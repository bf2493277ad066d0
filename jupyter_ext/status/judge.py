"""What the findings about a cluster mean: its state, why, and what to do. No input or output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_ext.clusters.models import Profile
from jupyter_ext.hadoop.models import ClusterMetrics, HdfsMetrics, Node
from jupyter_ext.hadoop.waiting import shorten
from jupyter_ext.status.models import DaemonState, Section, SectionFailure, State

_SILENT = frozenset({"unreachable", "untrusted", "login_needed", "misconfigured"})
"""Failures that do not prove that the daemon at the other end works."""
_SUBJECTS: tuple[tuple[Section, str], ...] = (
    ("info", "the ResourceManager's state is"),
    ("apps", "your applications are"),
    ("scheduler", "the queues are"),
)
_MOST_ISSUES = 3
_MOST_NAMES = 3


@dataclass(frozen=True)
class Findings:
    """What is known of a cluster; the numbers of a section that fails now are its last ones."""

    resourcemanagers: Sequence[DaemonState] = ()
    metrics: ClusterMetrics | None = None
    nodes: Sequence[Node] = ()
    """Every NodeManager, looked at when some are lost or unhealthy; empty otherwise."""
    namenodes: Sequence[DaemonState] = ()
    hdfs: HdfsMetrics | None = None
    failures: Mapping[Section, SectionFailure] = field(default_factory=dict)
    """Sections whose last attempt failed."""


@dataclass(frozen=True)
class Judgement:
    """A state with its reason in one sentence."""

    state: State
    reason: str = ""
    hint: str = ""


Issue = tuple[str, str]
"""What is not as it should be, and what to do about it."""


def has_yarn(profile: Profile) -> bool:
    """Whether the profile names a ResourceManager."""
    return bool(profile.endpoints.resourcemanagers)


def has_hdfs(profile: Profile) -> bool:
    """Whether the profile names a NameNode that can be asked about itself.

    A gateway passes WebHDFS on, but not a NameNode's JMX.
    """
    return bool(profile.endpoints.namenodes) and profile.auth != "gateway"


def judge(profile: Profile, findings: Findings) -> Judgement:
    """Decide the state of a cluster.

    ``down`` means that something of the cluster answers, so the network and the addresses are
    right, but nothing can be run; ``unreachable`` that nothing answers at all.
    """
    if profile.broken:
        return _broken(profile)
    if not has_yarn(profile) and not has_hdfs(profile):
        return Judgement(
            "misconfigured",
            "Its Hadoop configuration names neither a ResourceManager nor a NameNode.",
            "Add the yarn-site.xml and hdfs-site.xml of the cluster to its profile.",
        )
    yarn, hdfs = findings.failures.get("metrics"), findings.failures.get("hdfs")
    vital, present = (yarn, findings.metrics) if has_yarn(profile) else (hdfs, findings.hdfs)
    if vital is None and present is None:
        return Judgement("connecting")
    if vital is None:
        return _running(profile, findings)
    if vital.code == "login_needed":
        return Judgement("login_needed", vital.message, vital.hint)
    if vital.code == "misconfigured":
        return Judgement("misconfigured", vital.message, vital.hint)
    if not _anyone_answers(findings):
        return Judgement("unreachable", vital.message, vital.hint)
    what = "YARN" if vital is yarn else "HDFS"
    also = f" HDFS neither: {_clause(hdfs.message)}." if vital is yarn and hdfs else ""
    return Judgement("down", f"{what} does not work: {_clause(vital.message)}.{also}", vital.hint)


def _broken(profile: Profile) -> Judgement:
    first, *others = profile.errors
    more = f" ({len(others)} more)" if others else ""
    return Judgement(
        "misconfigured",
        f"{first.where}: {first.message}{more}",
        f"Correct it in {profile.directory}; the card follows by itself.",
    )


def _anyone_answers(findings: Findings) -> bool:
    """Whether anything that was asked in the last round answered."""
    failures = findings.failures
    if "info" not in failures and any(
        daemon.ha_state != "UNKNOWN" for daemon in findings.resourcemanagers
    ):
        return True
    if "hdfs" not in failures and findings.hdfs is not None:
        return True
    return any(
        failures[section].code not in _SILENT
        for section in ("info", "metrics", "hdfs")
        if section in failures
    )


def _running(profile: Profile, findings: Findings) -> Judgement:
    issues = [*_yarn_issues(findings), *_hdfs_issues(profile, findings)]
    if not issues:
        return Judgement("up")
    told = [text for text, _ in issues[:_MOST_ISSUES]]
    if len(issues) > _MOST_ISSUES:
        told.append(f"{len(issues) - _MOST_ISSUES} more")
    sentence = "; ".join(told)
    return Judgement("degraded", f"{sentence[0].upper()}{sentence[1:]}.", issues[0][1])


def _yarn_issues(findings: Findings) -> Iterator[Issue]:
    metrics, failures = findings.metrics, findings.failures
    if metrics is not None:
        yield from _node_issues(metrics, findings.nodes)
    if "info" not in failures:
        yield from _pair_issues("ResourceManager", findings.resourcemanagers)
    for section, what in _SUBJECTS:
        if failure := failures.get(section):
            yield f"{what} not known: {_clause(failure.message)}", failure.hint


def _node_issues(metrics: ClusterMetrics, nodes: Sequence[Node]) -> Iterator[Issue]:
    counts = metrics.nodes
    lost, unhealthy = counts.lost, counts.unhealthy
    lost_names: list[str] = []
    if nodes:
        # The counter keeps a node that came back on another port; its host is at work again.
        working = {node.host for node in nodes if node.state in ("RUNNING", "DECOMMISSIONING")}
        lost_names = [n.host for n in nodes if n.state == "LOST" and n.host not in working]
        lost = min(lost, len(lost_names))
    all_of_them = counts.active + lost + unhealthy
    if counts.active == 0:
        yield _no_node(lost, all_of_them)
        return
    if lost:
        yield (
            f"{lost} of {all_of_them} NodeManagers lost{_names(lost_names)}",
            "The ResourceManager hears nothing from it any more: is the machine up, "
            "and the NodeManager on it running?",
        )
    if unhealthy:
        sick = [node for node in nodes if node.state == "UNHEALTHY"]
        report = sick[0].health_report if sick else ""
        yield (
            f"{unhealthy} of {all_of_them} NodeManagers unhealthy"
            f"{_names([node.host for node in sick])}",
            f"{sick[0].host} says: {shorten(report)}" if report else "Its page of nodes says why.",
        )


def _no_node(lost: int, all_of_them: int) -> Issue:
    if all_of_them == 0:
        what = "no NodeManager is registered"
    elif all_of_them == 1:
        what = f"the only NodeManager is {'lost' if lost else 'unhealthy'}"
    else:
        what = f"none of the {all_of_them} NodeManagers is active"
    return what, "Nothing can run until one is back; the log of a NodeManager says why it is gone."


def _hdfs_issues(profile: Profile, findings: Findings) -> Iterator[Issue]:
    if not has_hdfs(profile):
        return
    if failure := findings.failures.get("hdfs"):
        yield f"HDFS does not work: {_clause(failure.message)}", failure.hint
        return
    yield from _pair_issues("NameNode", findings.namenodes)
    hdfs = findings.hdfs
    if hdfs is None:
        return
    if hdfs.safe_mode:
        yield (
            f"HDFS is in safe mode: {_clause(shorten(hdfs.safe_mode))}",
            "Files can be read but not written. It ends by itself once enough blocks are "
            "reported; an administrator ends it with: hdfs dfsadmin -safemode leave",
        )
    if hdfs.live_datanodes == 0:
        yield "no DataNode is live", "No file can be read or written until one is back."
    elif hdfs.dead_datanodes:
        total = hdfs.live_datanodes + hdfs.dead_datanodes
        yield (
            f"{hdfs.dead_datanodes} of {total} DataNodes dead",
            "HDFS copies its blocks elsewhere; files without another copy cannot be read.",
        )
    if hdfs.missing_blocks:
        yield (
            f"{_count(hdfs.missing_blocks, 'HDFS block')} missing",
            "The files are named by: hdfs fsck / -list-corruptfileblocks",
        )
    if hdfs.corrupt_blocks:
        yield (
            f"{_count(hdfs.corrupt_blocks, 'HDFS block')} with a corrupt copy",
            "HDFS repairs them from a good copy, if there is one.",
        )


def _pair_issues(kind: str, daemons: Sequence[DaemonState]) -> Iterator[Issue]:
    """Look at a high-availability pair of which at least one member answers."""
    if len(daemons) < 2:
        return
    active = [daemon.id for daemon in daemons if daemon.ha_state == "ACTIVE"]
    silent = [daemon.id or daemon.url for daemon in daemons if daemon.ha_state == "UNKNOWN"]
    if silent:
        verb = "does" if len(silent) == 1 else "do"
        yield (
            f"{kind} {' and '.join(silent)} {verb} not answer",
            "Everything works, but there is nobody to take over if the other one fails.",
        )
    if len(active) > 1:
        yield (
            f"{len(active)} {kind}s claim to be the active one ({', '.join(active)})",
            "Stop all but one: they overwrite each other's work.",
        )


def _names(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(sorted(set(names))[:_MOST_NAMES])
    return f" ({shown}{', …' if len(set(names)) > _MOST_NAMES else ''})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _clause(sentence: str) -> str:
    return sentence.strip().rstrip(".")
