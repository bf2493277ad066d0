"""The server extension: configuration, the long-lived objects, and their end.

The only place where objects are put together; everyone else is given what they need.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Float, Int, List, Unicode, validate

from jupyter_ext.clusters import handlers as clusters
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import handlers as credentials
from jupyter_ext.credentials import process_environment, redact
from jupyter_ext.credentials.audit import AuditLog, default_path
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.injection import Injection
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.hadoop.access import LoggedIn, open_desk
from jupyter_ext.handlers import OWNER, InfoHandler, Route
from jupyter_ext.kernels import handlers as kernels
from jupyter_ext.kernels.choices import Choices
from jupyter_ext.kernels.control import KernelControl
from jupyter_ext.kernels.feed import KernelFeed
from jupyter_ext.kernels.forms import LaunchForms
from jupyter_ext.kernels.hub import Hub
from jupyter_ext.kernels.limits import LiveLimits
from jupyter_ext.kernels.registry import KernelRegistry
from jupyter_ext.kernels.services import ANY_PORT
from jupyter_ext.kernels.serving import ServerKernels, choose_managers
from jupyter_ext.kernels.specs import KernelSpecs, find_spec, keep
from jupyter_ext.sandbox import handlers as sandbox
from jupyter_ext.sandbox.control import SandboxControl
from jupyter_ext.status import handlers as status
from jupyter_ext.status.board import StatusBoard
from jupyter_ext.status.boards import StatusBoards
from jupyter_ext.status.poller import load


def routes(
    profiles: ProfileStore,
    broker: Broker,
    boards: StatusBoards,
    control: SandboxControl,
    kernel_control: KernelControl,
    forms: LaunchForms,
    hub: Hub,
    feeds: Sequence[status.Feed],
    version: str,
) -> list[Route]:
    """Every address of the extension."""
    return [
        Route("info", InfoHandler, {"version": version}),
        *clusters.routes(profiles, partial(LoggedIn, broker)),
        *credentials.routes(broker),
        *status.routes(boards, feeds),
        *sandbox.routes(control),
        *kernels.routes(kernel_control, forms, hub),
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
    audit = Bool(True, config=True, help="Whether logins are written down.")
    audit_file = Unicode(
        config=True, help="Where logins are written down; below Jupyter's data directory if empty."
    )
    logins_per_minute = Int(
        5, config=True, help="Logins that one user may try in a minute on one cluster."
    )

    hub_listen = Unicode(
        ANY_PORT,
        config=True,
        help="Where agents of kernels on other machines reach this server: tls://host:port. The "
        "port is opened by the first kernel that is not a local one; empty for none.",
    )
    hub_urls = List(
        Unicode(),
        config=True,
        help="More addresses for them to try: wss://host/base/jupyter-ext/kernels/tunnel.",
    )

    @validate("tick_s")
    def _validate_tick(self, proposal: Any) -> float:
        return max(0.5, float(proposal["value"]))

    def initialize_settings(self) -> None:
        """Make the long-lived objects."""
        process_environment.withdraw()
        process_environment.point_nowhere()
        self.change = asyncio.Lock()
        """Held while the extension starts or stops: of a stop that overtakes the start, secrets
        would be left that the start writes when all have been removed."""
        self.at_end = ExitStack()
        self.background: list[asyncio.Task[None]] = []
        self.version = version("jupyter-ext")
        self.profiles = ProfileStore.from_jupyter_paths()
        self.runtime = RuntimeDirectory()
        path = Path(self.audit_file) if self.audit_file else default_path()
        self.audit_log = AuditLog(path) if self.audit else None
        self.broker = Broker(
            self.profiles,
            self.runtime,
            prover=prover,
            open_desk=open_desk,
            audit=self.audit_log,
            limit=LoginLimit(self.logins_per_minute),
        )
        self.injection = Injection(self.broker, self.profiles, self.runtime.kernels)
        self.boards = StatusBoards(self._board)
        self.control = SandboxControl()
        self.kernels = KernelRegistry()

        self.serving = ServerKernels(
            self.serverapp,
            user=OWNER,
            profiles=self.profiles,
            access=LoggedIn(self.broker, OWNER),
            credentials=self.runtime.kernels,
            registry=self.kernels,
            listen=self.hub_listen,
            urls=self.hub_urls,
        )
        self.forms = LaunchForms(
            self.profiles,
            Choices(Path(jupyter_data_dir(), "jupyter-ext", "choices.json")),
            find_spec,
            LiveLimits(partial(LoggedIn, self.broker)).ask,
        )
        self.serving.services.forms = self.forms
        self.kernel_control = KernelControl(self.serving.containers, self.serving.manager)
        self.serving.announce()

    def _link_jupyter_server_extension(self, serverapp: Any) -> None:
        """Take part in the making of the server."""
        super()._link_jupyter_server_extension(serverapp)
        choose_managers(serverapp)

    def _board(self, user: str) -> StatusBoard:
        return StatusBoard(
            self.profiles,
            tick_s=self.tick_s,
            version=self.version,
            access=LoggedIn(self.broker, user),
        )

    def initialize_handlers(self) -> None:
        """Fill the route table; ExtensionApp puts the base URL in front."""
        feeds = [KernelFeed(self.kernels).follow]
        table = routes(
            self.profiles,
            self.broker,
            self.boards,
            self.control,
            self.kernel_control,
            self.forms,
            self.serving.services.hub,
            feeds,
            self.version,
        )
        self.handlers.extend(
            (f"/jupyter-ext/{route.pattern}", route.handler, route.kwargs) for route in table
        )

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Load what polling needs, then spare the event loop the garbage collector's long walks.

        Polling makes garbage steadily, so full collections come often; with a server's and
        JupyterLab's modules to walk each of them takes some 100 ms, without them a few.
        """
        async with self.change:
            refresh = partial(self.injection.refresh, OWNER)
            specs = keep(KernelSpecs.of_user(), self.profiles, refresh)
            culler = self.kernel_control.culler.run()
            self.background.append(asyncio.create_task(specs, name="keep kernelspecs"))
            self.background.append(asyncio.create_task(culler, name="end idle kernels"))
            # Only now: the address that a person opens, token and all, has been printed.
            self.at_end.callback(redact.install())
            await asyncio.to_thread(load)
            # A kernel acts as the server's owner, whoever looks at its notebook.
            await self.injection.write(OWNER)
            self.at_end.callback(self.injection.subscribe(self.serving.push_credentials))
            await self.serving.start()
            process_environment.announce(self.runtime.kernels(OWNER))
            self.at_end.callback(process_environment.withdraw)
            gc.collect()
            gc.freeze()

    async def stop_extension(self) -> None:
        """Stop polling and forget every secret; a sandbox runs until it is told to stop."""
        async with self.change:
            self.at_end.close()
            await self.kernel_control.close()
            await self.serving.close()
            for task in self.background:
                task.cancel()
            await asyncio.gather(*self.background, return_exceptions=True)
            await self.boards.stop()
            await self.broker.close()
            await self.injection.close()
            await asyncio.to_thread(self.runtime.close)
            if self.audit_log is not None:
                await self.audit_log.close()
