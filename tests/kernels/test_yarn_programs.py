"""Programs that are no server start kernels on YARN: conformance tests, nbclient, papermill."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.conftest import eventually
from tests.kernels.yarn import Yarn

ROOT = Path(__file__).parents[2]
SPECS = {"on-dev": "dev", "on-prod": "prod"}
RUN = """
import sys
import nbclient, nbformat
cells = [nbformat.v4.new_code_cell(source) for source in sys.argv[1:]]
notebook = nbformat.v4.new_notebook(cells=cells)
nbclient.NotebookClient(notebook, kernel_name="on-prod", startup_timeout=90).execute()
print(notebook.cells[-1].outputs[0].text)
"""
READ = """
import os
from hdfs_native import Client
conf = os.environ["JUPYTER_EXT_CREDENTIALS"] + "/prod/conf"
os.environ["HADOOP_CONF_DIR"] = conf
with Client(URL).read("/data/alice-only.csv") as file:
    print(file.read().decode().splitlines()[-1], "in", os.environ["CONTAINER_ID"][:9])
"""


@pytest.fixture
def environment(sandbox, tmp_path):
    """Where programs find alice's login to prod, the profiles, and a kernelspec per cluster."""
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    shutil.copytree(sandbox.config_dir / "clusters", tmp_path / "config" / "clusters")
    for name, cluster in SPECS.items():
        place = tmp_path / "data" / "kernels" / name
        place.mkdir(parents=True)
        provisioner = {"provisioner_name": "jupyter-ext-yarn", "config": {"cluster": cluster}}
        spec = {
            "argv": ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "metadata": {"kernel_provisioner": provisioner},
        }
        (place / "kernel.json").write_text(json.dumps(spec))
    values = {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "XDG_RUNTIME_DIR": str(run),
        "JUPYTER_EXT_KERNEL_VALUES": json.dumps({"memory_mb": 512, "python": sys.executable}),
    }
    found = {**os.environ, **values}
    subprocess.run(
        [sys.executable, "-m", "jupyter_ext.cli", "login", "prod", "alice"],
        input="alice-password\n",
        env=found,
        text=True,
        check=True,
        timeout=60,
    )
    return found


@pytest.fixture
def yarn(sandbox, tmp_path):
    return Yarn(sandbox.layers, tmp_path)


async def program(environment, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate()
    return process.returncode or 0, out.decode(), said.decode()


async def test_a_kernel_on_yarn_does_what_jupyter_asks_of_kernels(environment, yarn):
    status, _, said = await program(environment, "-m", "tests.kernels.conformance", "on-dev")
    assert status == 0, said
    await eventually(lambda: _none_left(yarn))


async def test_nbclient_reads_what_only_who_is_logged_in_may_read(environment, yarn):
    url = yarn.profiles.get("prod").endpoints.default_fs
    status, out, said = await program(environment, "-c", RUN, READ.replace("URL", repr(url)))
    assert status == 0, said
    assert out.strip() == "for alice's eyes only in container"
    await eventually(lambda: _none_left(yarn))


async def test_papermill_runs_a_notebook_with_its_parameters(environment, yarn, tmp_path):
    """One of them is what the container may use."""
    url = yarn.profiles.get("prod").endpoints.default_fs
    parameters = nbformat.v4.new_code_cell("who = 'nobody'", metadata={"tags": ["parameters"]})
    read = READ.replace("URL", repr(url)).replace("/data/alice-only", "/data/{who}-only")
    read = read.replace('.read("', '.read(f"')
    notebook = nbformat.v4.new_notebook(
        cells=[parameters, nbformat.v4.new_code_cell(read)],
        metadata={"kernelspec": {"name": "on-prod", "display_name": "", "language": "python"}},
    )
    given, done = tmp_path / "given.ipynb", tmp_path / "done.ipynb"
    nbformat.write(notebook, given)
    arguments = [str(given), str(done), "-p", "who", "alice", "--no-progress-bar"]
    values = environment.pop("JUPYTER_EXT_KERNEL_VALUES")
    arguments += ["--engine", "jupyter-ext", "-p", "kernel_values", values]
    status, _, said = await program(environment, "-m", "papermill", *arguments)
    assert status == 0, said
    [output] = nbformat.read(done, as_version=4).cells[-1].outputs
    assert output.text.startswith("for alice's eyes only in container")
    await eventually(lambda: _none_left(yarn))


@pytest.mark.parametrize("how", ["environment", "parameter"])
async def test_papermill_says_why_a_kernel_cannot_start(environment, yarn, tmp_path, how):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1")],
        metadata={"kernelspec": {"name": "on-prod", "display_name": "", "language": "python"}},
    )
    given = tmp_path / "given.ipynb"
    nbformat.write(notebook, given)
    wrong = '{"memory": 512}'
    arguments = [str(given), str(tmp_path / "done.ipynb"), "--no-progress-bar"]
    if how == "parameter":
        arguments += ["--engine", "jupyter-ext", "-p", "kernel_values", wrong]
    else:
        environment = {**environment, "JUPYTER_EXT_KERNEL_VALUES": wrong}
    status, _, said = await program(environment, "-m", "papermill", *arguments)
    assert status != 0
    assert "memory is no value of a yarn kernel; did you mean memory_mb?" in said
    assert await _none_left(yarn)


async def _none_left(yarn):
    return not await yarn.backend.find(getpass.getuser())
