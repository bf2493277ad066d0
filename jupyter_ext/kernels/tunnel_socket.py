"""The hub's end of one connection with an agent: the handshake, and then the agent's frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from jupyter_ext_agent.frames import CHUNK
from jupyter_ext_agent.handshake import HandshakeError, Hello, HubHandshake, Lines, Refused

_HELD_BY_TRANSPORT = 4 * CHUNK


class Attached(Protocol):
    """Who takes over a connection whose agent has proved itself."""

    def attach(self, tunnel: TunnelSocket, hello: Hello) -> tuple[str, int, bool]:
        """Take it; give the welcome's session, received and resume. May raise Refused."""

    def received(self, tunnel: TunnelSocket, data: bytes) -> None:
        """Take what arrived."""

    def flush(self) -> None:
        """Write on."""

    def detach(self, tunnel: TunnelSocket) -> None:
        """Hear that the connection is gone."""


class TunnelSocket(asyncio.Protocol):
    """One connection, over whatever transport.

    Parameters
    ----------
    find
        Gives a kernel's secret and who takes its agent over; None for a kernel that is not known.
    binding
        Fingerprint of the hub's certificate on a tls connection, else empty.

    Attributes
    ----------
    proved
        Done when the handshake is over. Its exception says why it failed: HandshakeError, Refused
        or ConnectionError.
    is_full
        Whether to write no more for the moment.
    """

    def __init__(
        self, find: Callable[[str], tuple[bytes, Attached] | None], binding: str = ""
    ) -> None:
        self.proved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_full = False
        self._find = find
        self._handshake = HubHandshake(self._secret, binding)
        self._step: Callable[[bytes], None] = self._hello
        self._lines = Lines()
        self._transport: asyncio.Transport | None = None
        self._attached: Attached | None = None

    # -- the transport's side -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a hello."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_HELD_BY_TRANSPORT)

    def data_received(self, data: bytes) -> None:
        """Take lines first and frames later."""
        if self._attached is not None:
            self._attached.received(self, data)
        elif not self.proved.done():
            self._lines.add(data)
            self._shake()

    def pause_writing(self) -> None:
        """Write no more for the moment."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Write on."""
        self.is_full = False
        if self._attached is not None:
            self._attached.flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whom it concerns."""
        self._transport = None
        if not self.proved.done():
            self.proved.set_exception(error or ConnectionAbortedError("it hung up"))
        attached, self._attached = self._attached, None
        if attached is not None:
            attached.detach(self)

    # -- for who has taken over ---------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is a transport."""
        return self._transport is not None

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None:
            self._transport.write(data)

    def drop(self) -> None:
        """Break the connection; nobody is told."""
        self._attached = None
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """Close the connection when everything was sent; nobody is told."""
        self._attached = None
        if self._transport is not None:
            self._transport.close()

    # -- the handshake ------------------------------------------------------------------------

    def _shake(self) -> None:
        try:
            while self._attached is None and (line := self._lines.next()) is not None:
                self._step(line)
        except (HandshakeError, Refused) as error:
            self.proved.set_exception(error)
            self.finish()
            return
        if self._attached is not None:
            self.proved.set_result(None)
            rest, self._lines.rest = self._lines.rest, b""
            if rest:
                self._attached.received(self, rest)

    def _hello(self, line: bytes) -> None:
        self.write(self._handshake.challenge(line))
        self._step = self._proof

    def _proof(self, line: bytes) -> None:
        self._handshake.check(line)
        hello = self._handshake.hello
        found = self._find(hello.kernel_id)
        if found is None:
            raise HandshakeError("its kernel has been closed meanwhile")
        attached = found[1]
        try:
            session, received, resume = attached.attach(self, hello)
        except Refused as refused:
            self.write(self._handshake.refuse(str(refused)))
            raise
        self.write(self._handshake.welcome(session, received, resume))
        self._attached = attached
        attached.flush()

    def _secret(self, kernel_id: str) -> bytes | None:
        found = self._find(kernel_id)
        return None if found is None else found[0]
