"""How soon a kernel in a Docker container answers: ours, by hand, by others, without Docker."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.docker_peer import VERSION, Peer
from benchmarks.table import Row, times
from tests.docker_engine import DockerEngine, docker_engine

ROUNDS = 7
SPEC = "python-on-docker"
PORTS = {name: 50000 + number for number, name in enumerate(("shell", "iopub", "stdin", "hb"))}
LIMIT = 1.3
_MODULE = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


def measure() -> list[Row]:
    """Start kernels by turns, in a process of its own that has a profile and kernelspecs."""
    with docker_engine() as engine, tempfile.TemporaryDirectory(prefix="jx") as name:
        root = Path(name)
        _write(root, engine)
        directories = {
            f"JUPYTER_{kind.upper()}_DIR": str(root / kind)
            for kind in ("config", "data", "runtime")
        }
        command = [sys.executable, "-m", "benchmarks.docker", json.dumps(vars(engine))]
        done = subprocess.run(
            command, env=os.environ | directories, stdout=subprocess.PIPE, check=True
        )
        seconds = json.loads(done.stdout)
        peer = Peer(engine.host, engine.image)
        peer.prepare()
        theirs = statistics.median(peer.start(ROUNDS))
    ours, by_hand, local = (statistics.median(seconds[key]) for key in ("ours", "hand", "local"))
    return [
        Row(
            f"kernel in a Docker container, request to answer, median of {ROUNDS}",
            f"{ours:.2f} s",
            f"container by hand: {by_hand:.2f} s",
            times(ours / by_hand),
        ),
        Row("", "", f"limit: {LIMIT} times that", times(ours / by_hand / LIMIT)),
        Row("", "", f"gateway_provisioners {VERSION}: {theirs:.2f} s", times(ours / theirs)),
        Row("", "", f"without Docker, Jupyter's own: {local:.2f} s", times(ours / local)),
    ]


def _write(root: Path, engine: DockerEngine) -> None:
    """Make a profile and two kernelspecs."""
    conf = root / "config/clusters/here/conf"
    conf.mkdir(parents=True)
    (conf / "core-site.xml").write_text("<configuration/>")
    (conf / "yarn-site.xml").write_text("<configuration/>")
    toml = f'[kernels.docker]\nhost = "{engine.host}"\nimage = "{engine.image}"\nmemory_mb = 1024\n'
    (conf.parent / "cluster.toml").write_text(toml)
    ours = {"provisioner_name": "jupyter-ext-docker", "config": {"cluster": "here"}}
    for name, argv, metadata in (
        (SPEC, ["python", *_MODULE], {"kernel_provisioner": ours}),
        ("local", [sys.executable, *_MODULE], {}),
    ):
        place = root / "data/kernels" / name
        place.mkdir(parents=True)
        spec = {"argv": argv, "display_name": name, "language": "python", "metadata": metadata}
        (place / "kernel.json").write_text(json.dumps(spec))


async def _rounds(engine: DockerEngine) -> dict[str, list[float]]:
    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "hand": lambda: _by_hand(engine),
        "ours": lambda: _by_manager(SPEC),
        "local": lambda: _by_manager("local"),
    }
    for way in ways.values():
        await way()  # imports, caches of the daemon
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found[name].append(await way())
    return found


async def _by_manager(name: str) -> float:
    from jupyter_client.manager import AsyncKernelManager

    manager = AsyncKernelManager(kernel_name=name)
    began = time.perf_counter()
    await manager.start_kernel()
    client = manager.client()
    seconds = await _answered(client, began)
    await manager.shutdown_kernel(now=True)
    return seconds


async def _by_hand(engine: DockerEngine) -> float:
    """As one would with the daemon's API: a connection file, five ports, no supervision."""
    from aiodocker import Docker
    from jupyter_client.asynchronous.client import AsyncKernelClient

    info: dict[str, Any] = {f"{name}_port": port for name, port in PORTS.items()}
    info |= {"transport": "tcp", "ip": "0.0.0.0", "signature_scheme": "hmac-sha256"}
    info |= {"control_port": 50009, "key": secrets.token_hex()}
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/connection.json"
        await asyncio.to_thread(Path(path).write_text, json.dumps(info))
        command = ["python3", "-m", "ipykernel_launcher", "-f", "/connection.json"]
        mount = f"{path}:/connection.json:ro"
        body = {"Image": engine.image, "Cmd": command, "HostConfig": {"Binds": [mount]}}
        async with Docker(engine.host) as docker:
            await docker.version()
            began = time.perf_counter()
            container = await docker.containers.create(body)
            await container.start()
            network = (await container.show())["NetworkSettings"]
            client = AsyncKernelClient()
            here = info | {"ip": network["IPAddress"], "key": info["key"].encode()}
            client.load_connection_info(here)
            seconds = await _answered(client, began)
            await container.delete(force=True)
    return seconds


async def _answered(client: Any, began: float) -> float:
    """Seconds until the kernel answers for the first time."""
    client.start_channels(hb=False)
    client.kernel_info()
    await client.get_shell_msg(timeout=60)
    seconds = time.perf_counter() - began
    client.stop_channels()
    return seconds


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_rounds(DockerEngine(**json.loads(sys.argv[1]))))))
