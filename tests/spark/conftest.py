"""Spark, and alice's login to prod."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hadoop_sandbox import RunningSandbox
from tests.hadoop_xml import site

ANSWER = "ANSWER "
ROOT = Path(__file__).parents[2]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

NAMESERVICE = "development"
"""What dev's HDFS is called here: a name that only dev's own configuration explains."""


class Alice:
    """Runs programs that find what a kernel of hers finds: credentials, profiles, nothing else."""

    def __init__(self, sandbox: RunningSandbox, root: Path, pyspark: Path) -> None:
        self._root = root
        self._password = sandbox.passwords["alice"]
        config = root / "config"
        shutil.copytree(sandbox.config_dir / "clusters", config / "clusters")
        name_hdfs(sandbox, config / "clusters" / "dev" / "conf")
        self.environment = {
            "PATH": PATH,
            "HOME": str(root),
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{pyspark}:{ROOT}",
            "JUPYTER_CONFIG_DIR": str(config),
        }

    def login(self) -> Path:
        """Log in to prod; the credential directory."""
        run = self._root / "run"
        run.mkdir(mode=0o700)
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_ext.cli", "login", "prod", "alice"],
            input=f"{self._password}\n",
            env={**self.environment, "XDG_RUNTIME_DIR": str(run)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return run / "jupyter-ext" / "headless"

    def run(self, program: str, credentials: Path, *arguments: str) -> dict[str, Any]:
        """Run a program of this folder; what it answered."""
        done = subprocess.run(
            [sys.executable, "-m", f"tests.spark.{program}", *arguments],
            env={**self.environment, "JUPYTER_EXT_CREDENTIALS": str(credentials)},
            cwd=self._root,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,  # a dozen seconds, on an idle machine
        )
        assert done.returncode == 0, done.stdout + done.stderr
        [said] = [line for line in done.stdout.splitlines() if line.startswith(ANSWER)]
        return json.loads(said.removeprefix(ANSWER))


def name_hdfs(sandbox: RunningSandbox, conf: Path) -> None:
    """Give dev's HDFS a nameservice, as clusters with two NameNodes have it."""
    rpc = f"localhost:{sandbox.port('dev', 'namenode-rpc')}"
    core = conf / "core-site.xml"
    core.write_text(core.read_text().replace(f"hdfs://{rpc}", f"hdfs://{NAMESERVICE}"))
    site(
        conf,
        "hdfs",
        {
            "dfs.nameservices": NAMESERVICE,
            f"dfs.ha.namenodes.{NAMESERVICE}": "nn1",
            f"dfs.namenode.rpc-address.{NAMESERVICE}.nn1": rpc,
            f"dfs.namenode.http-address.{NAMESERVICE}.nn1": (
                f"localhost:{sandbox.port('dev', 'namenode-http')}"
            ),
            f"dfs.client.failover.proxy.provider.{NAMESERVICE}": (
                "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
            ),
        },
    )


@pytest.fixture(scope="session")
def pyspark(sandbox) -> Path:
    """PySpark's folder."""
    done = subprocess.run(
        [ROOT / "scripts" / "pyspark-for-tests"],
        env={**sandbox.environment, "PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[-1])


@pytest.fixture
def alice(sandbox, tmp_path, pyspark) -> Alice:
    return Alice(sandbox, tmp_path, pyspark)
