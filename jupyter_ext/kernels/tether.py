"""The hub's end of an agent's link: streams of clients on one side, the tunnel on the other."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any, Protocol

from jupyter_ext_agent.frames import (
    TO_AGENT,
    TO_HUB,
    Closed,
    Event,
    LinkError,
    Opened,
    Received,
    Room,
    Told,
)
from jupyter_ext_agent.handshake import Hello, Refused
from jupyter_ext_agent.link import Link

from jupyter_ext.kernels.client_socket import ClientSocket
from jupyter_ext.kernels.tunnel_socket import TunnelSocket

Message = dict[str, Any]

log = logging.getLogger(__name__)


class Hears(Protocol):
    """Who hears what the agent says, and how it is; all in the hub's loop."""

    def connected(self, resumed: bool) -> None:
        """Hear that the agent is there; unless it was resumed, it will say anew how it is."""

    def disconnected(self) -> None:
        """Hear that its connection ended; it may be back at once."""

    def lost(self) -> None:
        """Hear that it was silent for too long."""

    def told(self, message: Message) -> None:
        """Take a message."""


class Tether:
    """One agent's link with the hub. Belongs to the hub's loop.

    Parameters
    ----------
    kernel_id
        For the log.
    instance
        The run of an agent that is let in; None for whichever proves itself first.

    Attributes
    ----------
    is_attached
        Whether it was heard of within the time that a silence may last.
    """

    def __init__(self, kernel_id: str, instance: str | None, hears: Hears) -> None:
        self.instance = instance
        self.is_attached = False
        self._heard_at: float | None = None
        self._kernel_id = kernel_id
        self._hears = hears
        self._session = ""
        self._link = Link(TO_AGENT, TO_HUB)
        self._tunnel: TunnelSocket | None = None
        self._clients: dict[int, ClientSocket] = {}
        self._is_closed = False

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._tunnel is not None

    @property
    def silent_s(self) -> float | None:
        """For how long nothing was heard; None if nothing ever was."""
        return None if self._heard_at is None else time.monotonic() - self._heard_at

    def tell(self, message: Message) -> None:
        """Send a message; raises as :meth:`Link.tell`."""
        self._link.tell(message)
        self.flush()

    def open(self, client: ClientSocket) -> int:
        """Open a stream for a client; raises as :meth:`Link.open`."""
        number = self._link.open(client.options)
        self._clients[number] = client
        self.flush()
        return number

    def release(self) -> None:
        """Hang up on everybody."""
        self._is_closed = True
        self.is_attached = False
        self._drop()
        for client in list(self._clients.values()):
            client.end()
        self._clients.clear()

    # -- for clients --------------------------------------------------------------------------

    def open_stream(self, client: ClientSocket) -> int | None:
        """Open a stream for a client that has connected."""
        if self._is_closed:
            return None
        try:
            return self.open(client)
        except LinkError as error:
            log.warning("Kernel %s: a client is turned away: %s", self._kernel_id, error)
            return None

    def room(self, stream: int) -> int:
        """As :meth:`Link.room`."""
        return self._link.room(stream)

    def send(self, stream: int, data: bytes) -> None:
        """As :meth:`Link.send`."""
        self._link.send(stream, data)
        self.flush()

    def consumed(self, stream: int, count: int) -> None:
        """As :meth:`Link.consumed`."""
        self._link.consumed(stream, count)
        self.flush()

    def close_stream(self, stream: int) -> None:
        """As :meth:`Link.close`."""
        self._clients.pop(stream, None)
        self._link.close(stream)
        self.flush()

    # -- for the tunnel -----------------------------------------------------------------------

    def attach(self, tunnel: TunnelSocket, hello: Hello) -> tuple[str, int, bool]:
        """Take over a connection whose agent has proved itself.

        Raises
        ------
        Refused
            If another run of an agent has the kernel.
        """
        if self.instance not in (None, hello.instance):
            raise Refused("another agent has this kernel")
        self.instance = hello.instance
        # The agent knows better than we do that its old connection is dead.
        self._drop()
        self._tunnel = tunnel
        resumed = bool(self._session) and hello.session == self._session
        resumed = resumed and self._link.can_resume(hello.received)
        if resumed:
            self._link.resume(hello.received)
        else:
            self._session = secrets.token_hex(8)
            for number in self._link.reset(keep_messages=True):
                self._end_client(number)
        self._heard_at = time.monotonic()
        if not (resumed and self.is_attached):
            self.is_attached = True
            self._hears.connected(resumed)
        return self._session, self._link.received, resumed

    def received(self, tunnel: TunnelSocket, data: bytes) -> None:
        """Take what arrived."""
        if tunnel is not self._tunnel:
            return
        self._heard_at = time.monotonic()
        try:
            for event in self._link.receive(data):
                self._dispatch(event)
        except LinkError as error:
            log.warning("The agent of kernel %s makes no sense: %s", self._kernel_id, error)
            self._session = ""
            self._drop()
            return
        if self._link.has_output:
            self.flush()

    def flush(self) -> None:
        """Write what there is to write, as long as it goes."""
        while self._tunnel is not None and not self._tunnel.is_full and self._link.has_output:
            self._tunnel.write(self._link.take())

    def detach(self, tunnel: TunnelSocket) -> None:
        """Hear that a connection is gone; the agent will be back, or silent for too long."""
        if tunnel is self._tunnel:
            self._tunnel = None
            self._hears.disconnected()

    def check(self, silence_s: float) -> None:
        """Notice silence; called every second or so."""
        if self.silent_s is None or self.silent_s < silence_s:
            return
        self._drop()
        if self.is_attached:
            self.is_attached = False
            self._hears.lost()

    def _drop(self) -> None:
        tunnel, self._tunnel = self._tunnel, None
        if tunnel is not None:
            tunnel.drop()

    def _dispatch(self, event: Event) -> None:
        match event:
            case Received(number, data):
                if client := self._clients.get(number):
                    client.deliver(data)
            case Told(message):
                self._hears.told(message)
            case Room(number):
                if client := self._clients.get(number):
                    client.has_room()
            case Closed(number):
                self._end_client(number)
            case Opened():
                raise LinkError("an agent opens no streams")

    def _end_client(self, number: int) -> None:
        if client := self._clients.pop(number, None):
            client.end()
