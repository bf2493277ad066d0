"""Queues of all three schedulers in one picture."""

from __future__ import annotations

from jupyter_ext.hadoop.models import Resources
from jupyter_ext.hadoop.scheduler import read_scheduler


def amount(memory: int, vcores: int):
    return {"memory": memory, "vCores": vcores}


def capacity_leaf(name, capacity, used, **changes):
    return {
        "queueName": name,
        "queuePath": f"root.{name}",
        "absoluteCapacity": capacity,
        "absoluteMaxCapacity": capacity * 2,
        "absoluteUsedCapacity": used,
        "usedCapacity": used / capacity * 100,
        "state": "RUNNING",
        "numActiveApplications": 2,
        "numPendingApplications": 1,
        "resourcesUsed": amount(1024, 2),
        "AMResourceLimit": amount(512, 1),
        "usedAMResource": amount(256, 1),
        "maxApplications": 100,
        "users": {
            "user": [
                {
                    "username": "alice",
                    "resourcesUsed": amount(512, 4),
                    "userResourceLimit": amount(2048, 4),
                }
            ]
        },
        **changes,
    }


def test_capacity():
    found = {
        "type": "capacityScheduler",
        "queueName": "root",
        "capacity": 100.0,
        "usedCapacity": 25.0,
        "maxCapacity": 100.0,
        "capacities": {
            "queueCapacitiesByPartition": [
                {"partitionName": "gpu", "effectiveMaxResource": amount(1, 1)},
                {"partitionName": "", "effectiveMaxResource": amount(4096, 8)},
            ]
        },
        "queues": {
            "queue": [
                capacity_leaf("a", 30.0, 25.0),
                # A queue may use more than it is guaranteed.
                capacity_leaf("b", 20.0, 35.0, users=None, state="STOPPED"),
            ]
        },
    }
    scheduler = read_scheduler(found, "alice")
    root, a, b = scheduler.queues
    assert (scheduler.type, root.path, root.leaf, root.apps_pending) == (
        "capacity",
        "root",
        False,
        2,
    )
    assert (a.path, a.parent, a.guarantee, a.ceiling, a.used) == ("root.a", "root", 0.3, 0.6, 0.25)
    # 4 of 8 cores are the larger share, but the scheduler counts but 25 % as used.
    assert (a.my_share, a.user_limit) == (0.25, 0.5)
    assert a.am_limit == Resources(memory_mb=512, vcores=1)
    assert a.am_used == Resources(memory_mb=256, vcores=1)
    assert (b.used, b.my_share, b.user_limit, b.state) == (0.35, 0.0, None, "STOPPED")


def test_capacity_before_effective_resources_were_said():
    leaf = capacity_leaf("a", 50.0, 25.0)
    del leaf["queuePath"]
    found = {"type": "capacityScheduler", "queueName": "root", "queues": {"queue": leaf}}
    _, a = read_scheduler(found, "alice").queues
    # 1024 MB are 25 % of the cluster, so 512 MB are 12.5 %.
    assert (a.path, a.my_share) == ("root.a", 0.125)


def test_capacity_of_nested_queues_comes_parents_first():
    inner = capacity_leaf("inner", 10.0, 0.0, queuePath="root.outer.inner")
    outer = capacity_leaf("outer", 50.0, 0.0, queues={"queue": [inner]})
    found = {"type": "capacityScheduler", "queueName": "root", "queues": {"queue": [outer]}}
    assert [(q.path, q.parent, q.leaf) for q in read_scheduler(found, None).queues] == [
        ("root", "", False),
        ("root.outer", "root", False),
        ("root.outer.inner", "root.outer", True),
    ]


def test_fair():
    leaf = {
        "type": "fairSchedulerLeafQueueInfo",
        "queueName": "root.alice",
        "maxResources": amount(4096, 8),
        "usedResources": amount(1024, 4),
        "demandResources": amount(2048, 4),
        # 0 while nobody asks; the steady share stays.
        "fairResources": amount(0, 0),
        "steadyFairResources": amount(2048, 4),
        "amMaxResources": amount(1024, 2),
        "amUsedResources": amount(256, 1),
        "numActiveApps": 2,
        "numPendingApps": 3,
        "maxApps": 2147483647,
    }
    root = {
        "queueName": "root",
        "clusterResources": amount(4096, 8),
        "maxResources": amount(8192, 16),
        "usedResources": amount(1024, 4),
        "childQueues": {"queue": [leaf]},
    }
    scheduler = read_scheduler({"type": "fairScheduler", "rootQueue": root}, "alice")
    top, queue = scheduler.queues
    assert (scheduler.type, top.apps_pending, top.ceiling) == ("fair", 3, 1.0)
    assert (queue.path, queue.parent, queue.used, queue.guarantee) == (
        "root.alice",
        "root",
        0.5,
        0.5,
    )
    assert queue.resources_pending == Resources(memory_mb=1024, vcores=0)
    assert (queue.my_share, queue.max_apps) == (None, None)


def test_fifo_with_nan():
    found = {
        "type": "fifoScheduler",
        "capacity": 1.0,
        "usedCapacity": "NaN",
        "qstate": "RUNNING",
        "usedNodeCapacity": 1024,
        "totalNodeCapacity": 4096,
    }
    assert read_scheduler(found, None).queues[0].used == 0.25
    empty = {"type": "fifoScheduler", "usedCapacity": "NaN", "qstate": "RUNNING"}
    assert read_scheduler(empty, None).queues[0].used == 0.0
