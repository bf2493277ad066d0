"""Agents that reach the hub through the Jupyter server's own URL, as a websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from jupyter_ext_agent.frames import CHUNK
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_ext.kernels.hub import Hub
from jupyter_ext.kernels.tunnel_socket import TunnelSocket

_HELD = 4 * CHUNK


class TunnelHandler(WebSocketHandler):
    """Carries the bytes of a tunnel.

    It asks for no login: an agent has no token of the Jupyter server, and must not have one. What
    it has is the secret of its kernel, and the hub lets nobody say anything before he has proved,
    by the handshake, that he knows it; until then a connection can do no more than one with the
    hub's own port. A page in a browser cannot use it either: tornado refuses websockets of other
    origins.
    """

    def initialize(self, hub: Hub) -> None:
        """Take the hub."""
        self._hub = hub
        self._transport: WebSocketTransport | None = None

    @allow_unauthenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Become a websocket."""
        if not self._hub.is_running:
            raise HTTPError(503, reason="No kernel of this server has an agent")
        await super().get(*args, **kwargs)

    def open(self, *args: str, **kwargs: str) -> None:
        """Let the hub greet whoever it is."""
        self.set_nodelay(True)
        self._transport = WebSocketTransport(self, self._hub)

    def on_message(self, message: str | bytes) -> None:
        """Give what arrived to the hub; a text is nothing that an agent sends."""
        if self._transport is not None and isinstance(message, bytes):
            self._transport.received(message)
        else:
            self.close()

    def on_close(self) -> None:
        """Tell the hub."""
        if self._transport is not None:
            self._transport.lost()


class WebSocketTransport(asyncio.Transport):
    """What the hub's protocol writes to, in the hub's thread, for a websocket in the server's."""

    def __init__(self, handler: TunnelHandler, hub: Hub) -> None:
        super().__init__()
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._hub_loop = hub.loop
        self._protocol: TunnelSocket | None = None
        self._unsent = 0
        """Bytes, counted in the hub's thread."""
        self._is_full = False
        self._sends: set[asyncio.Task[None]] = set()
        self._call_hub(self._greet, hub)

    # -- in the server's loop -----------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Take what arrived."""
        self._call_hub(self._receive, data)

    def lost(self) -> None:
        """Hear that the websocket is closed."""
        self._call_hub(self._lose)

    def _send(self, data: bytes) -> None:
        try:
            sending = self._handler.write_message(data, binary=True)
        except WebSocketClosedError:
            return  # on_close tells the hub
        task = asyncio.ensure_future(self._wait(sending, len(data)))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _wait(self, sending: Awaitable[None], count: int) -> None:
        with suppress(WebSocketClosedError):
            await sending
            self._call_hub(self._sent, count)

    def _call_hub(self, call: Any, *arguments: Any) -> None:
        try:
            self._hub_loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # the hub is closed
            self._handler.close()

    # -- in the hub's loop --------------------------------------------------------------------

    def write(self, data: Any) -> None:
        """Send bytes; says so when there are too many on their way."""
        self._unsent += len(data)
        if self._unsent > _HELD and not self._is_full and self._protocol is not None:
            self._is_full = True
            self._protocol.pause_writing()
        self._call_server(self._send, data)

    def close(self) -> None:
        """Close the websocket when everything has been sent."""
        self._call_server(self._handler.close)

    def abort(self) -> None:
        """Close the websocket."""
        self._call_server(self._handler.close)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Keep the limits there are."""

    def _greet(self, hub: Hub) -> None:
        self._protocol = hub.receive()
        self._protocol.connection_made(self)

    def _receive(self, data: bytes) -> None:
        if self._protocol is not None:
            self._protocol.data_received(data)

    def _lose(self) -> None:
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connection_lost(None)

    def _sent(self, count: int) -> None:
        self._unsent -= count
        if self._is_full and self._unsent <= _HELD // 4 and self._protocol is not None:
            self._is_full = False
            self._protocol.resume_writing()

    def _call_server(self, call: Any, *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # the server has ended
            self._lose()
