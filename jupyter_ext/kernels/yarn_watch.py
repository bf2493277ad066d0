"""Following one application from its submission to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from jupyter_ext.errors import JupyterExtError, NotFound
from jupyter_ext.hadoop import nodemanager
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import App, Attempt
from jupyter_ext.kernels import yarn_failures
from jupyter_ext.kernels.backend import Handle, Tell
from jupyter_ext.kernels.models import Failure
from jupyter_ext.kernels.yarn_exits import Ended
from jupyter_ext.kernels.yarn_queue import waiting

OVER = ("FINISHED", "FAILED", "KILLED")
ALIVE = ("NEW", "NEW_SAVING", "SUBMITTED", "ACCEPTED", "RUNNING")
_RUNNING_S = 10.0
"""Between two questions about an application that has been running for a while."""
_AT_FIRST_S, _SOON_S, _LATER_S = 0.15, 1.0, 3.0
_REASON_S = 3.0
"""Between two questions why it waits, which take three requests."""
_NO_QUEUE_S = 0.7
"""What is asked for comes as late as this without having waited for anything."""
_LOG_BYTES = 64 << 10
_LAST_LINES = 30


class Following:
    """What was told of an application so far.

    Parameters
    ----------
    handle
        Of the application.
    tell
        Told its phases.
    """

    def __init__(self, handle: Handle, tell: Tell) -> None:
        self._handle = handle
        self._tell = tell
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._asked = float("-inf")
        self._waits_since = self._began

    async def follow(self, hadoop: Hadoop) -> Failure:
        """Tell phases until the application is over; say why it is.

        Raises
        ------
        NotFound
            If the ResourceManager does not know it.
        JupyterExtError
            If it cannot be asked at the moment.
        """
        while True:
            app = await hadoop.resourcemanager.app(self._handle["application"])
            if app.state in OVER:
                return await why(hadoop, self._handle, app)
            await self._say(hadoop, app)
            await asyncio.sleep(self.pause(app))

    def pause(self, app: App | None = None) -> float:
        """Give the seconds until it should be asked for again."""
        since = self._clock() - self._began
        if since < 5.0:
            return _AT_FIRST_S
        if app is not None and app.state == "RUNNING" and not self._lacks_second(app):
            return _RUNNING_S
        return _SOON_S if since < 60.0 else _LATER_S

    async def _say(self, hadoop: Hadoop, app: App) -> None:
        if app.state == "RUNNING":
            if self._lacks_second(app):
                await self._say_why(hadoop, app)
            else:
                self._tell("starting", "")
        elif app.am_host:
            if self._handle["second"]:
                self._waits_since = self._clock()
                self._tell("queued", "")
            else:
                self._tell("allocated", f"on {_host(app)}")
        elif app.state == "ACCEPTED":
            await self._say_why(hadoop, app)
        else:
            self._tell("submitted", app.id)

    async def _say_why(self, hadoop: Hadoop, app: App) -> None:
        now = self._clock()
        if now - self._waits_since < _NO_QUEUE_S:
            self._tell("queued", "")
        elif now - self._asked > _REASON_S:
            self._asked = now
            self._tell("queued", await waiting(hadoop, app))

    def _lacks_second(self, app: App) -> bool:
        return bool(self._handle["second"]) and app.containers < 2


async def why(hadoop: Hadoop, handle: Handle, app: App) -> Failure:
    """Say why an application is over."""
    text = ""
    with suppress(JupyterExtError):
        text = await log(hadoop, handle, _LAST_LINES)
    ended = Ended(
        hadoop.connection.profile.title,
        app.state,
        app.diagnostics,
        int(handle.get("memory_mb", 0)),
    )
    return yarn_failures.explain(ended, text)


async def log(hadoop: Hadoop, handle: Handle, lines: int) -> str:
    """Give the end of what the kernel's container printed."""
    places = await _places(hadoop, handle)
    texts = []
    for file in ("stdout", "stderr"):
        with suppress(NotFound):
            tail = await nodemanager.tail(
                hadoop.connection, handle["application"], places, file, _LOG_BYTES
            )
            texts.append(tail.text.strip("\n"))
    whole = "\n".join(text for text in texts if text)
    return "\n".join(whole.splitlines()[-lines:])


async def host(hadoop: Hadoop, handle: Handle, app: App) -> str:
    """Give the name of the node that runs the kernel; empty while there is none."""
    if not handle["second"]:
        return _host(app)
    places = await _places(hadoop, handle)
    return urlsplit(places[-1].node_url).hostname or "" if len(places) > 1 else ""


async def _places(hadoop: Hadoop, handle: Handle) -> list[Attempt]:
    """List where the application's containers are, the kernel's last."""
    manager = hadoop.resourcemanager
    attempts = await manager.attempts(handle["application"])
    if not handle["second"] or not attempts:
        return attempts
    containers: list[Attempt] = []
    with suppress(JupyterExtError):
        containers = await manager.containers(attempts[-1])
    second = [one for one in containers if one.container != attempts[-1].container]
    return [*attempts, *sorted(second, key=lambda one: one.container)]


def _host(app: App) -> str:
    return app.am_host.partition(":")[0]
