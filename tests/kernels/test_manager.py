"""Kernels of ours in the server's kernel manager: in nobody's way, and as pending kernels."""

from __future__ import annotations

import json
import sys

import pytest

from tests.conftest import eventually
from tests.kernels import provisioned, served


@pytest.fixture(params=[False, True], ids=["as ever", "pending"])
def jp_server_config(request, jp_server_config):
    """With and without Jupyter's own pending kernels."""
    return {
        **jp_server_config,
        "ClusterKernelManager": {"use_pending_kernels": request.param},
        "KernelRestarter": {"time_to_dead": 0.1},
    }


@pytest.fixture
def server(jp_serverapp, jp_data_dir):
    """The server; whatever a test does, none of its agents stays."""
    served.write_specs(jp_data_dir)
    yield jp_serverapp
    for agent in served.agents(jp_data_dir):
        agent.kill()


def _services(server):
    return server.kernel_manager.services


def _write(data, name, argv):
    """Make the spec start something else."""
    path = data / "kernels" / name / "kernel.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "argv": argv}))


async def _model(jp_fetch, kernel_id):
    return json.loads((await jp_fetch("api", "kernels", kernel_id)).body)


async def _start(jp_fetch, name=served.SPEC, path="a.ipynb"):
    body = {"path": path, "type": "notebook", "name": "a", "kernel": {"name": name}}
    reply = await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))
    return json.loads(reply.body)["kernel"]["id"]


async def test_a_start_is_nobodys_to_wait_for_and_can_be_given_up(server, jp_fetch, jp_data_dir):
    backend = provisioned.StallingBackend("start")
    _services(server)._backends["local"] = backend
    kernel_id = await _start(jp_fetch)
    model = await _model(jp_fetch, kernel_id)
    assert model["execution_state"] == "starting"
    await eventually(lambda: backend.stalled)
    assert len(served.agents(jp_data_dir)) == 1
    await jp_fetch("api", "kernels", kernel_id, method="DELETE")
    await eventually(lambda: kernel_id not in server.kernel_manager)
    await eventually(lambda: not served.agents(jp_data_dir))
    assert await _services(server).store.kernels() == []


async def test_a_start_that_failed_says_why_and_can_be_tried_again(server, jp_fetch, jp_data_dir):
    good = provisioned.PYTHON
    _write(jp_data_dir, served.SPEC, [sys.executable, "-c", "raise SystemExit('no luck')"])
    kernel_id = await _start(jp_fetch)

    async def state(wanted):
        return (await _model(jp_fetch, kernel_id))["execution_state"] == wanted

    await eventually(lambda: state("dead"))
    assert "exit code 1" in (await _model(jp_fetch, kernel_id))["reason"]
    view = _services(server).registry.get(kernel_id)
    assert view.failure.diagnostics == "no luck"

    _write(jp_data_dir, served.SPEC, good)
    server.kernel_manager.get_kernel(kernel_id)._kernel_spec = None
    server.kernel_manager.get_kernel(kernel_id).provisioner = None
    await jp_fetch("api", "kernels", kernel_id, "restart", method="POST", body="{}")
    await eventually(lambda: state("idle"))
    await jp_fetch("api", "kernels", kernel_id, method="DELETE")
    await eventually(lambda: not served.agents(jp_data_dir))


async def test_a_kernel_that_keeps_dying_is_left_alone_in_the_end(server, jp_fetch, jp_data_dir):
    """As the server does with plain ones: five times, and no more."""
    count = jp_data_dir / "count"
    code = (
        "import pathlib, sys; path = pathlib.Path(sys.argv.pop(1)); path.touch();"
        "number = len(path.read_text()); path.write_text('x' * (number + 1));"
        "number and sys.exit(3);"
        "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    )
    argv = [sys.executable, "-c", code, str(count), "-f", "{connection_file}"]
    _write(jp_data_dir, served.SPEC, argv)
    kernel_id = await _start(jp_fetch)

    async def state(wanted):
        return (await _model(jp_fetch, kernel_id))["execution_state"] == wanted

    await eventually(lambda: state("idle"))
    [agent] = served.agents(jp_data_dir)
    [process] = agent.children()
    process.kill()
    await eventually(lambda: state("dead"))
    assert len(count.read_text()) == 6, "the first start, and five more"
    assert served.agents(jp_data_dir) == [agent], "its container is still there to look at"
    assert "exit code 3" in (await _model(jp_fetch, kernel_id))["reason"]
    await jp_fetch("api", "kernels", kernel_id, method="DELETE")
    await eventually(lambda: not served.agents(jp_data_dir))


async def test_a_hard_restart_makes_another_container(server, jp_fetch, jp_data_dir):
    """Under the same id, and clients find the new one where they are told to look."""
    kernel_id = await _start(jp_fetch)
    manager = server.kernel_manager.get_kernel(kernel_id)
    await manager.ready
    [before] = served.agents(jp_data_dir)
    assert await provisioned.evaluate(manager, "x = 1; print(x)") == "1\n"
    server.kernel_manager.harden(kernel_id, {})
    await jp_fetch("api", "kernels", kernel_id, "restart", method="POST", body="{}")
    await server.kernel_manager.get_kernel(kernel_id).ready
    [after] = served.agents(jp_data_dir)
    assert after != before
    assert await provisioned.evaluate(manager, "print('x' in dir())") == "False\n"
    await jp_fetch("api", "kernels", kernel_id, method="DELETE")
    await eventually(lambda: not served.agents(jp_data_dir))


async def test_a_stop_ends_kernels_that_are_not_to_stay(server, jp_fetch, jp_data_dir):
    """Their kernelspec says so."""
    stays = await _start(jp_fetch)
    served.write_specs(jp_data_dir, persistent=False)
    ends = await _start(jp_fetch, path="b.ipynb")
    for kernel_id in (stays, ends):
        await server.kernel_manager.get_kernel(kernel_id).ready
    assert len(served.agents(jp_data_dir)) == 2
    await server.kernel_manager.shutdown_all()
    await eventually(lambda: not served.agents(jp_data_dir, ends))
    assert len(served.agents(jp_data_dir, stays)) == 1
    assert len(server.kernel_manager) == 0
    [row] = await _services(server).store.kernels()
    assert row.kernel_id == stays


async def test_a_kernel_is_asked_again_when_its_answer_got_lost(server, jp_fetch, monkeypatch):
    kernel_id = await _start(jp_fetch)
    manager = server.kernel_manager.get_kernel(kernel_id)
    await manager.ready
    send, asked = manager.session.send, []

    def lose_the_first_of_each(channel, kind):
        if channel in asked:
            send(channel, kind)
        asked.append(channel)

    monkeypatch.setattr(manager.session, "send", lose_the_first_of_each)
    manager.execution_state = "starting"
    await server.kernel_manager._look_whether_busy(manager, 60)
    assert manager.execution_state == "idle"
    monkeypatch.undo()
    await jp_fetch("api", "kernels", kernel_id, method="DELETE")


async def test_plain_kernels_are_started_as_ever(server, jp_fetch):
    kernel_id = await _start(jp_fetch, served.PLAIN)
    manager = server.kernel_manager.get_kernel(kernel_id)
    if not server.kernel_manager.use_pending_kernels:
        assert manager.ready.done(), "the request waited for it"
    await eventually(lambda: manager.ready.done())
    assert manager.transport == "tcp"
    assert _services(server).registry.views() == []
    await jp_fetch("api", "kernels", kernel_id, method="DELETE")
    await eventually(lambda: kernel_id not in server.kernel_manager)
