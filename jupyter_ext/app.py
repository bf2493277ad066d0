"""The server extension: configuration, the long-lived objects, and their end.

The only place where objects are put together; everyone else is given what they need.
"""

from __future__ import annotations

import asyncio
import gc
from importlib.metadata import version
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, validate

from jupyter_ext.clusters import handlers as clusters
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.handlers import InfoHandler, Route
from jupyter_ext.sandbox import handlers as sandbox
from jupyter_ext.sandbox.control import SandboxControl
from jupyter_ext.status import handlers as status
from jupyter_ext.status.board import StatusBoard
from jupyter_ext.status.poller import load


def routes(
    profiles: ProfileStore, board: StatusBoard, control: SandboxControl, version: str
) -> list[Route]:
    """Every address of the extension."""
    return [
        Route("info", InfoHandler, {"version": version}),
        *clusters.routes(profiles),
        *status.routes(board),
        *sandbox.routes(control),
    ]


class JupyterExtApp(ExtensionApp):
    """Hadoop clusters in JupyterLab."""

    name = "jupyter_ext"
    extension_url = "/lab"

    tick_s = Float(
        5.0,
        config=True,
        help="Seconds between two polls of a watched cluster, 0.5 or more.",
    )

    @validate("tick_s")
    def _validate_tick(self, proposal: Any) -> float:
        return max(0.5, float(proposal["value"]))

    def initialize_settings(self) -> None:
        """Make the long-lived objects."""
        self.version = version("jupyter-ext")
        self.profiles = ProfileStore.from_jupyter_paths()
        self.board = StatusBoard(self.profiles, tick_s=self.tick_s, version=self.version)
        self.control = SandboxControl()

    def initialize_handlers(self) -> None:
        """Fill the route table; ExtensionApp puts the base URL in front."""
        table = routes(self.profiles, self.board, self.control, self.version)
        self.handlers.extend(
            (f"/jupyter-ext/{route.pattern}", route.handler, route.kwargs) for route in table
        )

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Load what polling needs, then spare the event loop the garbage collector's long walks.

        Polling makes garbage steadily, so full collections come often; with a server's and
        JupyterLab's modules to walk each of them takes some 100 ms, without them a few.
        """
        await asyncio.to_thread(load)
        gc.collect()
        gc.freeze()

    async def stop_extension(self) -> None:
        """Stop polling; a sandbox keeps running until it is told to stop."""
        await self.board.stop()
