"""REST of the sandbox."""

from __future__ import annotations

from jupyter_ext.handlers import ApiHandler, Route, endpoint
from jupyter_ext.sandbox.control import SandboxControl
from jupyter_ext.sandbox.models import SandboxStatus


class SandboxHandler(ApiHandler):
    """The user's sandbox."""

    def initialize(self, control: SandboxControl) -> None:
        """Take the sandbox's control."""
        self.control = control

    @endpoint(response=SandboxStatus)
    async def get(self) -> SandboxStatus:
        """Say what runs."""
        return await self.control.status()

    @endpoint(response=SandboxStatus)
    async def post(self) -> SandboxStatus:
        """Start the sandbox in the background."""
        return await self.control.start()

    @endpoint(response=SandboxStatus)
    async def delete(self) -> SandboxStatus:
        """End the sandbox; data and profiles stay."""
        return await self.control.stop()


def routes(control: SandboxControl) -> list[Route]:
    """Every address of this area."""
    return [Route("sandbox", SandboxHandler, {"control": control})]
