"""Kernels that lost their server, and containers that nobody wrote down."""

from __future__ import annotations

import pytest

from jupyter_ext.errors import Unavailable, Unreachable
from jupyter_ext.kernels.backend import Condition, Found
from jupyter_ext.kernels.containers import STRANGE, UNSEEN, KernelContainers
from jupyter_ext.store import KernelRow
from tests.kernels.provisioned import make_services


class Backend:
    """Says what it is told to say."""

    def __init__(self):
        self.found, self.conditions, self.ended, self.down = [], {}, [], False

    async def find(self, owner):
        self._answer()
        return [each for each in self.found if each.owner == owner]

    async def inspect(self, handle):
        self._answer()
        return self.conditions[handle["name"]]

    async def end(self, handle):
        self._answer()
        self.ended.append(handle["name"])

    async def logs(self, handle, lines):
        return f"{lines} lines of {handle['name']}"

    async def close(self):
        pass

    def _answer(self):
        if self.down:
            raise Unreachable("The daemon does not answer.")


def row(name, owner="dead", user="ada"):
    return KernelRow(
        kernel_id=name,
        owner=owner,
        user=user,
        spec="local-python",
        title=f"Python {name}",
        cluster=None,
        backend="local",
        place="here",
        started_at=1.0,
        handle={"name": name},
        bootstrap={},
        launch={},
    )


def found(name, owner="ada"):
    return Found(name, owner, {"name": name}, f"Python {name}", 2.0)


async def never(row):
    raise Unavailable(f"{row.title} was to be adopted.")


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def services(tmp_path, monkeypatch, jp_asyncio_loop, backend):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    made = make_services(tmp_path)
    monkeypatch.setattr(made, "backend", lambda name: backend)
    yield made
    jp_asyncio_loop.run_until_complete(made.close())


@pytest.fixture
def containers(services):
    return KernelContainers(services, lambda *_: None, never)


async def test_what_has_no_server_is_shown_and_what_is_gone_is_forgotten(
    services, containers, backend
):
    for each in (row("lost"), row("gone"), row("bobs", user="bob")):
        await services.store.add_kernel(each)
    await services.store.add_kernel(row("ours", owner=services.launcher.owner.id))
    backend.found = [found("lost"), found("ours"), found("strange"), found("bobs", "bob")]
    backend.conditions["gone"] = Condition(alive=False)
    await containers.look("ada")
    views = {view.kernel_id: view for view in services.registry.views()}
    assert views.keys() == {"lost", "strange"}
    assert {view.state for view in views.values()} == {"orphan"}
    assert (views["lost"].adoptable, views["lost"].note) == (True, "")
    assert (views["strange"].adoptable, views["strange"].note) == (False, STRANGE)
    assert backend.ended == ["gone"]
    assert await services.store.kernel("gone") is None

    assert await containers.backend_logs("lost", 5) == "5 lines of lost"
    with pytest.raises(Unavailable, match="Python lost was to be adopted"):
        await containers.adopt("lost")
    for kernel_id in ("lost", "strange"):
        await containers.end(kernel_id)
    assert backend.ended == ["gone", "lost", "strange"]
    backend.found = [found("ours")]
    await containers.look("ada")
    assert services.registry.views() == []


async def test_silence_is_no_end(services, containers, backend):
    await services.store.add_kernel(row("lost"))
    backend.down = True
    await containers.look("ada")
    [view] = services.registry.views()
    assert (view.state, view.adoptable, view.note) == ("orphan", True, UNSEEN)
    assert await services.store.kernel("lost") is not None
    backend.down, backend.found = False, [found("lost")]
    await containers.look("ada")
    [view] = services.registry.views()
    assert view.note == ""
