"""Kernels in real containers, by the backend alone: no Jupyter server, no provisioner."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_ext.clusters.models import ClusterConfig, DockerDefaults, KernelsConfig, Profile
from jupyter_ext.kernels.addresses import to_dial
from jupyter_ext.kernels.agent_archive import agent_archive
from jupyter_ext.kernels.attachment import Attachment
from jupyter_ext.kernels.backend import Handle, Order
from jupyter_ext.kernels.certificate import Certificate
from jupyter_ext.kernels.docker import DockerBackend
from jupyter_ext.kernels.hub import Hub
from tests.conftest import eventually
from tests.docker_engine import DockerEngine

PYTHON = ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def profile(directory: Path, **docker: Any) -> Profile:
    """A cluster whose cluster.toml says this below [kernels.docker]."""
    config = ClusterConfig(kernels=KernelsConfig(docker=DockerDefaults(**docker)))
    return Profile(
        name="prod",
        title="Prod",
        color="red",
        layer="user",
        directory=str(directory),
        conf_dir=str(directory / "conf"),
        auth="simple",
        config=config,
    )


class DockerKernels:
    """A hub and a backend; ``directory`` is a short path of the user alone."""

    def __init__(self, engine: DockerEngine, directory: Path) -> None:
        self.engine = engine
        self.directory = directory
        self.hub = Hub(directory / "hub", Certificate(directory / "hub.pem"), ["unix://"])
        self.backend = DockerBackend(directory / "docker", agent_archive)
        self.owner = f"tester-{secrets.token_hex(4)}"
        self.told: list[tuple[str, str]] = []
        self._attachments: list[Attachment] = []

    def order(
        self, *, profile: Profile | None = None, bootstrap: Mapping[str, Any] = {}, **values: Any
    ) -> Order:
        """One kernel, on the engine unless the profile names another."""
        if profile is None or profile.config.kernels.docker.host is None:
            os.environ["DOCKER_HOST"] = self.engine.host
        kernel_id, secret = str(uuid.uuid4()), secrets.token_bytes(32)
        attachment = self.hub.register(kernel_id, secret)
        self._attachments.append(attachment)
        known = {
            "kernel_id": kernel_id,
            "secret": secret.hex(),
            "hubs": [at for each in self.hub.addresses for at in to_dial(each)],
            "fingerprint": self.hub.fingerprint,
            "ca": None,
            "lease_s": 60,
        }
        return Order(
            kernel_id=kernel_id,
            owner=self.owner,
            title="Python on prod",
            profile=profile,
            values={"image": self.engine.image} | values,
            bootstrap=known | dict(bootstrap),
        )

    def listen_to_containers(self) -> None:
        """Be found by those that see no file of this machine."""
        self.hub.listen("tls://0.0.0.0:0")

    def tell(self, phase: str, detail: str) -> None:
        self.told.append((phase, detail))

    async def prepared(self, order: Order) -> Handle:
        return await self.backend.prepare(order, self.tell)

    async def start(self, **order: Any) -> DockerKernel:
        """A container whose agent has called."""
        wanted = self.order(**order)
        attachment = self._attachments[-1]
        handle = await self.prepared(wanted)
        await self.backend.start(wanted, handle, self.tell)
        await attachment.attached()
        return DockerKernel(wanted, handle, attachment)

    def end(self) -> None:
        mine = f"label=jupyter-ext.owner={self.owner}"
        if left := self.engine.run("ps", "--all", "--quiet", "--filter", mine).split():
            self.engine.run("rm", "--force", "--volumes", *left)
        self.hub.close()


class DockerKernel:
    """A container with an agent."""

    def __init__(self, order: Order, handle: Handle, attachment: Attachment) -> None:
        self.order = order
        self.handle = handle
        self.attachment = attachment

    @property
    def name(self) -> str:
        return self.handle["container"]

    @asynccontextmanager
    async def client(self, argv: list[str] = PYTHON) -> AsyncIterator[AsyncKernelClient]:
        """Have the agent start a kernel, and talk to it."""
        key = secrets.token_hex()
        connection = {"key": key, "signature_scheme": "hmac-sha256"}
        launch = {"argv": argv, "env": {}, "cwd": "", "interrupt_mode": "signal"}
        await self.attachment.request({"type": "launch", "connection": connection} | launch)
        client = AsyncKernelClient()
        known = self.attachment.connection_info | connection | {"key": key.encode()}
        client.load_connection_info(known)
        # wait_for_ready() takes a kernel that needs more than a second to start for a dead one.
        client.start_channels(hb=False)
        try:
            await eventually(lambda: _answers(client), 60)
            yield client
        finally:
            client.stop_channels()


async def _answers(client: AsyncKernelClient) -> bool:
    client.kernel_info()
    try:
        await client.get_shell_msg(timeout=1)
        await client.get_iopub_msg(timeout=1)
    except Empty:
        return False
    return True


async def printed(client: AsyncKernelClient, code: str) -> str:
    """What a cell prints or shows."""
    texts: list[str] = []

    def take(message: dict[str, Any]) -> None:
        content = message["content"]
        texts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

    await client.execute_interactive(code, timeout=60, output_hook=take, allow_stdin=False)
    return "".join(texts)
