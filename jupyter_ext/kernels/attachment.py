"""One kernel's place in the hub: its unix sockets for clients, and the tunnel of its agent."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jupyter_ext_agent.handshake import Hello, Refused
from jupyter_ext_agent.link import (
    TO_AGENT,
    TO_HUB,
    Closed,
    Event,
    Link,
    LinkError,
    Opened,
    Received,
    Room,
    Told,
)

from jupyter_ext.credentials.erase import erase
from jupyter_ext.errors import JupyterExtError, Unreachable
from jupyter_ext.kernels.client_socket import ClientSocket
from jupyter_ext.kernels.tunnel_socket import TunnelSocket

T = TypeVar("T")
Message = dict[str, Any]
Listener = Callable[[Message], None]

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
"""In the order of their ports: jupyter_client's ``shell_port`` is 1."""
REQUEST_S = 10.0
_BACKLOG = 16
_KEPT = ".kept"
"""A second name of each socket."""

log = logging.getLogger(__name__)


class AgentFailed(JupyterExtError):
    """The agent could not do what it was asked for."""

    status = 502
    code = "agent_failed"


@dataclass(frozen=True)
class AttachmentState:
    """What is known of an agent at one moment."""

    attached: bool
    """Whether it was heard of within the last 15 s."""
    connected: bool
    """Whether there is a connection at this moment."""
    heard_at: float | None
    """Epoch seconds; None for never."""
    instance: str | None
    """The run of the agent to which the kernel belongs."""
    agent: Message | None
    """Its last message of this type, and so on; None until there was one."""
    kernel: Message | None
    stats: Message | None
    ended: str | None
    """Why the agent ended; None as long as it did not say so."""


class Attachment:
    """What a server does with a kernel's agent; made by :meth:`Hub.register`.

    Methods may be called from any thread and awaited in any loop. The tunnel's side of it, from
    :meth:`attach` on, belongs to the hub's loop.

    Attributes
    ----------
    connection_info
        For jupyter_client, without key and signature scheme: transport ``ipc``, ports 1 to 5.
    """

    def __init__(
        self,
        kernel_id: str,
        secret: bytes,
        instance: str | None,
        directory: Path,
        loop: asyncio.AbstractEventLoop,
        released: Callable[[Attachment], None],
    ) -> None:
        self.kernel_id = kernel_id
        self.secret = secret
        self.connection_info: dict[str, Any] = {"transport": "ipc", "ip": str(directory / "z")}
        self._directory = directory
        self._loop = loop
        self._released = released
        self._instance = instance
        self._latest: dict[str, Message] = {}
        self._ended: str | None = None
        self._is_attached = False
        self._heard: tuple[float, float] | None = None
        """Monotonic and epoch seconds."""
        self._session = ""
        self._link = Link(TO_AGENT, TO_HUB)
        self._tunnel: TunnelSocket | None = None
        self._clients: dict[int, ClientSocket] = {}
        self._servers: list[asyncio.Server] = []
        self._listeners: dict[object, tuple[asyncio.AbstractEventLoop | None, Listener]] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        for port, channel in enumerate(CHANNELS, 1):
            self.connection_info[f"{channel}_port"] = port
            self._listen({"channel": channel}, directory / f"z-{port}")

    # -- for the server -----------------------------------------------------------------------

    @property
    def state(self) -> AttachmentState:
        """What is known of the agent now."""
        return AttachmentState(
            attached=self._is_attached,
            connected=self._tunnel is not None,
            heard_at=self._heard[1] if self._heard else None,
            instance=self._instance,
            agent=self._latest.get("agent"),
            kernel=self._latest.get("kernel"),
            stats=self._latest.get("stats"),
            ended=self._ended,
        )

    async def attached(self) -> None:
        """Wait until the agent is there.

        Raises
        ------
        Unreachable
            If the attachment is closed meanwhile.
        """
        await self._in_loop(self._attached())

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message; it waits for the agent if that is away."""
        self._call(self._tell, dict(message))

    async def request(self, message: Mapping[str, Any], timeout_s: float = REQUEST_S) -> Message:
        """Send a message and wait for its ``done``, which is given.

        Raises
        ------
        AgentFailed
            If the agent could not do it, with what it said.
        Unreachable
            If there is no answer in time.
        """
        return await self._in_loop(self._request(dict(message), timeout_s))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have each message of the agent; give what ends that.

        The listener is called in the loop of the caller, or in the hub's thread if there is none.
        Besides the agent's messages it gets ``{"type": "attached", "resumed": bool}``,
        ``{"type": "disconnected"}`` when a connection ends, and ``{"type": "lost"}`` after 15 s of
        silence.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        key = object()
        self._call(self._listeners.__setitem__, key, (loop, listener))
        return lambda: self._call(self._listeners.pop, key, None)

    async def open(self, options: Mapping[str, Any]) -> Path:
        """Open a stream and give the path of a unix socket for it, which one client may use.

        The number of the stream is at the end of the name, after the last hyphen.
        """
        return await self._in_loop(self._open(dict(options)))

    def restore_sockets(self) -> None:
        """Put back the clients' sockets.

        jupyter_client removes them at a restart: a kernel that is restarted would bind them anew.
        """
        for port in range(1, len(CHANNELS) + 1):
            path = f"{self.connection_info['ip']}-{port}"
            with suppress(FileExistsError):
                os.link(f"{path}{_KEPT}", path)

    def close(self) -> None:
        """Forget the kernel; its agent goes on and looks for another hub. May be called again."""
        self._call(self.release)

    def _call(self, call: Callable[..., Any], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the hub is closed, and so is this
            self._loop.call_soon_threadsafe(call, *arguments)

    async def _in_loop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            coroutine.close()
            raise self._gone() from None
        return await asyncio.wrap_future(future)

    # -- in the hub's loop, for the server ----------------------------------------------------

    async def _attached(self) -> None:
        if self._is_closed:
            raise self._gone()
        if not self._is_attached:
            waiting = self._loop.create_future()
            self._waiting.append(waiting)
            await waiting

    def _tell(self, message: Message) -> None:
        try:
            self._link.tell(message)
        except LinkError as error:
            log.warning("A message to the agent of kernel %s is lost: %s", self.kernel_id, error)
        self.flush()

    async def _request(self, message: Message, timeout_s: float) -> Message:
        if self._is_closed:
            raise self._gone()
        key = secrets.token_hex(8)
        answer: asyncio.Future[Message] = self._loop.create_future()
        self._answers[key] = answer
        try:
            self._link.tell({**message, "id": key})
            self.flush()
            done = await asyncio.wait_for(answer, timeout_s)
        except LinkError as error:
            raise AgentFailed(f"The agent of the kernel cannot be asked: {error}.") from error
        except TimeoutError:
            raise Unreachable(
                f"The agent of the kernel did not answer within {timeout_s:g} s.",
                hint="The network or the kernel's host may be down; the kernel may well live."
                if not self._is_attached
                else "The kernel's host may be very busy; try again.",
            ) from None
        finally:
            del self._answers[key]
        if done.get("error"):
            raise AgentFailed(str(done["error"]))
        return done

    async def _open(self, options: Message) -> Path:
        if self._is_closed:
            raise self._gone()
        try:
            number = self._link.open(options)
        except LinkError as error:
            raise AgentFailed(f"Nothing more can be opened in the kernel: {error}.") from error
        client = self._clients[number] = ClientSocket(self, options, number)
        path = self._directory / f"t-{number}"
        self.flush()

        def connected() -> ClientSocket:
            server.close()
            path.unlink(missing_ok=True)
            return client

        server = await self._loop.create_unix_server(connected, path)
        self._servers.append(server)
        return path

    def _gone(self) -> Unreachable:
        return Unreachable(
            "The kernel has been shut down, or given up by this server.",
            hint="Start it anew, or see jupyter cluster kernels list.",
        )

    # -- in the hub's loop, for clients -------------------------------------------------------

    def _listen(self, options: Message, path: Path) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(str(path))
            path.chmod(0o600)
            sock.listen(_BACKLOG)
            os.link(path, f"{path}{_KEPT}")
        except BaseException:
            sock.close()
            raise
        self._loop.call_soon_threadsafe(self._serve, sock, options)

    def _serve(self, sock: socket.socket, options: Message) -> None:
        async def serve() -> None:
            server = await self._loop.create_unix_server(
                lambda: ClientSocket(self, dict(options)), sock=sock
            )
            self._servers.append(server)

        task = self._loop.create_task(serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def open_stream(self, client: ClientSocket) -> int | None:
        """Open a stream for a client that has connected."""
        if self._is_closed:
            return None
        try:
            number = self._link.open(client.options)
        except LinkError as error:
            log.warning("Kernel %s: a client is turned away: %s", self.kernel_id, error)
            return None
        self._clients[number] = client
        self.flush()
        return number

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

    # -- in the hub's loop, for the tunnel ----------------------------------------------------

    def attach(self, tunnel: TunnelSocket, hello: Hello) -> tuple[str, int, bool]:
        """Take over a connection whose agent has proved itself.

        Raises
        ------
        Refused
            If another run of an agent has the kernel.
        """
        if self._instance not in (None, hello.instance):
            raise Refused("another agent has this kernel")
        self._instance = hello.instance
        if self._tunnel is not None:
            # The agent knows better than we do that its old connection is dead.
            self._tunnel.drop()
        self._tunnel = tunnel
        resumed = bool(self._session) and hello.session == self._session
        resumed = resumed and self._link.can_resume(hello.received)
        if resumed:
            self._link.resume(hello.received)
        else:
            self._session = secrets.token_hex(8)
            for number in self._link.reset(keep_messages=True):
                self._end_client(number)
        self._hear()
        if not (resumed and self._is_attached):
            self._is_attached = True
            self._emit({"type": "attached", "resumed": resumed})
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)
        return self._session, self._link.received, resumed

    def received(self, tunnel: TunnelSocket, data: bytes) -> None:
        """Take what arrived."""
        if tunnel is not self._tunnel:
            return
        self._hear()
        try:
            for event in self._link.receive(data):
                self._dispatch(event)
        except LinkError as error:
            log.warning("The agent of kernel %s makes no sense: %s", self.kernel_id, error)
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
            self._emit({"type": "disconnected"})

    def check(self, silence_s: float) -> None:
        """Notice silence; called every second or so."""
        if self._heard is None or time.monotonic() - self._heard[0] < silence_s:
            return
        self._drop()
        if self._is_attached:
            self._is_attached = False
            self._emit({"type": "lost"})

    def release(self) -> None:
        """Close everything."""
        if self._is_closed:
            return
        self._is_closed = True
        self._is_attached = False
        self._drop()
        for server in self._servers:
            server.close()
        for client in list(self._clients.values()):
            client.end()
        self._clients.clear()
        gone = self._gone()
        pending: list[asyncio.Future[Any]] = [*self._waiting, *self._answers.values()]
        for each in pending:
            if not each.done():
                each.set_exception(gone)
        self._released(self)
        with suppress(OSError):
            erase(self._directory)

    def _hear(self) -> None:
        self._heard = (time.monotonic(), time.time())

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
                self._told(message)
            case Room(number):
                if client := self._clients.get(number):
                    client.has_room()
            case Closed(number):
                self._end_client(number)
            case Opened():
                raise LinkError("an agent opens no streams")

    def _told(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "done":
            answer = self._answers.get(str(message.get("id")))
            if answer is not None and not answer.done():
                answer.set_result(message)
            return
        if kind in ("agent", "kernel", "stats"):
            self._latest[kind] = message
        elif kind == "ended":
            self._ended = str(message.get("reason"))
        self._emit(message)

    def _end_client(self, number: int) -> None:
        if client := self._clients.pop(number, None):
            client.end()

    def _emit(self, message: Message) -> None:
        for key, (loop, listener) in list(self._listeners.items()):
            if loop is None:
                listener(message)
                continue
            try:
                loop.call_soon_threadsafe(listener, message)
            except RuntimeError:  # that loop is closed, and its listener with it
                del self._listeners[key]
