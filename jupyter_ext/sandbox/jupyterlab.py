"""A JupyterLab of the demo's own: nothing of the user's configuration is read or written."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import httpx

from jupyter_ext.clusters.current import VARIABLES
from jupyter_ext.errors import Unavailable
from jupyter_ext.sandbox.processes import COOKIE, Processes, Program, cause
from jupyter_ext.sandbox.wait import until

NAME = "jupyterlab"
PORT = 8888
START_S = 90.0


def environment(directory: Path) -> dict[str, str]:
    """Say what makes a Jupyter program look in the demo's directory instead of at home."""
    return {
        "JUPYTER_CONFIG_DIR": str(directory / "config"),
        "JUPYTER_DATA_DIR": str(directory / "data"),
        "JUPYTER_RUNTIME_DIR": str(directory / "runtime"),
        "JUPYTER_EXT_SANDBOX_DIR": str(directory / "sandbox"),
        "IPYTHONDIR": str(directory / "ipython"),
    }


class DemoLab:
    """JupyterLab in a process that is recorded like the sandbox's, so that it is found again.

    Parameters
    ----------
    directory
        Below it is everything that Lab reads and writes.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes = Processes(directory / NAME, str(directory))
        self.notebooks = directory / "notebooks"
        self.token = secrets.token_hex(16)
        self.url = ""
        """Base URL with a slash at its end, once it runs."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._processes.alive(NAME)

    @property
    def log(self) -> Path:
        """Its log."""
        return self._processes.log(NAME)

    async def start(self, lock: int) -> None:
        """Start it and wait until it answers.

        Raises
        ------
        Unavailable
            If JupyterLab is not installed, or ends before it answers.
        """
        if importlib.util.find_spec("jupyterlab") is None:
            raise Unavailable(
                "JupyterLab is not installed in this Python.",
                hint="pip install 'jupyter-ext[lab]'",
            )
        self._configure()
        inherited = {
            name: value
            for name, value in os.environ.items()
            # Where kernels are found may stay; what makes a Jupyter act as another one may not.
            if name == "JUPYTER_PATH"
            or not (name.startswith("JUPYTER") or name in (*VARIABLES, COOKIE))
        }
        program = Program(
            name=NAME,
            argv=(sys.executable, "-m", "jupyterlab"),
            directory=self.notebooks,
            # Not on the command line, which everybody on the machine can read.
            environment={
                **inherited,
                **environment(self._directory),
                "JUPYTER_TOKEN": self.token,
            },
        )
        await self._processes.start(program, lock)
        answers = await self._answers()
        if not answers:
            raise Unavailable(
                f"JupyterLab did not start: {cause(self.log)}", hint=f"Its log is {self.log}."
            )

    async def end(self) -> None:
        """End it and its kernels; also one that an earlier demo left behind."""
        await self._processes.end_all()

    def _configure(self) -> None:
        for name in ("config", "data", "runtime", "ipython", "notebooks"):
            (self._directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in self._config().items():
            path = self._directory / "config" / f"{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content, indent=2) + "\n")

    def _config(self) -> dict[str, Any]:
        """Say what each configuration file holds, by its name; nothing may ask the internet."""
        server = {
            "ip": "127.0.0.1",
            "port": PORT,
            "open_browser": False,
            "allow_root": os.geteuid() == 0,
            "root_dir": str(self.notebooks),
        }
        return {
            "jupyter_server_config": {"ServerApp": server},
            "jupyter_lab_config": {
                "LabApp": {"check_for_updates_class": "jupyterlab.NeverCheckForUpdate"}
            },
            "labconfig/default_setting_overrides": {
                "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}
            },
        }

    async def _answers(self) -> bool:
        """Wait until it serves; false when it ended or took too long."""
        process = self._processes.get(NAME)
        pid = process.pid if process else 0
        info = self._directory / "runtime" / f"jpserver-{pid}.json"
        if not await until(lambda: info.exists() or not self.alive, START_S) or not self.alive:
            return False
        self.url = str(json.loads(info.read_text())["url"])
        async with self.client() as client:
            for _ in range(int(START_S / 0.1)):
                try:
                    return (await client.get("api/status")).is_success
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        return False

    def client(self) -> httpx.AsyncClient:
        """Make a client of its REST API."""
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"token {self.token}"},
            trust_env=False,
            timeout=30.0,
        )
