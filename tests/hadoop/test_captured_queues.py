"""Queues as real ResourceManagers described them, and as large clusters do.

``answers/`` holds what /ws/v1/cluster/scheduler of Hadoop 3.3.6 and 3.5.0 answered on a cluster of
one node (4096 MB, 8 cores) while alice and bob had applications in the queues.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from jupyter_ext.errors import BadAnswer, TooLarge
from jupyter_ext.hadoop import lean
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import Resources
from jupyter_ext.hadoop.scheduler import BULKY, keep_mine, read_scheduler
from tests.fakes.raw_server import raw_server, reply
from tests.hadoop.daemons import paths, profile

ANSWERS = Path(__file__).with_name("answers")
SCHEDULER = "/ws/v1/cluster/scheduler"


def captured(name):
    return json.loads((ANSWERS / f"{name}.json").read_text())


def queues(name, user="alice"):
    found = read_scheduler(captured(name)["scheduler"]["schedulerInfo"], user)
    paths = [queue.path for queue in found.queues]
    assert all(queue.parent in ["", *paths[: paths.index(queue.path)]] for queue in found.queues)
    return found.type, {queue.path: queue for queue in found.queues}


@pytest.mark.parametrize("version", ["3.3.6", "3.5.0"])
def test_capacity(version):
    kind, found = queues(f"capacity-{version}")
    assert kind == "capacity"
    assert list(found) == [
        *("root", "root.default", "root.small"),
        *("root.prod", "root.prod.etl", "root.prod.adhoc"),
    ]
    root, prod, small = found["root"], found["root.prod"], found["root.small"]
    # Parents say little of themselves: they are the sum of their leaves.
    assert (root.leaf, root.used, root.resources_used.memory_mb) == (False, 0.5, 1024)
    assert (root.apps_running, root.apps_pending, root.resources_pending.memory_mb) == (4, 2, 512)
    assert (root.am_limit, root.max_apps) == (None, None)
    assert (prod.apps_running, prod.apps_pending, prod.resources_used.memory_mb) == (1, 0, 256)
    assert found["root.prod.etl"].guarantee == 0.21
    assert (small.guarantee, small.ceiling, small.used, small.my_share) == (0.2, 0.2, 0.125, 0.125)
    assert (small.apps_running, small.apps_pending, small.max_apps) == (1, 2, 2000)
    assert small.am_used == Resources(memory_mb=256, vcores=1)
    assert small.am_limit == Resources(memory_mb=192, vcores=1)
    default = found["root.default"]
    assert (default.used, default.my_share, default.user_limit) == (0.25, 0.125, 0.25)


def test_capacity_in_absolute_amounts():
    _, found = queues("capacity-absolute-3.5.0")
    small, adhoc = found["root.small"], found["root.prod.adhoc"]
    assert (small.guarantee, small.ceiling, small.used) == (0.125, 0.25, 0.125)
    assert (found["root.prod"].guarantee, adhoc.guarantee) == (0.375, 0.125)


def test_capacity_for_nobody_in_particular():
    _, found = queues("capacity-3.5.0", user=None)
    assert {queue.my_share for queue in found.values()} == {None}
    _, found = queues("capacity-3.5.0", user="carol")
    assert (found["root.small"].my_share, found["root.small"].user_limit) == (0.0, None)


def test_fair():
    kind, found = queues("fair-3.5.0")
    assert kind == "fair"
    root, etl, adhoc = found["root"], found["root.prod.etl"], found["root.prod.adhoc"]
    assert (root.leaf, root.used, root.apps_running, root.apps_pending) == (False, 0.25, 1, 3)
    # Of a parent the Fair Scheduler says amMaxResources 0, which is no limit.
    assert (root.am_limit, root.am_used, root.max_apps) == (None, None, None)
    assert (etl.guarantee, etl.ceiling, etl.used, etl.max_apps) == (0.5, 1.0, 0.25, 5)
    assert etl.am_limit == Resources(memory_mb=1536, vcores=4)
    assert etl.am_used == Resources(memory_mb=1024, vcores=1)
    assert (adhoc.ceiling, adhoc.apps_pending, adhoc.resources_pending.memory_mb) == (0.5, 2, 1024)
    # Nobody asks, so its fair share is 0 at the moment; what it is entitled to is not.
    assert found["root.default"].guarantee == 0.25


def test_fifo():
    kind, found = queues("fifo-3.5.0")
    assert (kind, list(found)) == ("fifo", ["root.default"])
    assert (found["root.default"].used, found["root.default"].guarantee) == (0.125, 1.0)


def test_a_queue_whose_name_begins_with_root_and_a_parent_without_children():
    found = captured("capacity-3.5.0")["scheduler"]["schedulerInfo"]
    (default, *_) = found["queues"]["queue"]
    default.update(queueName="rootless", queueType="parent")
    del default["queuePath"]
    _, queue, *_ = read_scheduler(found, None).queues
    assert (queue.path, queue.leaf) == ("root.rootless", False)


def large(leaves: int, users: int) -> str:
    """A capacity scheduler of many queues, each of them used by many people."""
    found = captured("capacity-3.5.0")
    queues = found["scheduler"]["schedulerInfo"]["queues"]
    leaf = queues["queue"][1]
    (mine,) = leaf["users"]["user"]
    rows = [{**mine, "username": f"user{number}"} for number in range(users - 1)]
    queues["queue"] = [
        {**leaf, "queueName": f"q{n}", "queuePath": f"root.q{n}", "users": {"user": [*rows, mine]}}
        for n in range(leaves)
    ]
    return json.dumps(found)


async def pieces(text, size):
    for at in range(0, len(text), size):
        yield text[at : at + size]


@pytest.mark.parametrize("size", [100, 4096, 10**7])
@pytest.mark.parametrize("name", [path.stem for path in sorted(ANSWERS.glob("*.json"))])
async def test_what_is_left_out_is_not_missed(name, size):
    text = json.dumps(captured(name))
    parsed = await lean.parse(pieces(text, size), BULKY, partial(keep_mine, user="alice"), 1 << 20)
    whole = read_scheduler(captured(name)["scheduler"]["schedulerInfo"], "alice")
    assert read_scheduler(parsed["scheduler"]["schedulerInfo"], "alice") == whole
    assert "bob" not in json.dumps(parsed)


async def test_an_answer_of_12_mb_is_read_and_leaves_the_loop_free():
    text = large(150, 25)
    assert len(text) > 12e6
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    answer = reply(text.encode(), Content_Type="application/json")
    async with raw_server(paths({SCHEDULER: answer})) as server:
        async with Hadoop.open(profile([server.url()])) as hadoop:
            task = asyncio.create_task(others())
            found = await hadoop.resourcemanager.scheduler()
            task.cancel()
    assert len(found.queues) == 151
    assert found.queues[150].my_share == 0.125
    # At most one piece of what the network gives at a time lies between two turns.
    assert turns > len(text) / (1 << 16)


@pytest.mark.parametrize(
    ("text", "limit", "error"),
    [
        ('{"scheduler":' + "[1," * 1000, 100, TooLarge),
        ('{"a":{"username":"alice","x":"' + "x" * (2 << 20), 1 << 20, TooLarge),
        ('{"scheduler":{"username":"al', 1 << 20, BadAnswer),
        ("", 1 << 20, BadAnswer),
    ],
)
async def test_an_answer_without_end_or_cut_off(text, limit, error):
    with pytest.raises(error):
        await lean.parse(pieces(text, 1 << 16), BULKY, dict, limit)
