"""Idle kernels: warned of, spared, ended."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from jupyter_ext.kernels.culling import Culler
from jupyter_ext.kernels.models import KernelView
from jupyter_ext.kernels.registry import KernelRegistry


class Manager:
    """Kernels with what Jupyter's manager knows of them."""

    def __init__(self):
        self.kernels, self.ended = {}, []

    def add(self, kernel_id, used_at, limit_s=None, state="idle"):
        metadata = {} if limit_s is None else {"cull_idle_timeout": limit_s}
        self.kernels[kernel_id] = SimpleNamespace(
            kernel_spec=SimpleNamespace(metadata=metadata),
            last_activity=datetime.fromtimestamp(used_at, UTC),
            execution_state=state,
        )

    def __contains__(self, kernel_id):
        return kernel_id in self.kernels

    def get_kernel(self, kernel_id):
        return self.kernels[kernel_id]

    async def shutdown_kernel(self, kernel_id, now=False):
        self.ended.append(kernel_id)
        del self.kernels[kernel_id]


@pytest.fixture
def clock():
    return SimpleNamespace(now=10_000.0)


@pytest.fixture
def registry():
    return KernelRegistry()


@pytest.fixture
def manager(registry):
    class Adding(Manager):
        def add(self, kernel_id, *args, **kwargs):
            super().add(kernel_id, *args, **kwargs)
            registry.put(
                KernelView(
                    kernel_id=kernel_id,
                    spec="prod-yarn-python",
                    title="Python on prod (YARN)",
                    cluster="prod",
                    backend="yarn",
                    state="running",
                    started_at=1.0,
                )
            )

    return Adding()


@pytest.fixture
def culler(registry, manager, clock):
    return Culler(registry, manager, lambda: clock.now)


async def test_warned_then_ended(culler, manager, registry, clock):
    manager.add("k", used_at=10_000, limit_s=3600)
    await culler.look()
    assert registry.get("k").cull_at is None
    clock.now += 3001
    await culler.look()
    assert registry.get("k").cull_at == 13_600
    assert manager.ended == []
    clock.now += 600
    await culler.look()
    assert manager.ended == ["k"]
    ended = registry.get("k")
    assert ended.state == "failed"
    assert ended.failure.cause == "It was ended because nobody used it for 1 h 0 min."
    assert "kernels.yarn.cull_idle_s" in ended.failure.hint


async def test_use_and_a_persons_word_put_it_off(culler, manager, registry, clock):
    manager.add("k", used_at=10_000, limit_s=100)
    clock.now += 85
    await culler.look()
    assert registry.get("k").cull_at == 10_100
    culler.keep("k")
    assert registry.get("k").cull_at is None
    clock.now += 85
    await culler.look()
    assert registry.get("k").cull_at == 10_185
    manager.kernels["k"].last_activity = datetime.fromtimestamp(clock.now, UTC)
    await culler.look()
    assert registry.get("k").cull_at is None
    clock.now += 1000
    manager.kernels["k"].execution_state = "busy"
    await culler.look()
    assert (manager.ended, registry.get("k").cull_at) == ([], None)


async def test_only_those_with_a_limit_that_run(culler, manager, registry, clock):
    manager.add("free", used_at=0)
    manager.add("zero", used_at=0, limit_s=0)
    manager.add("away", used_at=0, limit_s=10)
    registry.change("away", state="unreachable")
    await culler.look()
    assert manager.ended == []
    assert {view.cull_at for view in registry.views()} == {None}
