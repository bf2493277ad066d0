"""A notebook reads files of two clusters at once, each that only its user may read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]

CELLS = (
    "%load_ext jupyter_ext",
    "from jupyter_ext.hadoop.native import hdfs\n"
    "def read(client, user):\n"
    "    return client.read(f'/data/{user}-only.csv').read().decode().splitlines()[-1]",
    "%cluster use dev",
    "dev = hdfs()\nprint('dev native', read(dev, ME))",
    "%cluster use prod",
    "prod = hdfs()\nprint('prod native', read(prod, ME))",
    "print('dev again', read(dev, ME), '| prod again', read(hdfs('prod'), ME))",
    "from jupyter_ext.clusters.current import current\n"
    "web = current().endpoints.namenodes[0].url + '/webhdfs/v1'",
    "said = !curl -sL --negotiate -u : {web}/data/{ME}-only.csv?op=OPEN",
    "print('prod curl', said[-1])",
    "said = !curl -sL --negotiate -u : {web}/data/{OTHER}-only.csv?op=OPEN",
    "print('refused', said[0])",
    "%cluster whoami prod",
    "%cluster status",
)


@pytest.fixture
def environment(sandbox, private_runtime, tmp_path, monkeypatch):
    """Where kernels and commands find the clusters and the logins."""
    config = tmp_path / "config"
    shutil.copytree(sandbox.config_dir / "clusters", config / "clusters")
    values = {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_PATH": str(ROOT),
        "PYTHONPATH": str(ROOT),
        "XDG_RUNTIME_DIR": str(private_runtime),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **values}


def jupyter_cluster(environment, *arguments: str, text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_ext.cli", *arguments],
        input=text,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(me: str, other: str) -> str:
    """Execute the notebook; everything it printed."""
    cells = [f"ME, OTHER = {me!r}, {other!r}", *CELLS]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


@pytest.mark.timeout(300)
def test_as_alice_then_as_bob(environment):
    for me, other in (("alice", "bob"), ("bob", "alice")):
        jupyter_cluster(environment, "login", "prod", me, text=f"{me}-password\n")
        jupyter_cluster(environment, "edit", "dev", "--set", f"auth.user={me}")
        said = run(me, other)
        assert f"{me}@PROD.EXAMPLE.COM" in said
        for how in ("dev native", "dev again", "prod native", "prod curl"):
            assert f"{how} for {me}'s eyes only" in said
        assert f"Permission denied: user={me}" in said
        assert "prod: up" in said
    jupyter_cluster(environment, "logout", "prod")
    with pytest.raises(CellExecutionError):
        run("bob", "alice")
