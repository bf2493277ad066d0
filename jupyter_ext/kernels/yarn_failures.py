"""YARN's own words about an application that ended, put into a cause and what to do about it.

The texts are those of ``RMAppImpl`` and ``RMAppAttemptImpl`` (how an application ended),
``ContainersMonitorImpl`` (memory), ``ContainerLaunch`` and ``DefaultContainerExecutor`` (exit
codes), ``ContainerLocalizer`` (files), ``CapacityScheduler`` and ``RMAppManager`` (queues).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jupyter_ext.display import megabytes
from jupyter_ext.kernels.models import Failure
from jupyter_ext.kernels.yarn_exits import Ended, by_exit_code, exit_code

_MEMORY = re.compile(
    r"beyond (?:the '(?P<kind>\w+)'|(?P<old>\w+)) memory limits?\. Current usage: "
    r"(?P<used>[\d.]+ \w+) of (?P<limit>[\d.]+ \w+) physical memory used"
    r"(?:; (?P<vused>[\d.]+ \w+) of (?P<vlimit>[\d.]+ \w+) virtual memory used)?"
)
_UNITS = {"B": 1 / (1 << 20), "KB": 1 / 1024, "MB": 1, "GB": 1024, "TB": 1 << 20}
_LONGEST = 4000
_RECOVERED = "Attempt recovered after RM restart"
"""Stands before everything else after a failover, with no space in between."""
_MEMORY_EXIT, _VIRTUAL_EXIT = -104, -103


Explain = Callable[[Ended, "re.Match[str]"], tuple[str, str]]
"""Gives the cause and the hint."""


def explain(ended: Ended, log: str = "") -> Failure:
    """Say why a kernel's application ended.

    Parameters
    ----------
    log
        The end of what its container printed, where it is known.
    """
    said = ended.diagnostics.removeprefix(_RECOVERED).strip()
    ended = ended._replace(diagnostics=said)
    shown = f"{said}\n{log}".strip() if log and log.strip() not in said else said
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    if failure := _memory(ended):
        return failure.model_copy(update={"diagnostics": shown})
    for pattern, words in _SAYINGS:
        if found := re.search(pattern, said, re.DOTALL):
            cause, hint = words(ended, found)
            return Failure(cause=cause, hint=hint, diagnostics=shown)
    cause, hint = by_exit_code(ended, log)
    return Failure(cause=cause, hint=hint, diagnostics=shown)


def forgotten(cluster: str, app_id: str) -> Failure:
    """For an application that the ResourceManager does not know, or not any more."""
    return Failure(
        cause=f"{cluster} does not know {app_id}: it never began, or ended long ago.",
        hint="If the ResourceManager was started anew without recovery, it has lost all "
        "applications. Start the kernel again.",
    )


def refused(cluster: str, message: str) -> Failure:
    """For a submission that the ResourceManager did not take."""
    for pattern, words in _SAYINGS:
        if found := re.search(pattern, message, re.DOTALL):
            cause, hint = words(Ended(cluster, "", message, 0), found)
            return Failure(cause=cause, hint=hint, diagnostics=message)
    return Failure(
        cause=f"{cluster} did not take the kernel.",
        hint="What the ResourceManager says is below.",
        diagnostics=message,
    )


def too_large(cluster: str, what: str, asked: str, most: str) -> Failure:
    """For a kernel that fits into no container."""
    return Failure(
        cause=f"{cluster} gives a container {most} of {what} at most, and the kernel asks for "
        f"{asked}.",
        hint=f"Ask for {most} or less.",
    )


# -- memory -------------------------------------------------------------------------------------


def _memory(ended: Ended) -> Failure | None:
    found = _MEMORY.search(ended.diagnostics)
    code = exit_code(ended)
    if found is None and code not in (_MEMORY_EXIT, _VIRTUAL_EXIT):
        return None
    limit_mb = ended.memory_mb or (_in_mb(found["limit"]) if found else 0)
    virtual = code == _VIRTUAL_EXIT or bool(
        found and (found["kind"] or found["old"]).upper() == "VIRTUAL"
    )
    wanted = 2 * limit_mb
    if virtual and found and found["vused"]:
        used, limit = found["vused"], found["vlimit"]
        return Failure(
            cause="The kernel reserved more address space than its container may: killed at "
            f"{_of(used, limit)} of virtual memory.",
            hint=f"Restart it with {megabytes(wanted)}, or have yarn.nodemanager.vmem-check-enabled"
            " set to false: programs reserve much more than they use.",
            memory_mb=wanted,
        )
    where = f"killed at {_of(found['used'], found['limit'])}." if found else "it was killed."
    return Failure(
        cause=f"The kernel needed more memory than it has: {where}",
        hint=f"Restart it with {megabytes(wanted)}, or hold less in memory at once.",
        memory_mb=wanted,
    )


def _in_mb(text: str) -> int:
    number, _, unit = text.partition(" ")
    return round(float(number) * _UNITS.get(unit.upper(), 1))


def _of(used: str, limit: str) -> str:
    """Write both in the unit of the limit: 2.1 of 2.0 GB."""
    used_mb, limit_mb = _in_mb(used), _in_mb(limit)
    if limit_mb >= 1024:
        return f"{used_mb / 1024:.1f} of {limit_mb / 1024:.1f} GB"
    return f"{used_mb} of {limit_mb} MB"


# -- what YARN says -----------------------------------------------------------------------------


def _unknown_queue(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"{ended.cluster} has no queue {found[1]}.",
        "Choose one that the cluster's card lists.",
    )


def _parent_queue(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The queue {found[1]} of {ended.cluster} only holds other queues and runs nothing itself.",
        "Choose one of the queues within it.",
    )


def _queue_denied(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"You may not submit to the queue {found['queue']} of {ended.cluster}.",
        "Choose another queue, or ask whoever administers it for the right to submit.",
    )


def _queue_stopped(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The queue {found[1]} of {ended.cluster} has been stopped and takes nothing.",
        "Choose another queue, or wait until it is opened again.",
    )


def _queue_full(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The queue {found[1]} of {ended.cluster} holds {found[2]} applications, its most.",
        "Try again when some of them have ended, or choose another queue.",
    )


def _too_much(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    what = "cores" if "cores" in found[0] or "vcores" in found[0] else "memory"
    return (
        f"The kernel asks for more {what} than a container of {ended.cluster} may have.",
        "Ask for less; the launch form shows the largest container.",
    )


def _negative(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return ("The kernel asks for less than nothing.", "Correct memory_mb and vcores.")


def _label(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The queue may not use nodes with the label that the kernel asks for on {ended.cluster}.",
        "Leave the node label empty, or choose a queue that may use it.",
    )


def _no_labels(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The nodes of {ended.cluster} have no labels, and the kernel asks for one.",
        "Leave the node label empty.",
    )


def _not_renewed(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The ResourceManager of {ended.cluster} could not renew the HDFS token that the kernel's "
        "container is fetched with.",
        "Is HDFS up, and does yarn.resourcemanager.principal of the profile name the "
        "ResourceManager as HDFS knows it?",
    )


def _killed_by(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (f"The kernel's application was killed by {found[1]}.", "Start the kernel again.")


def _changed(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"{found[1]} was replaced while the kernel was being started.",
        "Start the kernel again.",
    )


def _unreadable(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The node of {ended.cluster} could not read the kernel's files from HDFS.",
        "Log in again and start the kernel again; if it stays so, what is below is for whoever "
        "administers the cluster.",
    )


def _missing_file(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The kernel's files in HDFS are gone: {found[1]}.",
        "Start the kernel again; it stores them anew.",
    )


def _disk_full(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"A disk of the kernel's node of {ended.cluster} is full.",
        "Start the kernel again, it may get another node; tell whoever administers the cluster.",
    )


def _not_unpacked(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        "The environment archive could not be unpacked on the node.",
        "Make it anew with conda-pack or venv-pack, as .tar.gz or .zip.",
    )


def _no_program(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    program = found["program"].strip()
    return (
        f"The node of {ended.cluster} has no program {program}.",
        "Name a Python 3.6 or newer that all nodes have under kernels.yarn.python of the profile, "
        "or an environment archive.",
    )


def _no_account(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The nodes of {ended.cluster} do not run containers of yours: {found[0].strip()}.",
        "Whoever administers the cluster has to give you an account on every node.",
    )


def _runtime(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The nodes of {ended.cluster} do not run containers of images, or not of this one.",
        "Leave the image empty, or choose one that the cluster trusts.",
    )


def _lost(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The node of {ended.cluster} on which the kernel ran was lost.",
        "Start the kernel again; it gets another node.",
    )


def _preempted(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"{ended.cluster} took the kernel's container back for a queue that has a right to it.",
        "Start it again in a queue with room of its own.",
    )


def _timed_out(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The kernel's agent did not report to the ResourceManager of {ended.cluster} in time.",
        "Can the nodes reach yarn.resourcemanager.scheduler.address as the profile names it?",
    )


def _unknown_resource(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"{ended.cluster} has no resource {found[1]} to give.",
        "Ask for 0 GPUs: the cluster does not count them, or has none.",
    )


def _not_started(ended: Ended, found: re.Match[str]) -> tuple[str, str]:
    return (
        f"The NodeManager did not start the kernel's container: {found[1].strip()}",
        "Start the kernel again; it may get another node.",
    )


_SAYINGS: tuple[tuple[str, Explain], ...] = (
    (r"to unknown queue\s*:?\s*(\S+)", _unknown_queue),
    (r"to non-leaf queue\s*:?\s*(\S+)", _parent_queue),
    (r"non-leaf queue:?\s*(\S+)", _parent_queue),
    (r"User \S+ cannot submit applications to queue (?P<queue>\S+)", _queue_denied),
    (r"User \S+ does not have permission to submit \S+ to queue (?P<queue>\S+)", _queue_denied),
    (r"Queue (\S+) is STOPPED", _queue_stopped),
    (r"Queue (\S+) already has (\d+)", _queue_full),
    (r"Requested more (?:memory|cores) than configured max", _too_much),
    (r"requested resource type=\[yarn\.io/gpu\]", _too_much),
    (r"(?:Unknown|not found|undefined)[^\n]{0,60}(yarn\.io/gpu)", _unknown_resource),
    (r"Invalid resource request[^\n]*less than 0!", _negative),
    (r"Invalid resource request[^\n]*(?:greater than|exceeds) ?[^\n]*", _too_much),
    (r"node label not enabled", _no_labels),
    (r"(?:doesn't have access to label|Invalid label resource request)", _label),
    (r"Failed to renew token", _not_renewed),
    (r"was killed by user (\S+)", _killed_by),
    (r"Resource (\S+) changed on src filesystem", _changed),
    (r"No space left on device|DiskErrorException|No space available", _disk_full),
    (r"exitCode: -1000.*?(?:File does not exist|FileNotFoundException)[: ]+(\S+)", _missing_file),
    (r"exitCode: -1000.*?(?:AccessControlException|InvalidToken|token)", _unreadable),
    (r"exitCode: -1000.*?(?:ZipException|gzip|tar:|Unpack|EOFException)", _not_unpacked),
    (r"main : requested yarn user is \S+\nUser \S+ not found", _no_account),
    (r"User \S+ not found|Requested user \S+ is (?:not whitelisted|banned)[^\n]*", _no_account),
    (r"Docker|docker[^\n]*(?:not allowed|whitelist|not trusted|runtime)", _runtime),
    (r"(?:bash|sh): (?:line \d+: )?(?P<program>[^:\n]+): command not found", _no_program),
    (
        r"(?:bash|sh): (?:line \d+: )?(?P<program>[^:\n]+): (?:No such file|Permission denied)",
        _no_program,
    ),
    (r"Container released on a \*lost\* node|exitCode: -100\b|\bNode \S+ (?:is )?lost", _lost),
    (r"Container preempted by scheduler|exitCode: -102\b", _preempted),
    (r"ApplicationMaster for attempt \S+ timed out", _timed_out),
    (r"could not be started: ([^\n]*)", _not_started),
)
"""What YARN says, and how to say it; the first that fits."""
