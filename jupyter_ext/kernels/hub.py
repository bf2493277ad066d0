"""Where agents dial in: one listener for all kernels, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_ext_agent.dial import connect_unix, split_host, with_short_path
from jupyter_ext_agent.frames import SILENCE_S
from jupyter_ext_agent.handshake import TIME_LIMIT_S, HandshakeError, Refused

from jupyter_ext.credentials.runtime import RuntimeDirectory, candidates, make_private
from jupyter_ext.errors import Conflict, InvalidInput, Unavailable
from jupyter_ext.kernels.attachment import Attachment
from jupyter_ext.kernels.certificate import Certificate
from jupyter_ext.kernels.tether import Tether
from jupyter_ext.kernels.tunnel_socket import TunnelSocket

HALF_OPEN_LIMIT = 64
"""Connections that have not proved themselves yet; one more, and the oldest has to go."""
_BACKLOG = 128
_LONGEST_NAME = "/server-abcdefgh/00000000/t-0000000000"
_SUN_PATH = 107

log = logging.getLogger(__name__)


class Hub:
    """Accepts agents, and gives each to the attachment of its kernel.

    Methods may be called from any thread.

    Parameters
    ----------
    directory
        Of the user alone, where unix sockets go; made if it is not there. If sockets below it would
        have paths too long for the system, another private place is found.
    certificate
        What ``tls`` agents know the hub by.
    listen
        Addresses: ``tls://host:port`` (port 0 for any), ``unix:///path``, ``unix://`` for a path of
        the hub's own.
    silence_s, time_limit_s, half_open_limit
        See docs/kernels.md.

    Attributes
    ----------
    addresses
        Where it listens, with the ports that were found.
    """

    def __init__(
        self,
        directory: Path,
        certificate: Certificate,
        listen: Sequence[str],
        *,
        silence_s: float = SILENCE_S,
        time_limit_s: float = TIME_LIMIT_S,
        half_open_limit: int = HALF_OPEN_LIMIT,
    ) -> None:
        self.addresses: list[str] = []
        self.fingerprint = certificate.fingerprint
        self._directory = directory
        self._certificate = certificate
        self._listen = listen
        self._silence_s = silence_s
        self._time_limit_s = time_limit_s
        self._half_open_limit = half_open_limit
        self._lock = threading.Lock()
        self._attachments: dict[str, Attachment] = {}
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._sockets: RuntimeDirectory | None = None
        self._own_paths: list[Path] = []
        self._context: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._half_open: dict[asyncio.Task[None], None] = {}

    def start(self) -> None:
        """Listen; does nothing if it does already.

        Raises
        ------
        Unavailable
            If an address cannot be had, or there is no place for sockets.
        InvalidInput
            If an address makes no sense.
        """
        if self._loop is not None:
            return
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(self._directory)
        except OSError as error:
            raise Unavailable(
                f"Sockets of kernels cannot be kept in {self._directory}: {error.strerror}.",
                hint="It has to be yours alone, mode 0700; set JUPYTER_RUNTIME_DIR to another.",
            ) from error
        self._sockets = _place(self._directory)
        self._context = self._certificate.context()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="jupyter-ext-hub", daemon=True)
        self._thread.start()
        try:
            for address in self._listen:
                self.listen(address)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give up every kernel and end the thread; agents go on. May be called again."""
        loop, self._loop = self._loop, None
        if loop is None or self._thread is None or self._sockets is None:
            return
        asyncio.run_coroutine_threadsafe(self._shut(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()
        for path in self._own_paths:
            path.unlink(missing_ok=True)
        self._own_paths.clear()
        self._sockets.close()
        self.addresses.clear()

    def listen(self, address: str) -> str:
        """Listen on one more address; give it with what was found for it.

        The path of a unix socket on which nobody listens any longer is taken over.

        Raises
        ------
        Unavailable
            If it cannot be had; with the reason, for example that another process has it.
        InvalidInput
            If it makes no sense.
        """
        loop = self._running()
        scheme, _, rest = address.partition("://")
        if scheme not in ("tls", "unix"):
            raise InvalidInput(
                f"The hub listens on tls:// and unix:// addresses, not on {address}."
            )
        try:
            if scheme == "tls":
                sock = _bind_tcp(*split_host(rest))
                host = rest.rpartition(":")[0]
                address = f"tls://{host}:{sock.getsockname()[1]}"
            else:
                # Containers get the directory of this socket mounted: nothing else may be in it.
                own = self._directory / "agents" / f"hub-{os.urandom(4).hex()}"
                path = Path(rest) if rest else own
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                sock = _bind_unix(path)
                self._own_paths.append(path)
                address = f"unix://{path}"
        except ValueError as error:
            raise InvalidInput(f"The hub cannot listen on {address}: {error}.") from error
        except OSError as error:
            raise Unavailable(
                f"The hub of remote kernels cannot listen on {address}: {error.strerror or error}.",
                hint="Another process may have that address: see ss -lntp, or choose another.",
            ) from error
        sock.setblocking(False)
        loop.call_soon_threadsafe(self._spawn, sock, scheme == "tls")
        self.addresses.append(address)
        return address

    def register(self, kernel_id: str, secret: bytes, instance: str | None = None) -> Attachment:
        """Make a place for a kernel, with sockets for its clients.

        Parameters
        ----------
        secret
            32 bytes, which the agent's bootstrap has too.
        instance
            The run of an agent that has the kernel; None for whichever proves itself first.

        Raises
        ------
        Conflict
            If the kernel has a place.
        Unavailable
            If there is no place for its sockets.
        """
        loop = self._running()
        assert self._sockets is not None  # noqa: S101 - it is there while the loop is
        with self._lock:
            if kernel_id in self._attachments:
                raise Conflict(f"Kernel {kernel_id} is attached already.")
            self._count += 1
            directory = self._sockets.path / f"{self._count:x}"
            try:
                directory.mkdir(mode=0o700)
                attachment = Attachment(
                    kernel_id, secret, instance, directory, loop, self._released
                )
            except OSError as error:
                shutil.rmtree(directory, ignore_errors=True)
                raise Unavailable(
                    f"Sockets for kernel {kernel_id} cannot be made in {directory}: "
                    f"{error.strerror or error}.",
                    hint="Is there room, and may this process open more files (ulimit -n)?",
                ) from error
            self._attachments[kernel_id] = attachment
        return attachment

    def receive(self) -> TunnelSocket:
        """Make the protocol of one more connection; to be called in the hub's loop.

        Whoever carries it over another transport gives it that transport and what arrives.
        """
        tunnel = TunnelSocket(self._find)
        self._expect(tunnel, None, False)
        return tunnel

    @property
    def is_running(self) -> bool:
        """Whether it was started and is not closed."""
        return self._loop is not None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The hub's own, for transports in other threads."""
        return self._running()

    # -- inside -------------------------------------------------------------------------------

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise Unavailable(
                "The hub of remote kernels does not run.", hint="Restart the Jupyter server."
            )
        return self._loop

    def _run(self) -> None:
        loop = self._loop
        if loop is not None:
            asyncio.set_event_loop(loop)
            self._tasks.add(loop.create_task(self._watch()))
            loop.run_forever()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._silence_s / 15)
            for attachment in list(self._attachments.values()):
                attachment.tether.check(self._silence_s)

    async def _shut(self) -> None:
        for attachment in list(self._attachments.values()):
            attachment.release()
        tasks = [*self._tasks, *self._half_open]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports hear that they are closed

    def _find(self, kernel_id: str) -> tuple[bytes, Tether] | None:
        attachment = self._attachments.get(kernel_id)
        return None if attachment is None else (attachment.secret, attachment.tether)

    def _released(self, attachment: Attachment) -> None:
        with self._lock:
            if self._attachments.get(attachment.kernel_id) is attachment:
                del self._attachments[attachment.kernel_id]

    def _spawn(self, sock: socket.socket, is_tls: bool) -> None:
        task = asyncio.get_running_loop().create_task(self._accept(sock, is_tls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, sock: socket.socket, is_tls: bool) -> None:
        loop = asyncio.get_running_loop()
        with sock:
            while True:
                try:
                    client, _ = await loop.sock_accept(sock)
                except OSError as error:  # too many open files
                    log.warning("No agent can connect for the moment: %s", error)
                    await asyncio.sleep(1)
                    continue
                if is_tls:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                tunnel = TunnelSocket(self._find, self.fingerprint if is_tls else "")
                self._expect(tunnel, client, is_tls)

    def _expect(self, tunnel: TunnelSocket, client: socket.socket | None, is_tls: bool) -> None:
        if len(self._half_open) >= self._half_open_limit:
            # Agents need milliseconds; the oldest is somebody who holds a place.
            oldest = next(iter(self._half_open))
            del self._half_open[oldest]
            oldest.cancel()
        task = asyncio.get_running_loop().create_task(self._greet(tunnel, client, is_tls))
        self._half_open[task] = None

        def done(task: asyncio.Task[None]) -> None:
            self._half_open.pop(task, None)
            if client is not None and not tunnel.is_open:
                client.close()  # no transport has taken it over, or that is closed

        task.add_done_callback(done)

    async def _greet(
        self, tunnel: TunnelSocket, client: socket.socket | None, is_tls: bool
    ) -> None:
        """See a connection through TLS and the handshake, or end it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._time_limit_s):
                if client is not None:
                    context = self._context if is_tls else None
                    await loop.connect_accepted_socket(lambda: tunnel, client, ssl=context)
                await tunnel.proved
        except (OSError, HandshakeError, Refused) as error:
            log.info("Somebody who dialled the hub was turned away: %s", error or "too slow")
            tunnel.drop()
        except asyncio.CancelledError:
            tunnel.drop()
            raise


def _place(directory: Path) -> RuntimeDirectory:
    """Make the directory of this hub's sockets, where their paths are short enough."""
    temporary = Path(tempfile.gettempdir()) / f"jupyter-ext-{os.geteuid()}"
    reasons: list[str] = []
    for root in (directory, *candidates(os.environ), temporary):
        if len(os.fsencode(root)) + len(_LONGEST_NAME) > _SUN_PATH:
            reasons.append(f"{root} is too long")
            continue
        try:
            return RuntimeDirectory(root)
        except Unavailable as error:
            reasons.append(error.message)
    raise Unavailable(
        f"There is no place for the unix sockets of kernels: {'; '.join(reasons)}.",
        hint="Set XDG_RUNTIME_DIR to a directory of your own with mode 0700 and a short path.",
    )


def _bind_tcp(host: str, port: int) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server(place[:2], family=family, backlog=_BACKLOG)


def _bind_unix(path: Path) -> socket.socket:
    if path.exists():
        with suppress(ConnectionRefusedError):
            connect_unix(str(path)).close()
            raise OSError(errno.EADDRINUSE, "somebody listens there")
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with_short_path(str(path), sock.bind)
        path.chmod(0o600)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock
