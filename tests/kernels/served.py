"""Kernels of a Jupyter server in a process of its own, as a browser and a client see them."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.asynchronous import AsyncKernelClient

from tests.conftest import eventually
from tests.server_process import LOG, ServerProcess

SPEC = "stays"
PLAIN = "plain"
CLEAN = {"JUPYTER_NO_CONFIG": "1"}
"""Environment of a server that loads no other extension."""


def write_specs(data: Path, **config: Any) -> None:
    """Make a kernelspec of ours and a plain one."""
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Stays", "language": "python"}
    ours = {"provisioner_name": "jupyter-ext-local", "config": {"cluster": None, **config}}
    for name, metadata in ((SPEC, {"kernel_provisioner": ours}), (PLAIN, {})):
        directory = data / "kernels" / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "kernel.json").write_text(json.dumps({**spec, "metadata": metadata}))


async def start(
    server: ServerProcess, path: str = "a.ipynb", spec: str = SPEC, kernel_id: str | None = None
) -> dict[str, Any]:
    """Start a notebook's session, as a browser does; gives it at once."""
    kernel = {"name": spec, **({"id": kernel_id} if kernel_id else {})}
    body = {"path": path, "name": path, "type": "notebook", "kernel": kernel}
    async with server.client() as client:
        reply = await client.post("api/sessions", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()


async def state(server: ServerProcess, kernel_id: str) -> str:
    """What the server says of a kernel; empty if it has none of that id."""
    async with server.client() as client:
        reply = await client.get(f"api/kernels/{kernel_id}")
        return reply.json()["execution_state"] if reply.is_success else ""


async def until(server: ServerProcess, kernel_id: str, wanted: str, timeout_s: float = 30) -> None:
    """Wait until a kernel is in a state."""

    async def reached() -> bool:
        return await state(server, kernel_id) == wanted

    try:
        await eventually(reached, timeout_s)
    except AssertionError as error:
        log = (server.root / LOG).read_text()[-4000:]
        raise AssertionError(f"{await state(server, kernel_id)}, not {wanted}: {log}") from error


async def kill(server: ServerProcess) -> None:
    """End a server as nobody should."""
    server.process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(server.process.wait, 10)


def connection_file(server: ServerProcess, kernel_id: str) -> Path:
    """Where clients learn how to reach a kernel."""
    return server.root / "runtime" / f"kernel-{kernel_id}.json"


@asynccontextmanager
async def client(server: ServerProcess, kernel_id: str) -> AsyncIterator[AsyncKernelClient]:
    """Talk to a kernel, through the hub."""
    found = AsyncKernelClient(connection_file=str(connection_file(server, kernel_id)))
    found.load_connection_file()
    found.start_channels()

    async def answers() -> bool:
        try:
            await found.wait_for_ready(timeout=20)
        except RuntimeError:  # its heartbeat did not come at once
            return False
        return True

    try:
        await eventually(answers)
        yield found
    finally:
        found.stop_channels()


async def evaluate(server: ServerProcess, kernel_id: str, code: str, timeout_s: float = 30) -> str:
    """Run code and give what it printed."""
    printed: list[str] = []

    def take(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        elif message["msg_type"] == "error":
            printed.append(message["content"]["ename"])

    async with client(server, kernel_id) as kernel:
        await kernel.execute_interactive(code, output_hook=take, timeout=timeout_s)
    return "".join(printed)


def agents(root: Path, kernel_id: str = "") -> list[psutil.Process]:
    """Every agent below a directory, or that of one kernel."""
    found = {}
    for process in psutil.process_iter(["cmdline", "ppid"]):
        line = " ".join(process.info["cmdline"] or [])
        if "--bootstrap" in line and str(root) in line and kernel_id in line:
            found[process.pid] = process
    # A child that is about to become another program looks like its parent for a moment.
    return [process for process in found.values() if process.info["ppid"] not in found]


async def kill_agent(root: Path, kernel_id: str) -> None:
    """End an agent as nobody should."""
    [agent] = agents(root, kernel_id)
    agent.kill()
    await asyncio.to_thread(agent.wait, 10)


async def end_all(server: ServerProcess) -> None:
    """End the kernels of a server, as a person does."""
    async with server.client() as client:
        for kernel in (await client.get("api/kernels")).json():
            assert (await client.delete(f"api/kernels/{kernel['id']}")).is_success
    await eventually(lambda: not agents(server.root))
