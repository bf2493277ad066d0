"""One kernel's place in the hub: its unix sockets for clients, and the tunnel of its agent."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jupyter_ext_agent.frames import LinkError

from jupyter_ext.credentials.erase import erase
from jupyter_ext.errors import JupyterExtError, Unreachable
from jupyter_ext.kernels.client_socket import ClientSocket
from jupyter_ext.kernels.tether import Tether

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

    Methods may be called from any thread and awaited in any loop, but for those that the hub and
    the tether call in theirs.

    Attributes
    ----------
    connection_info
        For jupyter_client, without key and signature scheme: transport ``ipc``, ports 1 to 5.
    tether
        The link with the agent; the hub's.
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
        self._latest: dict[str, Message] = {}
        self._ended: str | None = None
        self.tether = Tether(kernel_id, instance, self)
        self._servers: list[asyncio.Server] = []
        self._listeners: dict[object, tuple[asyncio.AbstractEventLoop | None, Listener]] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.connection_info |= {f"{name}_port": port for port, name in enumerate(CHANNELS, 1)}
        for channel, sock in zip(CHANNELS, self._bind(), strict=True):
            loop.call_soon_threadsafe(self._serve, sock, {"channel": channel})

    # -- for the server -----------------------------------------------------------------------

    @property
    def state(self) -> AttachmentState:
        """What is known of the agent now."""
        silent_s = self.tether.silent_s
        return AttachmentState(
            attached=self.tether.is_attached,
            connected=self.tether.is_connected,
            heard_at=None if silent_s is None else time.time() - silent_s,
            instance=self.tether.instance,
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
            with suppress(FileExistsError, FileNotFoundError):  # nothing is left of a closed one
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
        if not self.tether.is_attached:
            waiting = self._loop.create_future()
            self._waiting.append(waiting)
            await waiting

    def _tell(self, message: Message) -> None:
        try:
            self.tether.tell(message)
        except LinkError as error:
            log.warning("A message to the agent of kernel %s is lost: %s", self.kernel_id, error)

    async def _request(self, message: Message, timeout_s: float) -> Message:
        if self._is_closed:
            raise self._gone()
        key = secrets.token_hex(8)
        answer: asyncio.Future[Message] = self._loop.create_future()
        self._answers[key] = answer
        try:
            self.tether.tell({**message, "id": key})
            done = await asyncio.wait_for(answer, timeout_s)
        except LinkError as error:
            raise AgentFailed(f"The agent of the kernel cannot be asked: {error}.") from error
        except TimeoutError:
            raise Unreachable(
                f"The agent of the kernel did not answer within {timeout_s:g} s.",
                hint="The network or the kernel's host may be down; the kernel may well live."
                if not self.tether.is_attached
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
        client = ClientSocket(self.tether, options)
        try:
            number = client.number = self.tether.open(client)
        except LinkError as error:
            raise AgentFailed(f"Nothing more can be opened in the kernel: {error}.") from error
        path = self._directory / f"t-{number}"

        def connected() -> ClientSocket:
            self._loop.call_soon(server.close)  # it still has to take note of this connection
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

    # -- in the hub's loop, sockets ----------------------------------------------------------

    def _bind(self) -> list[socket.socket]:
        """Make the sockets of all channels, or none."""
        with ExitStack() as stack:
            sockets: list[socket.socket] = []
            for port in range(1, len(CHANNELS) + 1):
                sock = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                path = f"{self.connection_info['ip']}-{port}"
                sock.bind(path)
                os.chmod(path, 0o600)
                sock.listen(_BACKLOG)
                os.link(path, f"{path}{_KEPT}")
                sockets.append(sock)
            stack.pop_all()
            return sockets

    def _serve(self, sock: socket.socket, options: Message) -> None:
        async def serve() -> None:
            server = await self._loop.create_unix_server(
                lambda: ClientSocket(self.tether, dict(options)), sock=sock
            )
            self._servers.append(server)

        task = self._loop.create_task(serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- in the hub's loop, for the hub and the tether ----------------------------------------

    def release(self) -> None:
        """Close everything."""
        if self._is_closed:
            return
        self._is_closed = True
        self.tether.release()
        for server in self._servers:
            server.close()
        gone = self._gone()
        pending: list[asyncio.Future[Any]] = [*self._waiting, *self._answers.values()]
        for each in pending:
            if not each.done():
                each.set_exception(gone)
        self._released(self)
        with suppress(OSError):
            erase(self._directory)

    def connected(self, resumed: bool) -> None:
        """Hear that the agent is there."""
        self._emit({"type": "attached", "resumed": resumed})
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def disconnected(self) -> None:
        """Hear that its connection ended."""
        self._emit({"type": "disconnected"})

    def lost(self) -> None:
        """Hear that it was silent for too long."""
        self._emit({"type": "lost"})

    def told(self, message: Message) -> None:
        """Take a message of the agent."""
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

    def _emit(self, message: Message) -> None:
        for key, (loop, listener) in list(self._listeners.items()):
            if loop is None:
                listener(message)
                continue
            try:
                loop.call_soon_threadsafe(listener, message)
            except RuntimeError:  # that loop is closed, and its listener with it
                del self._listeners[key]
