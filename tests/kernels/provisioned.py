"""Kernels started by a kernel manager in the test's own process, without a server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Any as AnyTrait
from traitlets.config import LoggingConfigurable

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.hadoop.access import Nobody
from jupyter_ext.kernels.local import LocalBackend
from jupyter_ext.kernels.services import KernelServices

PYTHON = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

HEARTBEAT = [
    sys.executable,
    "-c",
    "import json, sys, zmq; info = json.load(open(sys.argv[1]))\n"
    "socket = zmq.Context().socket(zmq.REP); socket.bind(f\"ipc://{info['ip']}-{info['hb_port']}\")\n"
    "while True: socket.send(socket.recv())",
    "{connection_file}",
]
"""A kernel that can do nothing but live: it starts in a moment."""


class Holder(LoggingConfigurable):
    """Has the services, as the server's manager of all kernels has."""

    services = AnyTrait()


class Forms:
    """Gives every kernel the same values."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    async def values(self, user: str, kernel_id: str, name: str, environ: Any) -> dict[str, Any]:
        return dict(self._values)


def make_services(
    directory: Path, place: str = "here", user: str = "ada", **more: Any
) -> KernelServices:
    """Make the services of one process; its kernels' credentials are below the directory."""
    credentials = directory / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    return KernelServices(
        user=user,
        place=place,
        profiles=ProfileStore([]),
        access=Nobody(),
        credentials=lambda user: credentials,
        **more,
    )


def spec(argv: list[str] | None = None, **fields: Any) -> KernelSpec:
    """Make a kernelspec of ours."""
    provisioner = {"provisioner_name": "jupyter-ext-local", "config": {"cluster": None}}
    return KernelSpec(
        argv=argv or PYTHON,
        display_name="Stays",
        language="python",
        metadata={"kernel_provisioner": provisioner},
        **fields,
    )


def manager(services: KernelServices, directory: Path, found: KernelSpec | None = None) -> Any:
    """Make a kernel manager."""
    made = AsyncKernelManager(
        parent=Holder(services=services), kernel_name="stays", connection_file=""
    )
    made.connection_file = str(directory / f"connection-{id(made):x}.json")
    made._kernel_spec = found or spec()
    return made


@asynccontextmanager
async def client(kernel: Any) -> AsyncIterator[Any]:
    """Talk to a kernel."""
    found = kernel.client()
    found.start_channels()
    try:
        await found.wait_for_ready(timeout=30)
        yield found
    finally:
        found.stop_channels()


async def evaluate(kernel: Any, code: str) -> str:
    """Run code and give what it printed, or the name of what it raised."""
    printed: list[str] = []

    def take(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        elif message["msg_type"] == "error":
            printed.append(message["content"]["ename"])

    async with client(kernel) as found:
        await found.execute_interactive(code, output_hook=take, timeout=30)
    return "".join(printed)


class StallingBackend(LocalBackend):
    """Stays where it is told to, as a cluster without room does."""

    def __init__(self, stall_at: str, **more: Any) -> None:
        super().__init__(**more)
        self.stall_at = stall_at
        self.stalled = False

    async def prepare(self, *arguments: Any) -> Any:
        handle = await super().prepare(*arguments)
        await self._stall("prepare")
        return handle

    async def start(self, *arguments: Any) -> None:
        await super().start(*arguments)
        await self._stall("start")

    async def _stall(self, where: str) -> None:
        if where == self.stall_at:
            self.stalled = True
            await asyncio.Event().wait()
