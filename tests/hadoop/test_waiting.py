"""The sentence about a waiting application, from the texts that ResourceManagers really send."""

import pytest

from jupyter_ext.hadoop.models import App, ClusterMetrics, NodeCounts, Queue, Resources
from jupyter_ext.hadoop.waiting import explain, shorten

GB = 1024
NOT_ACTIVATED = (
    "[Tue Nov 24 08:37:02 +0000 2026] Application is added to the scheduler and is not yet "
    "activated. "
)
ACTIVATED = (
    "[Tue Nov 24 08:37:02 +0000 2026] Application is Activated, waiting for resources to be "
    "assigned for AM. "
)


def pending(reason, *, partition="<DEFAULT_PARTITION>", request="<memory:128, vCores:1>"):
    """FiCaSchedulerApp.getPendingAppDiagnosticMessage."""
    return (
        f"{NOT_ACTIVATED}{reason} Details : AM Partition = {partition}; AM Resource Request = "
        f"{request}; Queue Resource Limit for AM = <memory:192, vCores:1>; User AM Resource Limit "
        "of the queue = <memory:160, vCores:1>; Queue AM Resource Usage = <memory:128, vCores:1>; "
    )


def activated(
    skipped="",
    *,
    node=(4 * GB, 3 * GB),
    cores=(8, 6),
    partition="<DEFAULT_PARTITION>",
    total=16 * GB,
    used=512,
    most=16 * GB,
):
    """FiCaSchedulerApp.updateNodeInfoForAMDiagnostics and getActivedAppDiagnosticMessage."""
    return (
        f"{ACTIVATED}{skipped} Last Node which was processed for the application : w1:8041 "
        f"( Partition : [], Total resource : <memory:{node[0]}, vCores:{cores[0]}>, Available "
        f"resource : <memory:{node[1]}, vCores:{cores[1]}> ). Details : AM Partition = {partition}"
        f" ; Partition Resource = <memory:{total}, vCores:32> ; Queue's Absolute capacity = 20.0 % "
        "; Queue's Absolute used capacity = 3.0 % ; Queue's Absolute max capacity = 100.0 % ; "
        "Queue's capacity (absolute resource) = <memory:3276, vCores:6> ; Queue's used capacity "
        f"(absolute resource) = <memory:{used}, vCores:1> ; Queue's max capacity (absolute "
        f"resource) = <memory:{most}, vCores:32> ; "
    )


def app(diagnostics="", state="ACCEPTED", **fields):
    return App(
        id="application_1_0001", queue="root.small", state=state, diagnostics=diagnostics, **fields
    )


def metrics(allocated=GB, total=16 * GB, active=4, **fields):
    return ClusterMetrics(
        total=Resources(memory_mb=total, vcores=32),
        allocated=Resources(memory_mb=allocated, vcores=2),
        nodes=NodeCounts(total=4, active=active, lost=4 - active),
        **fields,
    )


def queue(**fields):
    return Queue(path="root.small", **fields)


CASES = {
    "the queue's share for masters is used up": (
        app(pending("Queue's AM resource limit exceeded. ")),
        None,
        None,
        "The share of queue root.small for ApplicationMasters is used up: 128 MB of 192 MB are "
        "taken, and this one needs 128 MB.",
    ),
    "the same, by vcores": (
        app(
            pending("Queue's AM resource limit exceeded. ").replace(
                "for AM = <memory:192", "for AM = <memory:8192"
            )
        ),
        None,
        None,
        "The share of queue root.small for ApplicationMasters is used up: 1 of 1 vcores are taken.",
    ),
    "the same, as resource calculators with maxima print it": (
        app(
            pending(
                "Queue's AM resource limit exceeded. ",
                request="<memory:896, max memory:253952, vCores:1, max vCores:48>",
            )
        ),
        None,
        None,
        "The share of queue root.small for ApplicationMasters is used up: 128 MB of 192 MB are "
        "taken, and this one needs 896 MB.",
    ),
    "the same, from a version that gives no numbers": (
        app(f"{NOT_ACTIVATED}Queue's AM resource limit exceeded. "),
        queue(am_limit=Resources(memory_mb=192), am_used=Resources(memory_mb=128)),
        None,
        "The share of queue root.small for ApplicationMasters is used up: 128 MB of 192 MB are "
        "taken.",
    ),
    "the same, with nothing but the words": (
        app(f"{NOT_ACTIVATED}Queue's AM resource limit exceeded. "),
        None,
        None,
        "The share of queue root.small for ApplicationMasters is used up; it starts when another "
        "application of the queue ends.",
    ),
    "my share for masters is used up": (
        app(pending("User's AM resource limit exceeded. ")),
        None,
        None,
        "Your share of queue root.small for ApplicationMasters is used up: you may hold 160 MB, "
        "and this one needs 128 MB.",
    ),
    "no node at all": (
        app(pending("Skipping AM assignment as cluster resource is empty. ")),
        None,
        None,
        "No NodeManager is active, so nothing can start.",
    ),
    "all nodes lost after it was activated": (
        app(activated(total=0)),
        None,
        metrics(active=0, total=0),
        "No NodeManager is active, so nothing can start.",
    ),
    "nobody carries its label": (
        app(activated(total=0, partition="gpu")),
        None,
        metrics(),
        "No active node is labelled gpu.",
    ),
    "the queue is full": (
        app(activated(used=3 * GB, most=3 * GB + 100)),
        queue(),
        metrics(allocated=4 * GB),
        "Queue root.small has no room for it: 3.0 GB of 3.1 GB are used.",
    ),
    "the queue is full, by its share alone": (
        app(ACTIVATED),
        queue(used=0.199, ceiling=0.2),
        metrics(allocated=4 * GB),
        "Queue root.small has no room for it: 3.2 GB of 3.2 GB are used.",
    ),
    "my limit in the queue": (
        app(f"{ACTIVATED}User capacity has reached its maximum limit. Details : AM Partition = x"),
        queue(used=0.3, ceiling=1.0, my_share=0.24, user_limit=0.25),
        metrics(allocated=5 * GB),
        "You hold all that one user may have in queue root.small at present: 4.0 GB.",
    ),
    "my limit in the queue, which nobody told": (
        app(f"{ACTIVATED}User capacity has reached its maximum limit. "),
        queue(),
        metrics(),
        "You hold all that one user may have in queue root.small at present.",
    ),
    "Fair Scheduler: I run enough": (
        app(
            f'{NOT_ACTIVATED}The user "alice" has reached the maximum limit of runnable '
            "applications."
        ),
        None,
        None,
        "You run as many applications as one user may at a time.",
    ),
    "Fair Scheduler: the queue runs enough": (
        app(
            f'{NOT_ACTIVATED}The queue "root.small" has reached the maximum limit of runnable '
            "applications."
        ),
        None,
        None,
        "Queue root.small runs as many applications as it may at a time.",
    ),
    "the cluster is full": (
        app(activated(node=(4 * GB, 64))),
        queue(used=0.4, ceiling=1.0),
        metrics(allocated=16 * GB - 256),
        "The cluster has no room for it: 15.8 GB of 16.0 GB are used.",
    ),
    "room enough, but on no single node": (
        app(activated(node=(4 * GB, GB))),
        queue(used=0.4, ceiling=1.0),
        metrics(allocated=12 * GB),
        "No node has room for its ApplicationMaster: the one looked at last, w1:8041, has 1.0 GB "
        "of 4.0 GB free.",
    ),
    "memory enough, but no vcores": (
        app(activated(cores=(8, 0))),
        queue(used=0.4, ceiling=1.0),
        metrics(allocated=8 * GB),
        "No node has room for its ApplicationMaster: the one looked at last, w1:8041, has 0 of 8 "
        "vcores free.",
    ),
    "larger than any node": (
        app(activated(node=(4 * GB, 4 * GB))),
        queue(apps_pending=1, resources_pending=Resources(memory_mb=6 * GB, vcores=1)),
        metrics(),
        "No node is large enough: it asks for 6.0 GB, and w1:8041 has 4.0 GB in all.",
    ),
    "activated, and the cluster leaves less than the queue waits for": (
        app(ACTIVATED),
        queue(
            used=0.8,
            ceiling=1.0,
            apps_running=2,
            resources_pending=Resources(memory_mb=4 * GB, vcores=1),
        ),
        metrics(allocated=13 * GB),
        "The cluster has no room for it: 13.0 GB of 16.0 GB are used.",
    ),
    "activated a moment ago": (
        app(ACTIVATED),
        queue(used=0.1, ceiling=1.0, apps_running=1),
        metrics(),
        "Application is Activated, waiting for resources to be assigned for AM.",
    ),
    "failed before on this node": (
        app(activated("Skipped scheduling for this Node as its black listed. ")),
        None,
        None,
        "It failed on w1:8041 before and waits for room on another node.",
    ),
    "wants particular nodes": (
        app(activated("Skipping assigning to Node as request locality is not matching. ")),
        None,
        None,
        "It asks for particular nodes or racks, and none of them has room.",
    ),
    "may not use labelled nodes": (
        app(activated("Skipping assigning to Node in Ignore Exclusivity mode. ")),
        None,
        None,
        "It may only run on nodes without a label, and none of them has room.",
    ),
    "its master is being started": (
        app(
            "[Tue Nov 24 08:37:02 +0000 2026] Scheduler has assigned a container for AM, waiting "
            "for AM container to be launched"
        ),
        None,
        None,
        "It has a container; its ApplicationMaster is being started.",
    ),
    "its master has not registered": (
        app("AM container is launched, waiting for AM container to Register with RM"),
        None,
        None,
        "Its ApplicationMaster is starting and has not reported to the ResourceManager yet.",
    ),
    "somebody starts its master by hand": (
        app("User launched the Application Master, since it's unmanaged. "),
        None,
        None,
        "It waits for its ApplicationMaster, which somebody has to start by hand.",
    ),
    "Fair Scheduler: the share for masters": (
        app(
            f"{NOT_ACTIVATED} (Resource request: <memory:2048, vCores:1> exceeds maximum AM "
            "resource allowed)."
        ),
        None,
        None,
        "The share of queue root.small for ApplicationMasters is used up; it starts when another "
        "application of the queue ends.",
    ),
    "Fair Scheduler: more than the queue may have": (
        app(
            f"{NOT_ACTIVATED} (Resource request: <memory:2048, vCores:1> exceeds current queue or "
            "its parents maximum resource allowed)."
        ),
        None,
        None,
        "Its ApplicationMaster (2.0 GB) does not fit into the most that queue root.small may use.",
    ),
    "Fair Scheduler: a node is reserved": (
        app(
            f"{NOT_ACTIVATED} (Resource request: <memory:2048, vCores:1> exceeds the available "
            "resources of the node and the request is reserved)"
        ),
        None,
        None,
        "No node has room for its ApplicationMaster right now; one is reserved and it starts there "
        "as soon as enough is free.",
    ),
    "Fair Scheduler: no node has room": (
        app(
            f"{NOT_ACTIVATED} (Resource request: <memory:2048, vCores:1> exceeds the available "
            "resources of the node and the request cannot be reserved)"
        ),
        None,
        None,
        "No node has room for its ApplicationMaster (2.0 GB) right now.",
    ),
    "a stopped queue": (
        app(),
        queue(state="STOPPED"),
        metrics(),
        "Queue root.small is stopped.",
    ),
    "as many applications as the queue may run": (
        app(),
        queue(max_apps=3, apps_running=3),
        metrics(),
        "Queue root.small runs 3 applications, as many as it may.",
    ),
    "the cluster is full, and nothing is said": (
        app(),
        queue(used=0.5, ceiling=1.0),
        metrics(allocated=16 * GB),
        "The cluster has no room for it: 16.0 GB of 16.0 GB are used.",
    ),
    "words nobody foresaw": (
        app("[Tue Nov 24 08:37:02 +0000 2026] The stars are\n not aligned.  Details : AM = x"),
        None,
        None,
        "The stars are not aligned.",
    ),
    "no reason given": (app(), None, None, "The ResourceManager gives no reason."),
    "just taken in": (
        app(state="NEW"),
        None,
        None,
        "The ResourceManager has only just taken it in; if it stays so, it is still checking the "
        "application's tokens.",
    ),
    "being saved": (
        app(state="NEW_SAVING"),
        None,
        None,
        "The ResourceManager is saving it; if it stays so, its state store is slow or full.",
    ),
    "on its way to the scheduler": (
        app(state="SUBMITTED"),
        None,
        None,
        "The ResourceManager is handing it to the scheduler, which checks the queue and your right "
        "to use it.",
    ),
    "runs, but gets no workers": (
        app(state="RUNNING", containers=1),
        queue(
            apps_running=1,
            used=0.2,
            ceiling=0.2,
            resources_pending=Resources(memory_mb=2 * GB),
        ),
        metrics(allocated=4 * GB),
        "It waits for 2.0 GB more: queue root.small has no room for it: 3.2 GB of 3.2 GB are used.",
    ),
    "runs, and no node has room for a worker": (
        app(state="RUNNING", containers=1),
        queue(apps_running=1, used=0.1, ceiling=1.0, resources_pending=Resources(memory_mb=6 * GB)),
        metrics(allocated=4 * GB),
        "It waits for 6.0 GB more, which no node has room for.",
    ),
    "runs alone and wants nothing": (
        app(state="RUNNING", containers=1),
        queue(apps_running=1),
        metrics(),
        "",
    ),
    "runs beside another that may be the one that waits": (
        app(state="RUNNING", containers=1),
        queue(apps_running=2, resources_pending=Resources(memory_mb=2 * GB)),
        metrics(),
        "",
    ),
    "has ended": (app(pending("whatever"), state="FINISHED"), queue(), metrics(), ""),
}


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_says_why(case):
    application, its_queue, cluster, sentence = CASES[case]
    assert explain(application, its_queue, cluster) == sentence


def test_long_words_are_cut():
    text = shorten("word " * 100)
    assert len(text) == 200
    assert text.endswith("…")
