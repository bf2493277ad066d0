"""A notebook that a program runs on YARN, without a Jupyter server."""

import asyncio
import json
import subprocess
import sys

import nbformat

from jupyter_ext.kernels.values import VARIABLE
from tests.hadoop_sandbox import rest

CELL = """
import json, os, urllib.request
app = "application_" + "_".join(os.environ["CONTAINER_ID"].split("_")[-4:-2])
with urllib.request.urlopen("{rm}/ws/v1/cluster/apps/" + app) as reply:
    print(app, json.load(reply)["app"]["allocatedMB"])
"""


class Program:
    """Runs notebooks with the profiles of a sandbox."""

    def __init__(self, sandbox, root):
        self.environment = sandbox.environment | {
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        }

    async def run(self, *arguments, **variables):
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", *arguments],
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )


async def test_a_notebook_on_yarn_with_values_of_the_environment(sandbox, tmp_path):
    program, resourcemanager = Program(sandbox, tmp_path), sandbox.resourcemanager("dev")
    done = await program.run("jupyter_ext.cli", "kernels", "sync")
    assert "dev-yarn-python: written" in done.stdout
    path = tmp_path / "report.ipynb"
    cell = nbformat.v4.new_code_cell(CELL.format(rm=resourcemanager))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    execute = ("jupyter", "execute", "--inplace", "--kernel_name=dev-yarn-python", str(path))

    refused = await program.run(*execute, **{VARIABLE: '{"memory": 640}'})
    assert refused.returncode != 0
    assert "memory is no value of a yarn kernel; did you mean memory_mb?" in refused.stderr

    done = await program.run(*execute, **{VARIABLE: json.dumps({"memory_mb": 640})})
    assert done.returncode == 0, done.stderr
    [output] = nbformat.read(path, 4).cells[0].outputs
    app, memory_mb = output.text.split()
    assert memory_mb == "640"
    ended = rest("GET", f"{resourcemanager}/ws/v1/cluster/apps/{app}")["app"]
    assert ended["state"] in ("FINISHED", "KILLED")
