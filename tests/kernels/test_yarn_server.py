"""A kernel on YARN of a Jupyter server: it outlives that, and is told of when it is killed."""

from __future__ import annotations

import json
import shutil
import sys

from tests.conftest import eventually
from tests.kernels import served
from tests.kernels.served import evaluate, until
from tests.server_process import server_process

SPEC = "on-dev"


async def test_it_outlives_its_server_and_not_its_memory(sandbox, tmp_path):
    place = tmp_path / "data" / "kernels" / SPEC
    place.mkdir(parents=True)
    ours = {"provisioner_name": "jupyter-ext-yarn", "config": {"cluster": "dev"}}
    spec = {
        "argv": ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "On dev",
        "language": "python",
        "metadata": {"kernel_provisioner": ours},
    }
    (place / "kernel.json").write_text(json.dumps(spec))
    shutil.copytree(sandbox.config_dir / "clusters", tmp_path / "config" / "clusters")
    environment = {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_EXT_KERNEL_VALUES": json.dumps({"memory_mb": 512, "python": sys.executable}),
    }
    async with server_process(tmp_path, environment) as server:
        session = await served.start(server, spec=SPEC)
        kernel_id = session["kernel"]["id"]
        await until(server, kernel_id, "idle", 60)
        pid = await evaluate(server, kernel_id, "import os; x = 41; print(os.getpid())")
        await served.kill(server)

    async with server_process(tmp_path, environment) as server:
        await until(server, kernel_id, "idle", 60)
        assert await evaluate(server, kernel_id, "print(os.getpid()); print(x + 1)") == f"{pid}42\n"

        async def view():
            async with server.client() as client:
                return (await client.get(f"jupyter-ext/kernels/{kernel_id}")).json()

        found = await view()
        assert (found["cluster"], found["backend"]) == ("dev", "yarn")
        assert found["container"].startswith("application_")
        async with served.client(server, kernel_id) as kernel:
            kernel.execute("held = b'x' * (900 << 20)")

            async def failed():
                found = await view()
                return found["failure"] if found["state"] == "failed" else None

            failure = await eventually(failed, 60)
        assert failure["cause"].startswith("The kernel needed more memory than it has: killed at ")
        assert failure["cause"].endswith(" of 512 MB.")
        assert failure["memory_mb"] == 1024
        async with server.client() as client:
            await client.delete(f"api/kernels/{kernel_id}")
