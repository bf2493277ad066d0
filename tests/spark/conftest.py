"""Spark, and alice's login to prod."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.hadoop_sandbox import RunningSandbox
from tests.hadoop_xml import site

ANSWER = "ANSWER "
ROOT = Path(__file__).parents[2]

NAMESERVICE = "development"
"""What dev's HDFS is called here: a name that only dev's own configuration explains."""


@dataclass(frozen=True)
class Alice:
    """What a kernel of hers finds: her credential directory and the profiles, nothing else."""

    sandbox: RunningSandbox
    root: Path
    pyspark: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.root / "config"
        shutil.copytree(self.sandbox.config_dir / "clusters", config / "clusters")
        _name(self.sandbox, config / "clusters" / "dev" / "conf")
        home = self.root / "home"
        home.mkdir()
        self.environment.update(
            {
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "PYTHONPATH": f"{self.pyspark}:{ROOT}",
                "JUPYTER_CONFIG_DIR": str(config),
            }
        )

    def login(self) -> Path:
        """Log in to prod; the credential directory."""
        run = self.root / "run"
        run.mkdir(mode=0o700)
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_ext.cli", "login", "prod", "alice"],
            input=f"{self.sandbox.passwords['alice']}\n",
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
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,  # a dozen seconds, on an idle machine
        )
        assert done.returncode == 0, done.stdout + done.stderr
        [said] = [line for line in done.stdout.splitlines() if line.startswith(ANSWER)]
        return json.loads(said.removeprefix(ANSWER))


def _name(sandbox: RunningSandbox, conf: Path) -> None:
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
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        | {"XDG_CACHE_HOME": sandbox.environment["XDG_CACHE_HOME"]},
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
