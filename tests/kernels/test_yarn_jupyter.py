"""Kernels on YARN in a Jupyter server: asked for with values, kept over its end, started anew."""

from __future__ import annotations

import uuid

from tests.conftest import eventually
from tests.kernels import served
from tests.server_process import server_process

SPEC = "dev-yarn-python"


async def test_a_kernel_on_yarn_outlives_its_server_and_gets_another_container(sandbox, tmp_path):
    environment = {"JUPYTER_CONFIG_DIR": str(sandbox.config_dir), "JUPYTER_NO_CONFIG": ""}
    kernel_id = str(uuid.uuid4())
    async with server_process(tmp_path, environment) as server:
        async with server.client() as client:

            async def is_offered() -> bool:
                specs = (await client.get("api/kernelspecs")).json()
                return SPEC in specs["kernelspecs"]

            await eventually(is_offered)
            wanted = {"spec": SPEC, "values": {"memory_mb": 512}}
            reply = await client.put(f"jupyter-ext/kernels/launches/{kernel_id}", json=wanted)
            assert reply.is_success, reply.text
            session = await served.start(server, spec=SPEC, kernel_id=kernel_id)
            assert session["kernel"]["id"] == kernel_id
            await served.until(server, kernel_id, "idle", 90)
            first = (await client.get(f"jupyter-ext/kernels/{kernel_id}")).json()
        assert first["values"]["memory_mb"] == 512
        assert await served.evaluate(server, kernel_id, "x = 41") == ""
        await served.kill(server)
    async with server_process(tmp_path, environment) as server:
        await served.until(server, kernel_id, "idle", 60)
        assert await served.evaluate(server, kernel_id, "print(x + 1)") == "42\n"
        async with server.client() as client:
            how = {"hard": True, "values": {"memory_mb": 640}}
            reply = await client.post(f"jupyter-ext/kernels/{kernel_id}/restart", json=how)
            assert reply.is_success, reply.text

            async def is_elsewhere() -> bool:
                view = (await client.get(f"jupyter-ext/kernels/{kernel_id}")).json()
                is_new = view["container"] != first["container"]
                return is_new and view["state"] == "running" and view["stats"] and view

            second = await eventually(is_elsewhere, 60)
            assert second["values"]["memory_mb"] == second["stats"]["memory_limit_mb"] == 640
            assert second["notebook"] == "a.ipynb"
            assert await served.evaluate(server, kernel_id, "print('x' in dir())") == "False\n"
            assert (await client.delete(f"api/kernels/{kernel_id}")).is_success
            assert (await client.get("jupyter-ext/kernels")).json()["kernels"] == []
