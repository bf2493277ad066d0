"""Why an application waits, in one sentence.

The ResourceManager knows, but says it in its own words: the texts below are those of Hadoop's
``SchedulerApplicationAttempt.AMState``, ``CSAMContainerLaunchDiagnosticsConstants``,
``FiCaSchedulerApp`` (Capacity) and ``FSAppAttempt`` (Fair). Where the text alone does not tell,
the numbers of the queue and of the cluster do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_ext.display import megabytes
from jupyter_ext.hadoop.models import App, ClusterMetrics, Queue, Resources

_STARTING = {
    "NEW": (
        "The ResourceManager has only just taken it in; if it stays so, it is still checking the "
        "application's tokens."
    ),
    "NEW_SAVING": (
        "The ResourceManager is saving it; if it stays so, its state store is slow or full."
    ),
    "SUBMITTED": (
        "The ResourceManager is handing it to the scheduler, which checks the queue and your "
        "right to use it."
    ),
}
_LONGEST = 200

_RESOURCE = re.compile(r"<memory:(-?\d+)\b.*?\bvCores:(-?\d+)")
_LAST_NODE = re.compile(
    r"Last Node which was processed for the application : (?P<node>\S+).*?"
    r"Total resource : (?P<total><[^>]*>).*?Available resource : (?P<free><[^>]*>)"
)
_PARTITION = re.compile(r"AM Partition = (?P<label>[^;]*?)\s*;")
_DEFAULT_PARTITION = "<DEFAULT_PARTITION>"


@dataclass(frozen=True)
class _Case:
    """One waiting application with what is known around it."""

    app: App
    text: str
    """What the ResourceManager says, in one line."""
    queue: Queue | None
    metrics: ClusterMetrics | None

    @property
    def name(self) -> str:
        """The queue as a sentence names it."""
        return f"queue {self.app.queue}" if self.app.queue else "its queue"

    def amount(self, label: str) -> Resources | None:
        """Read ``label = <memory:.., vCores:..>`` from the text."""
        found = re.search(rf"{re.escape(label)}\s*[=:]\s*(<[^>]*>)", self.text)
        return _resources(found[1]) if found else None


def explain(app: App, queue: Queue | None, metrics: ClusterMetrics | None) -> str:
    """Say why an application waits.

    Parameters
    ----------
    app
        The application.
    queue
        Its queue, if known.
    metrics
        The whole cluster, if known.

    Returns
    -------
    str
        One sentence; empty for an application that does not wait.
    """
    case = _Case(app, " ".join(app.diagnostics.split()), queue, metrics)
    if app.state in _STARTING:
        return _STARTING[app.state]
    if app.state == "ACCEPTED":
        for phrase, sentence in _SAYINGS:
            if phrase in case.text:
                return sentence(case)
        return _by_numbers(case)
    if app.state == "RUNNING":
        return _starved(case)
    return ""


def shorten(text: str) -> str:
    """Cut the ResourceManager's own words to what a card has room for."""
    line = " ".join(text.split())
    line = re.sub(r"^\[[^\]]*\d{4}\]\s*", "", line)
    line = re.split(r"\s*Details : ", line)[0].strip()
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


# -- what the ResourceManager says -----------------------------------------------------------------


def _am_limit(case: _Case) -> str:
    limit = case.amount("Queue Resource Limit for AM") or (case.queue and case.queue.am_limit)
    used = case.amount("Queue AM Resource Usage") or (case.queue and case.queue.am_used)
    needs = case.amount("AM Resource Request") or case.amount("Resource request")
    start = f"The share of {case.name} for ApplicationMasters is used up"
    if not limit or not used:
        return f"{start}; it starts when another application of the queue ends."
    by_memory = needs is None or used.memory_mb + needs.memory_mb > limit.memory_mb
    if needs and not by_memory and used.vcores + needs.vcores > limit.vcores:
        return f"{start}: {used.vcores} of {limit.vcores} vcores are taken."
    asked = f", and this one needs {megabytes(needs.memory_mb)}" if needs else ""
    return f"{start}: {_of(used, limit)} are taken{asked}."


def _user_am_limit(case: _Case) -> str:
    limit = case.amount("User AM Resource Limit of the queue")
    needs = case.amount("AM Resource Request")
    start = f"Your share of {case.name} for ApplicationMasters is used up"
    if not limit:
        return f"{start}; it starts when another application of yours ends."
    asked = f", and this one needs {megabytes(needs.memory_mb)}" if needs else ""
    return f"{start}: you may hold {megabytes(limit.memory_mb)}{asked}."


def _user_limit(case: _Case) -> str:
    start = f"You hold all that one user may have in {case.name}"
    total = case.metrics.total.memory_mb if case.metrics else 0
    if not total or not case.queue or not case.queue.user_limit:
        return f"{start} at present."
    return f"{start} at present: {megabytes(round(case.queue.user_limit * total))}."


def _user_runs_enough(case: _Case) -> str:
    return "You run as many applications as one user may at a time."


def _queue_runs_enough(case: _Case) -> str:
    return f"{_capital(case.name)} runs as many applications as it may at a time."


def _no_nodes(case: _Case) -> str:
    return "No NodeManager is active, so nothing can start."


def _over_queue_maximum(case: _Case) -> str:
    needs = case.amount("Resource request")
    asked = f" ({megabytes(needs.memory_mb)})" if needs else ""
    return f"Its ApplicationMaster{asked} does not fit into the most that {case.name} may use."


def _node_reserved(case: _Case) -> str:
    return (
        "No node has room for its ApplicationMaster right now; one is reserved and it starts "
        "there as soon as enough is free."
    )


def _node_without_room(case: _Case) -> str:
    needs = case.amount("Resource request")
    asked = f" ({megabytes(needs.memory_mb)})" if needs else ""
    return f"No node has room for its ApplicationMaster{asked} right now."


def _blacklisted(case: _Case) -> str:
    node = _LAST_NODE.search(case.text)
    where = f"on {node['node']} " if node else ""
    return f"It failed {where}before and waits for room on another node."


def _locality(case: _Case) -> str:
    return "It asks for particular nodes or racks, and none of them has room."


def _other_partition(case: _Case) -> str:
    label = _label(case)
    where = f"nodes labelled {label}" if label else "nodes without a label"
    return f"It may only run on {where}, and none of them has room."


def _assigned(case: _Case) -> str:
    return "It has a container; its ApplicationMaster is being started."


def _launched(case: _Case) -> str:
    return "Its ApplicationMaster is starting and has not reported to the ResourceManager yet."


def _unmanaged(case: _Case) -> str:
    return "It waits for its ApplicationMaster, which somebody has to start by hand."


def _by_numbers(case: _Case) -> str:
    """Find the tightest limit: the request must be larger than what that one leaves."""
    metrics, queue = case.metrics, case.queue
    label = _label(case)
    partition = case.amount("Partition Resource")
    if partition and partition.memory_mb <= 0:
        return f"No active node is labelled {label}." if label else _no_nodes(case)
    if metrics and metrics.nodes.active == 0:
        return _no_nodes(case)
    # The cluster's numbers are of all partitions together, so they say nothing about one label.
    if limits := _limits(case, None if label else metrics):
        return min(limits)[1]
    if queue and queue.state not in ("RUNNING", ""):
        return f"{_capital(case.name)} is {queue.state.lower()}."
    if queue and queue.max_apps and queue.apps_running >= queue.max_apps:
        return f"{_capital(case.name)} runs {queue.apps_running} applications, as many as it may."
    return shorten(case.text) or "The ResourceManager gives no reason."


def _starved(case: _Case) -> str:
    """Explain a running application that gets nothing beyond its ApplicationMaster.

    Only if it is alone in its queue, for only then is what the queue waits for its own.
    """
    queue = case.queue
    if (
        queue is None
        or case.app.containers > 1
        or queue.apps_running + queue.apps_pending != 1
        or queue.resources_pending.memory_mb <= 0
    ):
        return ""
    wanted = f"It waits for {megabytes(queue.resources_pending.memory_mb)} more"
    if limits := _limits(case, case.metrics):
        sentence = min(limits)[1]
        return f"{wanted}: {sentence[0].lower()}{sentence[1:]}"
    return f"{wanted}, which no node has room for."


Limit = tuple[int, str]
"""Memory (MB) that something leaves, and the sentence about it."""


def _limits(case: _Case, metrics: ClusterMetrics | None) -> list[Limit]:
    """List every limit that may hold the application up.

    Once a node was tried in vain, that is each of them; otherwise those that leave less than what
    the queue waits for, of which the request is a part, or next to nothing.
    """
    node = _LAST_NODE.search(case.text)
    wanted = case.queue.resources_pending.memory_mb if case.queue else 0
    found: list[Limit] = []
    if bounds := _queue_bounds(case, metrics):
        used, most = bounds
        room = most.memory_mb - used.memory_mb
        if node or room < max(wanted, most.memory_mb // 10):
            sentence = f"{_capital(case.name)} has no room for it: {_of(used, most)} are used."
            found.append((room, sentence))
    if node:
        found.append(_node_limit(case, node, metrics))
    elif metrics and _free(metrics) < max(wanted, metrics.total.memory_mb // 10):
        found.append((_free(metrics), _cluster_full(metrics)))
    return found


def _queue_bounds(
    case: _Case, metrics: ClusterMetrics | None
) -> tuple[Resources, Resources] | None:
    """Take what the queue uses and the most that it may; None where that is the whole cluster."""
    total = metrics.total.memory_mb if metrics else 0
    used = case.amount("Queue's used capacity (absolute resource)")
    most = case.amount("Queue's max capacity (absolute resource)")
    queue = case.queue
    if (used is None or most is None) and queue and queue.ceiling is not None:
        used, most = _part(queue.used, total), _part(queue.ceiling, total)
    if not used or not most or most.memory_mb in (0, total):
        return None
    return used, most


def _node_limit(case: _Case, node: re.Match[str], metrics: ClusterMetrics | None) -> Limit:
    size, room = _resources(node["total"]), _resources(node["free"])
    needs = _request(case)
    if needs and needs.memory_mb > size.memory_mb:
        sentence = (
            f"No node is large enough: it asks for {megabytes(needs.memory_mb)}, and "
            f"{node['node']} has {megabytes(size.memory_mb)} in all."
        )
    elif metrics and _free(metrics) < metrics.total.memory_mb // 10:
        sentence = _cluster_full(metrics)
    else:
        left = (
            f"{room.vcores} of {size.vcores} vcores"
            if room.vcores <= 0 < room.memory_mb
            else _of(room, size)
        )
        sentence = (
            "No node has room for its ApplicationMaster: the one looked at last, "
            f"{node['node']}, has {left} free."
        )
    return room.memory_mb, sentence


def _cluster_full(metrics: ClusterMetrics) -> str:
    taken = Resources(memory_mb=metrics.total.memory_mb - _free(metrics))
    return f"The cluster has no room for it: {_of(taken, metrics.total)} are used."


_SAYINGS: tuple[tuple[str, Callable[[_Case], str]], ...] = (
    ("Queue's AM resource limit exceeded", _am_limit),
    ("User's AM resource limit exceeded", _user_am_limit),
    ("User capacity has reached its maximum limit", _user_limit),
    ("exceeds maximum AM resource allowed", _am_limit),
    ("cluster resource is empty", _no_nodes),
    ('The user "', _user_runs_enough),
    ('The queue "', _queue_runs_enough),
    ("exceeds current queue or its parents maximum resource", _over_queue_maximum),
    ("of the node and the request is reserved", _node_reserved),
    ("of the node and the request cannot be reserved", _node_without_room),
    ("this Node as its black listed", _blacklisted),
    ("request locality is not matching", _locality),
    ("in Ignore Exclusivity mode", _other_partition),
    ("Scheduler has assigned a container for AM", _assigned),
    ("AM container is launched", _launched),
    ("since it's unmanaged", _unmanaged),
)
"""What the ResourceManager says, and how to say it; the first that fits."""


# -- numbers -----------------------------------------------------------------------------------


def _resources(text: str) -> Resources:
    found = _RESOURCE.search(text)
    return Resources(memory_mb=int(found[1]), vcores=int(found[2])) if found else Resources()


def _label(case: _Case) -> str:
    """Take the node label that the application asks for; empty if it asks for none."""
    found = _PARTITION.search(case.text)
    return found["label"] if found and found["label"] != _DEFAULT_PARTITION else ""


def _request(case: _Case) -> Resources | None:
    """Take the queue's demand for the application's, if nobody else is in the queue."""
    queue = case.queue
    if queue and queue.apps_running + queue.apps_pending == 1:
        return queue.resources_pending
    return None


def _free(metrics: ClusterMetrics) -> int:
    return metrics.total.memory_mb - metrics.allocated.memory_mb - metrics.reserved.memory_mb


def _part(share: float, memory_mb: int) -> Resources:
    return Resources(memory_mb=round(share * memory_mb))


def _of(used: Resources, limit: Resources) -> str:
    return f"{megabytes(used.memory_mb)} of {megabytes(limit.memory_mb)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
