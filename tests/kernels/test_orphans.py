"""Kernels that no server has: listed, adopted by whoever wants them, or ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid

import pytest
from tornado.httpclient import HTTPClientError

from tests.conftest import eventually
from tests.kernels import provisioned, served


@pytest.fixture
def server(jp_serverapp, jp_data_dir):
    """The server; whatever a test does, none of its agents stays."""
    served.write_specs(jp_data_dir)
    yield jp_serverapp
    for agent in served.agents(jp_data_dir):
        agent.kill()


@pytest.fixture
def kernels(jp_fetch):
    """Call our address for kernels; gives what it answers."""

    async def call(*path, method="GET"):
        body = "{}" if method == "POST" else None
        reply = await jp_fetch("jupyter-ext", "kernels", *path, method=method, body=body)
        return json.loads(reply.body) if reply.body else None

    return call


async def _killed_program(tmp_path, moment="launched"):
    """Leave a kernel of a program that was killed; gives its id."""
    kernel_id = str(uuid.uuid4())
    arguments = ("", str(tmp_path), moment, kernel_id)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.kernels.killed_start", *arguments), env=os.environ
    )
    assert await process.wait() == -signal.SIGKILL
    return kernel_id


async def test_a_killed_programs_kernel_is_adopted_when_somebody_asks(
    server, kernels, tmp_path, jp_data_dir
):
    kernel_id = await _killed_program(tmp_path)
    assert kernel_id not in server.kernel_manager
    [orphan] = (await kernels())["kernels"]
    assert (orphan["kernel_id"], orphan["state"]) == (kernel_id, "orphan")
    await kernels(kernel_id, "adopt", method="POST")
    manager = server.kernel_manager.get_kernel(kernel_id)
    await manager.ready
    assert await provisioned.evaluate(manager, "print(6 * 7)") == "42\n"
    [view] = (await kernels())["kernels"]
    assert view["state"] == "running"
    [row] = await server.kernel_manager.services.store.kernels()
    owner = server.kernel_manager.services.launcher.owner
    assert (row.owner, row.place) == (owner.id, owner.place), "the next life of this server has it"
    await kernels(kernel_id, method="DELETE")
    await eventually(lambda: not served.agents(jp_data_dir))


async def test_a_container_without_a_record_can_only_be_ended(
    server, kernels, tmp_path, jp_data_dir
):
    kernel_id = await _killed_program(tmp_path)
    await server.kernel_manager.services.store.remove_kernel(kernel_id)
    [orphan] = (await kernels())["kernels"]
    assert orphan["state"] == "orphan"
    with pytest.raises(HTTPClientError) as caught:
        await kernels(kernel_id, "adopt", method="POST")
    assert caught.value.code == 409
    await kernels(kernel_id, method="DELETE")
    assert not served.agents(jp_data_dir)
    assert (await kernels())["kernels"] == []


async def test_a_record_without_a_container_is_forgotten(server, kernels, tmp_path, jp_data_dir):
    kernel_id = await _killed_program(tmp_path)
    await served.kill_agent(jp_data_dir, kernel_id)
    assert (await kernels())["kernels"] == []
    assert await server.kernel_manager.services.store.kernels() == []
