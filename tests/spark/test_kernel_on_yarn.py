"""Spark started inside a kernel that runs on YARN, by who has tokens and no ticket."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest

from tests.spark.conftest import ROOT

CELL = f"""
import os, sys
from pathlib import Path

sys.path[:0] = [PYSPARK, {str(ROOT)!r}]
credentials = Path(os.environ["JUPYTER_EXT_CREDENTIALS"])
(credentials / "prod" / "krb5cc").unlink()

from tests.spark.kernel import ON_YARN, Kernel, answer, last_line, refusal

kernel = Kernel()
prod = kernel.filesystem("prod")
spark = kernel.spark("yarn", ON_YARN)
answer(
    container=os.environ["CONTAINER_ID"].split("_")[0],
    ticket=kernel.shell.getoutput("klist -s && echo yes || echo no").l,
    conf=os.environ["HADOOP_CONF_DIR"] == str(credentials / "prod" / "conf"),
    master=spark.sparkContext.master,
    user=spark.sparkContext.sparkUser(),
    counted=spark.range(1000).count(),
    own=last_line(spark, f"{{prod}}/data/alice-only.csv"),
    other=refusal(lambda: last_line(spark, f"{{prod}}/data/bob-only.csv")),
)
spark.stop()
"""
RUN = """
import sys
import nbclient, nbformat
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(sys.argv[1])])
client = nbclient.NotebookClient(notebook, kernel_name="prod-yarn-python", startup_timeout=120)
client.execute()
print("".join(output.get("text", "") for output in notebook.cells[0].outputs))
"""


@pytest.mark.timeout(700)  # PySpark may have to be fetched
async def test_spark_runs_beside_its_kernel(alice, sandbox, pyspark, tmp_path):
    alice.login()
    environment = {
        **os.environ,
        **alice.environment,
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "JUPYTER_EXT_KERNEL_VALUES": json.dumps({"memory_mb": 1536, "python": sys.executable}),
    }

    async def run(*arguments: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    await run("-m", "jupyter_ext.cli", "kernels", "sync")
    out = await run("-c", RUN, CELL.replace("PYSPARK", repr(str(pyspark))))
    [line] = [line for line in out.splitlines() if line.startswith("ANSWER ")]
    said = json.loads(line.removeprefix("ANSWER "))
    assert said["container"] == "container"
    assert said["ticket"] == ["no"]
    assert said["conf"]
    assert (said["master"], said["user"], said["counted"]) == ("yarn", "alice", 1000)
    assert said["own"] == "for alice's eyes only"
    assert "Permission denied: user=alice, access=READ" in said["other"]
