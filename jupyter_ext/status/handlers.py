"""The board over HTTP, and over a websocket to every open tab."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from pydantic import ValidationError
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_ext.errors import InvalidInput
from jupyter_ext.hadoop.models import AppActivities, LogTail
from jupyter_ext.handlers import ApiHandler, Route, endpoint, explain, jupyter_user
from jupyter_ext.models import StreamMessage
from jupyter_ext.status.board import StatusBoard
from jupyter_ext.status.boards import StatusBoards
from jupyter_ext.status.models import NodeList, WatchMessage
from jupyter_ext.status.subscription import Frame

Feed = Callable[[str, Callable[[Any], None]], Callable[[], None]]
"""Takes a Jupyter user and what offers a :class:`StreamMessage` to a tab; gives what ends that."""
LOG_BYTES = 65_536
MAX_LOG_BYTES = 1_048_576
GOING_AWAY = 1001
"""Close code of a server that stops (RFC 6455, 7.4.1)."""
INVALID = 1003
"""Close code of a client that sends what cannot be read (RFC 6455, 7.4.1)."""
MAX_CLOSE_REASON = 123
"""Bytes that a close frame has room for (RFC 6455, 5.5)."""


class StatusHandler(ApiHandler):
    """Base of the handlers below."""

    def initialize(self, boards: StatusBoards) -> None:
        """Take the boards."""
        self.boards = boards

    @property
    def board(self) -> StatusBoard:
        """The board of whoever asks."""
        return self.boards.of(jupyter_user(self))


class NodesHandler(StatusHandler):
    """NodeManagers of one cluster."""

    @endpoint(response=NodeList)
    async def get(self, name: str) -> NodeList:
        """NodeManagers of a cluster, the lost ones included."""
        return await self.board.nodes(name)


class AppHandler(StatusHandler):
    """One application."""

    @endpoint()
    async def delete(self, name: str, app: str) -> None:
        """Kill an application."""
        await self.board.kill(name, app)


class LogHandler(StatusHandler):
    """Log of one application."""

    @endpoint(
        response=LogTail,
        query={
            "file": "Name of the log file; stderr when left out.",
            "size": f"Bytes from its end, {LOG_BYTES} when left out, {MAX_LOG_BYTES} at most.",
        },
    )
    async def get(self, name: str, app: str, file: str = "stderr", size: str = "") -> LogTail:
        """End of a log file of an application's master."""
        return await self.board.log(name, app, file, _size(size))


class ActivitiesHandler(StatusHandler):
    """What the scheduler does about one application."""

    @endpoint(response=AppActivities)
    async def get(self, name: str, app: str) -> AppActivities:
        """Why the scheduler passes an application over."""
        return await self.board.activities(name, app)


class StreamHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """The board, pushed to one tab.

    The server sends a :class:`BoardMessage` first and whenever profiles change, and a
    :class:`StatusMessage` per poll; the client sends :class:`WatchMessage`. Areas beside this one
    send what their feeds give.
    """

    auth_resource = ApiHandler.auth_resource

    def initialize(self, boards: StatusBoards, feeds: Sequence[Feed]) -> None:
        """Take the boards, and what else there is to tell."""
        self.boards = boards
        self.feeds = feeds

    @property
    def board(self) -> StatusBoard:
        """The board of whoever asks."""
        return self.boards.of(jupyter_user(self))

    def set_default_headers(self) -> None:
        """Leave out the headers of a page, which mean nothing here."""

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the stream for whoever may read."""
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "read", self.auth_resource)
        )
        if not allowed:
            raise web.HTTPError(403)
        await super().get(*args, **kwargs)

    def open(self, *args: str, **kwargs: str) -> None:
        """Start sending."""
        super().open(*args, **kwargs)
        self.subscription = self.board.subscribe()
        user = jupyter_user(self)
        self.leaving = [feed(user, self._offer) for feed in self.feeds]
        self.sending = asyncio.create_task(self._send())

    def _offer(self, message: StreamMessage) -> None:
        self.subscription.offer(None, Frame(message))

    async def _send(self) -> None:
        try:
            while True:
                frame = await self.subscription.next_frame()
                # Waiting until it is sent is what lets newer statuses replace older ones.
                await self.write_message(await frame.encode())
        except StopAsyncIteration:
            self.close(GOING_AWAY)
        except WebSocketClosedError:
            self.subscription.close()

    def on_message(self, message: str | bytes) -> None:
        """Take what the tab looks at."""
        try:
            watch = WatchMessage.model_validate_json(message)
        except ValidationError as error:
            reason = explain(error).encode()[:MAX_CLOSE_REASON].decode(errors="ignore")
            self.close(INVALID, reason)
            return
        self.subscription.watch(watch.clusters, refresh=watch.refresh)

    def on_close(self) -> None:
        """Stop sending; if nobody else looks, polling stops too."""
        for leave in self.leaving:
            leave()
        self.sending.cancel()
        self.subscription.close()


def _size(text: str) -> int:
    try:
        size = int(text or LOG_BYTES)
    except ValueError:
        size = 0
    if not 0 < size <= MAX_LOG_BYTES:
        raise InvalidInput(f"size: a number of bytes, {MAX_LOG_BYTES} at most, was expected.")
    return size


def routes(boards: StatusBoards, feeds: Sequence[Feed]) -> list[Route]:
    """Every address of this area, and the stream that all areas share."""
    kwargs = {"boards": boards}
    return [
        Route("status/stream", StreamHandler, kwargs | {"feeds": feeds}),
        Route("status/{name}/nodes", NodesHandler, kwargs),
        Route("status/{name}/apps/{app}", AppHandler, kwargs),
        Route("status/{name}/apps/{app}/log", LogHandler, kwargs),
        Route("status/{name}/apps/{app}/activities", ActivitiesHandler, kwargs),
    ]
