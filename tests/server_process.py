"""A Jupyter server in a process of its own, with everything it writes below one directory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.conftest import eventually

LOG = "server.log"


@dataclass
class ServerProcess:
    """A running server."""

    process: subprocess.Popen[bytes]
    root: Path
    """Everything it writes is below, its log among that."""
    url: str
    """With a slash at its end."""
    token: str

    @property
    def secrets(self) -> Path:
        """Its directory of tickets and tokens."""
        [found] = (self.root / "run" / "jupyter-ext").glob("server-*")
        return found

    def client(self) -> httpx.AsyncClient:
        """Make a client of its REST API."""
        headers = {"Authorization": f"token {self.token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)


@asynccontextmanager
async def server_process(root: Path, environment: dict[str, str]) -> AsyncIterator[ServerProcess]:
    """Run one that logs all it can, until the end of the block.

    Parameters
    ----------
    root
        For everything that it writes; may be that of one that was killed.
    environment
        More of its environment, such as where clusters are.
    """
    process = _start(root, environment)
    info = root / "runtime" / f"jpserver-{process.pid}.json"

    async def serves() -> ServerProcess | None:
        assert process.poll() is None, (root / LOG).read_text()
        try:
            said = json.loads(info.read_text())
        except (FileNotFoundError, ValueError):
            return None
        server = ServerProcess(process, root, said["url"], said["token"])
        async with server.client() as client:
            try:
                reply = await client.get("jupyter-ext/info")
            except httpx.TransportError:
                return None
            return server if reply.is_success else None

    try:
        yield await eventually(serves, timeout_s=90)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


def _start(root: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    names = ("data", "runtime", "ipython", "run", "home")
    for name in names:
        (root / name).mkdir(mode=0o700, exist_ok=True)
    root_dir = environment.get("JUPYTER_EXT_TEST_ROOT_DIR", root / "home")
    with (root / LOG).open("ab") as stream:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--debug"),
                *("--ServerApp.port=0", "--ServerApp.open_browser=False"),
                *("--ServerApp.allow_root=True", f"--ServerApp.root_dir={root_dir}"),
                "--ServerApp.jpserver_extensions=jupyter_ext=True",
                "--ServerApp.jpserver_extensions=tests.loop_watch=True",
                "--JupyterExtApp.tick_s=0.5",
            ],
            cwd=Path(__file__).parents[1],
            env={
                **os.environ,
                "HOME": str(root / "home"),
                "IPYTHONDIR": str(root / "ipython"),
                "JUPYTER_DATA_DIR": str(root / "data"),
                "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
                "XDG_RUNTIME_DIR": str(root / "run"),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
