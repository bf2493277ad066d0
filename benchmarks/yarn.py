"""How soon a kernel in a YARN container answers: ours, and a Spark driver that does nothing."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from benchmarks.credentials import running_sandbox
from benchmarks.table import Row, times
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.hadoop.access import Nobody
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.wanted import Wanted
from jupyter_ext.kernels.yarn_launch import tags
from tests.hadoop_sandbox import RunningSandbox, app_state, kill_app, rest

ROUNDS = 7
SUBMISSIONS = 2
LIMIT_S = 1.5
FASTER = 6
USER = "alice"
_ROOT = Path(__file__).parents[1]
_ARGV = ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def measure() -> list[Row]:
    """Start kernels and drivers by turns on the sandbox's dev, whose queue is empty."""
    with tempfile.TemporaryDirectory(prefix="jx") as name:
        root = Path(name)
        with running_sandbox(root / "sandbox") as sandbox:
            driver = min(_spark(sandbox, root) for _ in range(SUBMISSIONS))
            found = _ours(sandbox, root)
    ours, registered, second = (
        statistics.median(found[key]) for key in ("ready", "registered", "second")
    )
    return [
        Row(
            f"kernel in a YARN container, request to answer, median of {ROUNDS}",
            f"{ours:.2f} s",
            f"spark-submit until its driver runs: {driver:.1f} s",
            times(ours / driver),
        ),
        Row("", "", f"limit: {FASTER} times sooner than that", times(ours * FASTER / driver)),
        Row("", "", f"limit: {LIMIT_S} s", times(ours / LIMIT_S)),
        Row(
            "of these, until its ApplicationMaster is registered",
            f"{registered:.2f} s",
            f"until the kernel answers: {ours:.2f} s",
            times(registered / ours),
        ),
        Row(
            "the same in a second container",
            f"{second:.2f} s",
            f"in the ApplicationMaster's: {ours:.2f} s",
            times(second / ours),
        ),
    ]


def _ours(sandbox: RunningSandbox, root: Path) -> dict[str, list[float]]:
    """Run in a process of its own, which finds no profiles and kernels but those made here."""
    directories = {}
    for kind in ("data", "runtime"):
        (root / kind).mkdir()
        directories[f"JUPYTER_{kind.upper()}_DIR"] = str(root / kind)
    command = [sys.executable, "-m", "benchmarks.yarn", str(sandbox.config_dir / "clusters")]
    done = subprocess.run(
        command, env=os.environ | directories, stdout=subprocess.PIPE, check=True, cwd=_ROOT
    )
    return json.loads(done.stdout)


async def _rounds(layer: Path) -> dict[str, list[float]]:
    services = KernelServices(
        user=USER,
        place="",
        profiles=ProfileStore([("user", layer)]),
        access=Nobody(),
        credentials=lambda user: None,
    )
    found: dict[str, list[float]] = {"ready": [], "registered": [], "second": []}
    await _start(services, {})  # imports, and what nodes keep
    for _ in range(ROUNDS):
        ready, registered = await _start(services, {})
        found["ready"].append(ready)
        found["registered"].append(registered)
        found["second"].append((await _start(services, {"queue": "small"}))[0])
    await services.close()
    return found


async def _start(services: Any, values: dict[str, Any]) -> tuple[float, float]:
    """Start a kernel; seconds until it answers, and until the ResourceManager knows it."""
    profile = await services.profile("dev")
    launch = {
        "argv": _ARGV,
        "env": {},
        "cwd": "",
        "connection": {"key": "k", "signature_scheme": "hmac-sha256"},
        "interrupt_mode": "signal",
    }
    wanted = Wanted(
        str(uuid.uuid4()),
        USER,
        "python-yarn",
        "Benchmark",
        "yarn",
        profile,
        {"memory_mb": 512, "python": sys.executable} | values,
        launch,
    )
    async with await Nobody().open(profile) as hadoop:
        began = time.perf_counter()
        registering = asyncio.create_task(_registered(hadoop, wanted.kernel_id))
        await services.launcher.start(wanted)
        ready = time.perf_counter() - began
        registered = await registering - began
    await services.launcher.end(wanted.kernel_id)
    return ready, registered


async def _registered(hadoop: Any, kernel_id: str) -> float:
    """Wait until a kernel's ApplicationMaster has registered; the moment of that."""
    while True:
        tag = tags(USER, kernel_id)[-1]
        if await hadoop.resourcemanager.apps(tags=[tag], states=["RUNNING"]):
            return time.perf_counter()
        await asyncio.sleep(0.01)


def _spark(sandbox: RunningSandbox, root: Path) -> float:
    """Submit a driver as one does; seconds until it is an application that runs."""
    done = subprocess.run(
        [_ROOT / "scripts" / "pyspark-for-tests"], stdout=subprocess.PIPE, text=True, check=True
    )
    spark = Path(done.stdout.split()[-1]) / "pyspark"
    program = root / "driver.py"
    program.write_text(
        "import time\nfrom pyspark.sql import SparkSession\n"
        "SparkSession.builder.getOrCreate()\ntime.sleep(60)\n"
    )
    name = f"driver-{uuid.uuid4()}"
    settings = {
        # Not to be uploaded each time.
        "spark.yarn.jars": f"local:{spark}/jars/*",
        "spark.yarn.submit.waitAppCompletion": "false",
        "spark.driver.memory": "512m",
        "spark.executor.instances": "1",
        "spark.yarn.appMasterEnv.PYSPARK_PYTHON": sys.executable,
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    command = [spark / "bin" / "spark-submit", "--master", "yarn", "--deploy-mode", "cluster"]
    environment = {
        "HADOOP_CONF_DIR": str(sandbox.conf_dir("dev")),
        "HADOOP_USER_NAME": USER,
        "SPARK_HOME": str(spark),
    }
    manager = sandbox.resourcemanager("dev")
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--name", name, *options, program],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            app = _await_running(manager, name)
            seconds = time.perf_counter() - began
        finally:
            process.terminate()
    kill_app(manager, app, USER)
    return seconds


def _await_running(manager: str, name: str) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = rest("GET", f"{manager}/ws/v1/cluster/apps?user.name={USER}&applicationTypes=SPARK")
        for app in (found["apps"] or {}).get("app", []):
            if app["name"] == name and app_state(manager, app["id"], USER)["state"] == "RUNNING":
                return app["id"]
        time.sleep(0.05)
    raise TimeoutError(f"{name} does not run.")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_rounds(Path(sys.argv[1])))))
