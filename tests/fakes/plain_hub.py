"""A hub for one agent that keeps all it hears, and says what a test wants."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_ext_agent.frames import TO_AGENT, TO_HUB, Closed, Opened, Received, Told
from jupyter_ext_agent.handshake import HubHandshake, Lines
from jupyter_ext_agent.link import Link

Message = dict[str, Any]
PATIENCE_S = 20.0


class PlainStream:
    """One stream, read by whoever wants to see what comes."""

    def __init__(self, hub: PlainHub, number: int) -> None:
        self.number = number
        self.data = b""
        self.is_closed = False
        self._hub = hub

    def send(self, data: bytes) -> None:
        self._hub.act(lambda link: link.send(self.number, data))

    def close(self) -> None:
        self._hub.act(lambda link: link.close(self.number))

    def until(self, wanted: bytes) -> bytes:
        """Give all up to and with something, and forget it."""
        self._hub.wait(lambda: wanted in self.data, lambda: f"{wanted!r} in {self.data[-500:]!r}")
        end = self.data.index(wanted) + len(wanted)
        found, self.data = self.data[:end], self.data[end:]
        return found

    def ended(self) -> bytes:
        """Wait until the agent closes it; give what is left."""
        self._hub.wait(lambda: self.is_closed, lambda: f"the end after {self.data[-500:]!r}")
        return self.data


class PlainHub:
    """Listens on a unix socket; every connection is a new session unless it can be resumed."""

    def __init__(self, directory: Path, kernel_id: str = "kernel-1") -> None:
        self.kernel_id = kernel_id
        self.secret = os.urandom(32)
        self.path = directory / "hub"
        self.messages: list[Message] = []
        self.connections = 0
        self.refusal: str | None = None
        self._session = os.urandom(8).hex()
        self._link = Link(TO_AGENT, TO_HUB)
        self._streams: dict[int, PlainStream] = {}
        self._changed = threading.Condition()
        self._requests = 0
        self._agent: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def bootstrap(self, lease_s: float = 60.0) -> Message:
        return {
            "kernel_id": self.kernel_id,
            "secret": self.secret.hex(),
            "hubs": [f"unix://{self.path}"],
            "fingerprint": None,
            "ca": None,
            "lease_s": lease_s,
        }

    # -- what a test says ---------------------------------------------------------------------

    def tell(self, **message: Any) -> None:
        self.act(lambda link: link.tell(message))

    def request(self, **message: Any) -> Message:
        """Tell something and give the answer."""
        self._requests += 1
        number = self._requests
        self.tell(id=number, **message)
        return self.heard("done", id=number)

    def open(self, **options: Any) -> PlainStream:
        def open_it(link: Link) -> PlainStream:
            number = link.open(options)
            self._streams[number] = PlainStream(self, number)
            return self._streams[number]

        return self.act(open_it)

    def cut(self) -> None:
        """Break the connection; the session goes on."""
        agent = self._agent
        assert agent is not None
        with contextlib.suppress(OSError):
            agent.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Become a hub that knows the kernel and nothing of the session."""
        with self._changed:
            self._session = os.urandom(8).hex()
            self._link = Link(TO_AGENT, TO_HUB)
            self.messages.clear()

    def die_and_rise(self) -> None:
        """Be another hub of the same kernel from now on."""
        self.forget()
        self.cut()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._agent is not None:
            self.cut()
        self.path.unlink(missing_ok=True)

    # -- what a test hears --------------------------------------------------------------------

    def heard(self, kind: str, **fields: Any) -> Message:
        """Wait for a message, and give the first that fits."""

        def fits(message: Message) -> bool:
            return message["type"] == kind and fields.items() <= message.items()

        self.wait(
            lambda: any(map(fits, self.messages)),
            lambda: f"{kind} {fields} in {self.messages}",
        )
        return next(filter(fits, self.messages))

    def wait(self, condition: Callable[[], bool], wanted: Callable[[], str]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while not condition():
                if time.monotonic() > deadline:
                    raise AssertionError(f"not within {PATIENCE_S} s: {wanted()}")
                self._changed.wait(0.05)  # some conditions are not about what was heard

    def act(self, change: Callable[[Link], Any]) -> Any:
        with self._changed:
            result = change(self._link)
            self._flush()
            return result

    # -- the wire -----------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                agent = self._listener.accept()[0]
            except OSError:
                return
            self._agent = agent
            with agent, contextlib.suppress(OSError):
                if rest := self._welcome(agent):
                    self._take(b"".join(rest[1:]))
                    while data := agent.recv(1 << 16):
                        self._take(data)
            self._agent = None

    def _welcome(self, agent: socket.socket) -> list[bytes] | None:
        lines = Lines()
        known = {self.kernel_id: self.secret}
        handshake = HubHandshake(known.get, "")
        agent.sendall(handshake.challenge(_line(agent, lines)))
        handshake.check(_line(agent, lines))
        if self.refusal:
            agent.sendall(handshake.refuse(self.refusal))
            return None
        with self._changed:
            hello = handshake.hello
            resume = hello.session == self._session and self._link.can_resume(hello.received)
            if resume:
                self._link.resume(hello.received)
            else:
                self._link.reset(keep_messages=True)
            agent.sendall(handshake.welcome(self._session, self._link.received, resume))
            self.connections += 1
            self._changed.notify_all()
            self._flush()
        return [b"", lines.rest]

    def _take(self, data: bytes) -> None:
        with self._changed:
            for event in self._link.receive(data):
                if isinstance(event, Told):
                    self.messages.append(event.message)
                elif isinstance(event, Received):
                    self._streams[event.stream].data += event.data
                    self._link.consumed(event.stream, len(event.data))
                elif isinstance(event, Closed):
                    self._streams[event.stream].is_closed = True
                else:
                    assert not isinstance(event, Opened), "agents open no streams"
            self._flush()
            self._changed.notify_all()

    def _flush(self) -> None:
        agent = self._agent
        if agent is not None and self.connections:
            while self._link.has_output:
                try:
                    agent.sendall(self._link.take())
                except OSError:
                    return


def _line(agent: socket.socket, lines: Lines) -> bytes:
    while (line := lines.next()) is None:
        data = agent.recv(4096)
        if not data:
            raise ConnectionResetError
        lines.add(data)
    return line


@contextlib.contextmanager
def plain_hub(directory: Path) -> Iterator[PlainHub]:
    hub = PlainHub(directory)
    try:
        yield hub
    finally:
        hub.close()
