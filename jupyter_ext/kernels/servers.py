"""The user's own running Jupyter servers, asked by programs beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from jupyter_ext.errors import JupyterExtError, Unreachable
from jupyter_ext.kernels.models import KernelList, KernelView, LogText

TIMEOUT_S = 15.0
STOP_S = 60.0
"""A container may take its time to end."""


class ServerRefused(JupyterExtError):
    """A Jupyter server answered that it will not, or cannot."""

    status = 502
    code = "server_refused"


@dataclass(frozen=True)
class Server:
    """One Jupyter server, as its file in the runtime directory describes it."""

    url: str
    """With a slash at its end."""
    root: str
    """Directory whose notebooks it shows."""
    token: str = field(repr=False, default="")

    @classmethod
    def running(cls) -> Iterator[Server]:
        """Find those that live; a file that a killed one left behind counts for nothing."""
        from jupyter_core.paths import jupyter_runtime_dir

        for path in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
            try:
                said = json.loads(path.read_bytes())
                os.kill(int(said["pid"]), 0)
            except (OSError, ValueError, KeyError):
                continue
            yield cls(said["url"], said.get("root_dir", ""), said.get("token", ""))

    async def kernels(self) -> list[KernelView]:
        """List its kernels.

        Raises
        ------
        Unreachable
            If it does not answer.
        ServerRefused
            If it wants a password, or does not know of remote kernels.
        """
        return KernelList.model_validate(await self._ask("GET", "kernels")).kernels

    async def stop(self, kernel_id: str) -> None:
        """End a kernel."""
        await self._ask("DELETE", f"kernels/{kernel_id}", timeout_s=STOP_S)

    async def logs(self, kernel_id: str, lines: int) -> LogText:
        """Give the end of what a kernel printed."""
        return LogText.model_validate(
            await self._ask("GET", f"kernels/{kernel_id}/logs?lines={lines}")
        )

    async def _ask(self, verb: str, path: str, timeout_s: float = TIMEOUT_S) -> Any:
        headers = {"Authorization": f"token {self.token}"} if self.token else {}
        # The user's own server, on this machine: neither a proxy nor a public CA has a say in it.
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=timeout_s) as client:  # noqa: S501
            try:
                reply = await client.request(verb, f"{self.url}jupyter-ext/{path}", headers=headers)
            except httpx.HTTPError as error:
                raise Unreachable(
                    f"The Jupyter server at {self.url} does not answer: {error}.",
                    hint="jupyter server list shows which run.",
                ) from None
        if reply.is_success:
            return reply.json() if reply.content else None
        raise ServerRefused(*_refusal(self.url, reply))


def _refusal(url: str, reply: httpx.Response) -> tuple[str]:
    if reply.status_code in (401, 403):
        return (f"The Jupyter server at {url} wants a password, so it cannot be asked from here.",)
    try:
        return (str(reply.json()["message"]),)
    except (ValueError, KeyError, TypeError):
        return (f"The Jupyter server at {url} knows nothing of remote kernels.",)
