"""A program that starts a kernel and is killed in the middle of it: PLACE DIRECTORY MOMENT."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from jupyter_ext.clusters.reader import login_name
from jupyter_ext.kernels import launcher, running, startup
from jupyter_ext.kernels.local import LocalBackend
from tests.kernels import provisioned

MOMENTS = ("prepared", "written", "started", "met", "launched")


def die(*_: Any) -> None:
    """End this process, as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fatal(LocalBackend):
    """Kills whoever uses it."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self._moment = moment

    async def prepare(self, *arguments: Any) -> Any:
        handle = await super().prepare(*arguments)
        if self._moment == "prepared":
            die()
        return handle

    async def start(self, *arguments: Any) -> None:
        if self._moment == "written":
            die()
        await super().start(*arguments)
        if self._moment == "started":
            die()


async def main(place: str, directory: str, moment: str) -> None:
    """Start a kernel, up to that moment."""
    services = provisioned.make_services(Path(directory), place, login_name() or "owner")
    services._backends["local"] = Fatal(moment)
    if moment == "met":
        running.Running.push_credentials = die  # type: ignore[method-assign] # the next thing done
    elif moment == "launched":
        startup._heartbeat = die  # type: ignore[assignment] # the next thing done
    kernel = provisioned.manager(services, Path(directory))
    kernel.kernel_id = sys.argv[4]
    await kernel.start_kernel()
    raise SystemExit(f"{launcher} was not killed")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
