"""Kernels that outlive their server, against kernels that don't."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait
from traitlets.config import LoggingConfigurable

from benchmarks.table import Row, times

ROUNDS = 7
KERNELS = 50
READY_LIMIT_S = 2.0
RESTART_LIMIT_S = 1.2


def measure() -> list[Row]:
    """Start, restart and adopt kernels on this machine."""
    directory = Path(tempfile.mkdtemp(prefix="jx"))
    names = {"JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: str(directory / path) for name, path in names.items()})
    try:
        return [*asyncio.run(_start(directory)), *asyncio.run(_adopt(directory))]
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        shutil.rmtree(directory)


async def _start(directory: Path) -> list[Row]:
    from tests.kernels import provisioned

    services = provisioned.make_services(directory)
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(ROUNDS):
        plain = AsyncKernelManager(kernel_name="python3")
        plain._kernel_spec = KernelSpec(argv=provisioned.PYTHON, language="python")
        for name, kernel in (
            ("plain", plain),
            ("ours", provisioned.manager(services, directory)),
        ):
            for what, seconds in (await _times(kernel)).items():
                found.setdefault(what, {}).setdefault(name, []).append(seconds)
    await services.close()
    rows = []
    for what, limit in (("ready", 0.0), ("restart", RESTART_LIMIT_S), ("end", 0.0)):
        ours, plain_s = (statistics.median(found[what][name]) for name in ("ours", "plain"))
        title = {
            "ready": "start of a local kernel until it answers",
            "restart": "restart of a local kernel in place until it answers",
            "end": "end of a local kernel",
        }[what]
        against = f"jupyter_client's own: {plain_s:.2f} s"
        rows.append(Row(title, f"{ours:.2f} s", against, times(ours / plain_s)))
        if limit:
            rows.append(Row("", "", f"limit: {limit} s", times(ours / limit)))
    return rows


async def _times(kernel: Any) -> dict[str, float]:
    """Start, restart and end one kernel."""
    seconds, began = {}, time.perf_counter()
    await kernel.start_kernel()
    await _answers(kernel)
    seconds["ready"] = time.perf_counter() - began
    began = time.perf_counter()
    await kernel.restart_kernel()
    await _answers(kernel)
    seconds["restart"] = time.perf_counter() - began
    began = time.perf_counter()
    await kernel.shutdown_kernel()
    seconds["end"] = time.perf_counter() - began
    return seconds


async def _answers(kernel: Any) -> None:
    client = kernel.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    client.stop_channels()


class _Server(LoggingConfigurable):
    """As much of a server as its kernel manager looks at."""

    io_loop = AnyTrait()
    root_dir = AnyTrait()


async def _adopt(directory: Path) -> list[Row]:
    from jupyter_ext.kernels.adoption import Adoption
    from jupyter_ext.kernels.manager import ClusterKernelManager
    from tests.kernels import provisioned

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(directory)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.wait()

    services = provisioned.make_services(directory)
    services.loop = asyncio.get_running_loop()
    server = _Server(io_loop=IOLoop.current(), root_dir=str(directory))
    manager = ClusterKernelManager(parent=server, connection_dir=str(directory))
    manager.services = services
    began = time.perf_counter()
    adoption = Adoption(services, manager, None)
    adoption.announce()
    await adoption.adopt_all()
    kernels = [manager.get_kernel(kernel_id) for kernel_id in manager.list_kernel_ids()]
    assert len(kernels) == KERNELS
    await asyncio.gather(*(_beats(kernel) for kernel in kernels))
    seconds = time.perf_counter() - began
    await asyncio.gather(*(manager.shutdown_kernel(each.kernel_id, now=True) for each in kernels))
    await services.close()
    return [
        Row(
            f"adoption of {KERNELS} kernels until all of them answer",
            f"{seconds:.2f} s",
            f"limit: {READY_LIMIT_S} s",
            times(seconds / READY_LIMIT_S),
        )
    ]


async def _beats(kernel: Any) -> None:
    await kernel.ready
    with zmq.asyncio.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(f"ipc://{kernel.ip}-{kernel.hb_port}")
        await socket.send(b"ping")
        await socket.recv()


async def _wait_for_the_kill(directory: Path) -> None:
    """Have many kernels, and say so."""
    from tests.kernels import provisioned

    services = provisioned.make_services(directory)
    spec = provisioned.spec(provisioned.HEARTBEAT)
    for _ in range(KERNELS // 10):
        kernels = [provisioned.manager(services, directory, spec) for _ in range(10)]
        await asyncio.gather(*(kernel.start_kernel() for kernel in kernels))
    print("started", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_wait_for_the_kill(Path(sys.argv[1])))
