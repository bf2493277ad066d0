"""Remote kernels over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from jupyter_core.utils import ensure_async
from tornado import web

from jupyter_ext.errors import InvalidInput, Unavailable
from jupyter_ext.handlers import ApiHandler, Route, endpoint, jupyter_user
from jupyter_ext.kernels.control import KernelControl
from jupyter_ext.kernels.forms import LaunchForms
from jupyter_ext.kernels.hub import Hub
from jupyter_ext.kernels.models import (
    KernelList,
    KernelView,
    LaunchForm,
    LaunchRequest,
    LogText,
    RestartRequest,
    TerminalName,
)
from jupyter_ext.kernels.tunnel_handlers import TunnelHandler

LINES = 200
MAX_LINES = 10_000


class KernelHandler(ApiHandler):
    """Base of the handlers below: who may not touch Jupyter's kernels may not touch these."""

    auth_resource = "kernels"

    def initialize(self, control: KernelControl) -> None:
        """Take what the kernels are controlled with."""
        self.control = control

    @property
    def user(self) -> str:
        """Whose kernels are meant."""
        return jupyter_user(self)


class KernelsHandler(KernelHandler):
    """Every kernel."""

    @endpoint(response=KernelList)
    async def get(self) -> KernelList:
        """Your kernels, those without a server included."""
        return KernelList(kernels=await self.control.list(self.user))


class OneKernelHandler(KernelHandler):
    """One kernel."""

    @endpoint(response=KernelView)
    async def get(self, kernel_id: str) -> KernelView:
        """One kernel."""
        return self.control.get(self.user, kernel_id)

    @endpoint()
    async def delete(self, kernel_id: str) -> None:
        """End a kernel and its container, also while it starts or when it has no server."""
        await self.control.stop(self.user, kernel_id)


class RestartHandler(KernelHandler):
    """Restarting one kernel."""

    @endpoint(request=RestartRequest, response=KernelView)
    async def post(self, kernel_id: str, body: RestartRequest) -> KernelView:
        """Restart a kernel where it is, or in a new container."""
        return await self.control.restart(self.user, kernel_id, body)


class InterruptHandler(KernelHandler):
    """Interrupting one kernel."""

    @endpoint()
    async def post(self, kernel_id: str) -> None:
        """Interrupt what a kernel runs."""
        await self.control.interrupt(self.user, kernel_id)


class KeepHandler(KernelHandler):
    """Sparing one kernel."""

    @endpoint(response=KernelView)
    async def post(self, kernel_id: str) -> KernelView:
        """Spare a kernel that is about to be ended because nobody uses it."""
        return self.control.keep(self.user, kernel_id)


class AdoptHandler(KernelHandler):
    """Taking a kernel back."""

    @endpoint(response=KernelView)
    async def post(self, kernel_id: str) -> KernelView:
        """Adopt a kernel that no server has."""
        return await self.control.adopt(self.user, kernel_id)


class LogsHandler(KernelHandler):
    """What one kernel printed."""

    @endpoint(
        response=LogText,
        query={"lines": f"How many from the end; {LINES} when left out, {MAX_LINES} at most."},
    )
    async def get(self, kernel_id: str, lines: str = "") -> LogText:
        """End of what a kernel printed to stdout and stderr."""
        return await self.control.logs(self.user, kernel_id, _lines(lines))


class TerminalHandler(KernelHandler):
    """A shell beside one kernel."""

    @endpoint(response=TerminalName)
    async def post(self, kernel_id: str) -> TerminalName:
        """Open a terminal in a kernel's container."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", "terminals")
        if not await ensure_async(allowed):
            raise web.HTTPError(403, "You may not use terminals.")
        self.control.get(self.user, kernel_id)
        terminals: Any = self.settings.get("terminal_manager")
        if terminals is None:
            raise Unavailable(
                "This Jupyter server has no terminals.",
                hint="They are switched off by ServerApp.terminals_enabled, or the package "
                "jupyter_server_terminals is missing.",
            )
        path = await self.control.terminal(self.user, kernel_id)
        program = [sys.executable, "-m", "jupyter_ext.kernels.attach", str(path)]
        return TerminalName(name=terminals.create(shell_command=program)["name"])


class FormHandler(ApiHandler):
    """The launch form of one kernelspec."""

    def initialize(self, forms: LaunchForms) -> None:
        """Take the forms."""
        self.forms = forms

    @endpoint(response=LaunchForm)
    async def get(self, spec: str) -> LaunchForm:
        """Show what may be asked for, what is proposed and what would start at once."""
        return await self.forms.form(jupyter_user(self), spec)

    @endpoint()
    async def delete(self, spec: str) -> None:
        """Forget the remembered values, and ask again."""
        await self.forms.forget(jupyter_user(self), spec)


class LaunchHandler(FormHandler):
    """Values for a kernel that is about to start."""

    @endpoint(request=LaunchRequest)
    async def put(self, kernel_id: str, body: LaunchRequest) -> None:
        """Keep a form's values until a kernel starts under this id."""
        await self.forms.keep(jupyter_user(self), kernel_id, body)


def _lines(text: str) -> int:
    try:
        lines = int(text or LINES)
    except ValueError:
        lines = 0
    if not 0 < lines <= MAX_LINES:
        raise InvalidInput(f"lines: a number, {MAX_LINES} at most, was expected.")
    return lines


def routes(control: KernelControl, forms: LaunchForms, hub: Hub) -> list[Route]:
    """Every address of this area, and the one that agents dial."""
    kernels: Mapping[str, Any] = {"control": control}
    launches: Mapping[str, Any] = {"forms": forms}
    return [
        Route("kernels", KernelsHandler, dict(kernels)),
        Route("kernels/tunnel", TunnelHandler, {"hub": hub}),
        Route("kernels/forms/{spec}", FormHandler, dict(launches)),
        Route("kernels/launches/{kernel_id}", LaunchHandler, dict(launches)),
        Route("kernels/{kernel_id}", OneKernelHandler, dict(kernels)),
        Route("kernels/{kernel_id}/restart", RestartHandler, dict(kernels)),
        Route("kernels/{kernel_id}/interrupt", InterruptHandler, dict(kernels)),
        Route("kernels/{kernel_id}/keep", KeepHandler, dict(kernels)),
        Route("kernels/{kernel_id}/adopt", AdoptHandler, dict(kernels)),
        Route("kernels/{kernel_id}/logs", LogsHandler, dict(kernels)),
        Route("kernels/{kernel_id}/terminal", TerminalHandler, dict(kernels)),
    ]
