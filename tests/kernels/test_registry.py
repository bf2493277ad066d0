"""What is known of kernels, and how tabs hear of it."""

import asyncio

import pytest

from jupyter_ext.errors import NotFound
from jupyter_ext.kernels.feed import EVERY_S, KernelFeed
from jupyter_ext.kernels.models import Failure, KernelView
from jupyter_ext.kernels.registry import KernelRegistry
from tests.conftest import eventually


def view(kernel_id="k", owner="alice", **fields):
    return KernelView(
        kernel_id=kernel_id,
        spec="prod-yarn-python",
        title="Python on prod (YARN)",
        cluster="prod",
        backend="yarn",
        owner=owner,
        **({"state": "starting", "started_at": 1.0} | fields),
    )


def test_nobody_sees_the_kernels_of_others():
    registry = KernelRegistry()
    registry.put(view("b", started_at=2.0))
    registry.put(view("a", started_at=3.0))
    registry.put(view("c", owner="bob"))
    assert [each.kernel_id for each in registry.views("alice")] == ["b", "a"]
    assert [each.kernel_id for each in registry.views()] == ["c", "b", "a"]
    with pytest.raises(NotFound, match="There is no kernel c"):
        registry.get("c", "alice")


def test_phases_to_ready():
    registry = KernelRegistry()
    registry.put(view(failure=Failure(cause="Earlier.")))
    registry.phase("k", "queued", "third in the queue")
    registry.phase("k", "queued", "next in the queue")
    queued = registry.get("k")
    assert [(phase.name, phase.detail) for phase in queued.phases] == [
        ("queued", "next in the queue")
    ]
    registry.phase("k", "ready")
    ready = registry.get("k")
    assert (ready.state, ready.failure) == ("running", None)
    assert ready.ready_at == ready.phases[-1].since >= queued.phases[0].since
    assert ready.phases[0] == queued.phases[0]


def test_changes_of_a_kernel_that_is_gone_mean_nothing():
    registry, told = KernelRegistry(), []
    registry.subscribe(told.append)
    registry.phase("k", "ready")
    registry.fail("k", Failure(cause="Too late."))
    registry.remove("k")
    assert (registry.views(), told) == ([], [])


def test_only_changes_are_told():
    registry, told = KernelRegistry(), []
    end = registry.subscribe(told.append)
    registry.put(view())
    registry.put(view())
    registry.change("k", state="running")
    registry.change("k", state="running")
    end()
    registry.remove("k")
    assert told == ["alice", "alice"]


async def test_feed_tells_much_at_once_and_the_last_word():
    registry, offered = KernelRegistry(), []
    end = KernelFeed(registry).follow("alice", offered.append)
    assert [message.kernels for message in offered] == [[]]
    for number in range(500):
        registry.put(view(restarts=number))
        registry.put(view("other", owner="bob", restarts=number))
        if number % 100 == 0:
            await asyncio.sleep(0)
    await eventually(lambda: offered[-1].kernels and offered[-1].kernels[0].restarts == 499)
    assert len(offered) == 2
    assert {each.owner for each in offered[-1].kernels} == {"alice"}
    registry.remove("k")
    end()
    # Whatever was to come would have come by the time of a second feed's second message.
    others = []
    KernelFeed(registry).follow("bob", others.append)
    registry.remove("other")
    await eventually(lambda: len(others) == 2, timeout_s=20 * EVERY_S)
    assert len(offered) == 2
