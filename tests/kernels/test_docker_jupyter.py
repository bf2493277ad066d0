"""Kernels in Docker containers as Jupyter starts them, with a server and without."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernels import served
from tests.kernels.served import evaluate, start, until
from tests.server_process import server_process

ROOT = Path(__file__).parents[2]
SPEC = "python-on-docker"
ARGV = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]


@pytest.fixture
def root(docker) -> Iterator[Path]:
    """A directory with a profile that names the engine, and a kernelspec."""
    directory = Path(tempfile.mkdtemp(prefix="jx"))
    conf = directory / "config/clusters/here/conf"
    conf.mkdir(parents=True)
    (conf / "core-site.xml").write_text(
        "<configuration><property><name>fs.defaultFS</name><value>hdfs://localhost:1</value>"
        "</property></configuration>"
    )
    (conf / "yarn-site.xml").write_text("<configuration/>")
    settings = {"host": docker.host, "image": docker.image, "memory_mb": 512}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (conf.parent / "cluster.toml").write_text("\n".join(["[kernels.docker]", *lines]))
    spec = {
        "argv": ARGV,
        "display_name": "Python on here (Docker)",
        "language": "python",
        "metadata": {
            "kernel_provisioner": {
                "provisioner_name": "jupyter-ext-docker",
                "config": {"cluster": "here"},
            }
        },
    }
    place = directory / "data/kernels" / SPEC
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec))
    yield directory
    label = f"label=jupyter-ext.title={spec['display_name']}"
    if left := docker.run("ps", "--all", "--quiet", "--filter", label).split():
        docker.run("rm", "--force", *left)
    shutil.rmtree(directory)


async def test_a_kernel_does_what_jupyter_asks_of_kernels(root):
    environment = {
        **{name: value for name, value in os.environ.items() if "JUPYTER" not in name},
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
    }
    tests = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.kernels.conformance", SPEC),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await tests.communicate()
    assert tests.returncode == 0, said.decode()
    assert b"skipped" not in said, said.decode()


async def test_a_kernel_outlives_its_server_and_not_its_container(root, docker):
    environment = {"JUPYTER_CONFIG_DIR": str(root / "config"), "JUPYTER_NO_CONFIG": ""}
    async with server_process(root, environment) as server:
        kernel_id = (await start(server, spec=SPEC))["kernel"]["id"]
        await until(server, kernel_id, "idle")
        assert await evaluate(server, kernel_id, "x = 41") == ""
        await served.kill(server)
    async with server_process(root, environment) as server:
        async with server.client() as client:
            await client.get("api/sessions")
            await until(server, kernel_id, "idle")
            assert await evaluate(server, kernel_id, "print(x + 1)") == "42\n"
            # In place: what was installed in the container is still there.
            await evaluate(server, kernel_id, "open('/tmp/mark', 'w').close()")
            assert (await client.post(f"api/kernels/{kernel_id}/restart")).is_success
            said = await evaluate(
                server, kernel_id, "import os; print('x' in dir(), os.path.exists('/tmp/mark'))"
            )
            assert said == "False True\n"
            container = f"jupyter-ext-{kernel_id}"
            docker.run("kill", container)
            await until(server, kernel_id, "dead")
            [view] = (await client.get("jupyter-ext/kernels")).json()["kernels"]
            assert (view["state"], view["container"]) == ("failed", container)
            assert view["failure"]["cause"] == "The kernel's container was stopped from outside."
            assert (await client.delete(f"api/kernels/{kernel_id}")).is_success
            assert container not in docker.run("ps", "--all", "--format", "{{.Names}}")
