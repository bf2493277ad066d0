"""Connections to a hub: over a unix socket, over TLS, or as a websocket of a Jupyter server.

Dialling blocks, for as long as name servers, proxies and hubs please, so it is done in a thread.
What it gives can be used in either way.
"""

import contextlib
import hashlib
import hmac
import os
import socket
import time
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple

from jupyter_ext_agent import handshake

READ_SIZE = 256 * 1024
_CONNECT_S = 5.0
_NOTSENT_LOWAT = 25  # linux/tcp.h; Python names it since 3.12
_NOTSENT_BYTES = 128 * 1024
_SUN_PATH = 107


class DialError(Exception):
    """There is no hub at an address; the text says why."""


class Connection:
    """A connected socket, blocking or not."""

    def __init__(self, sock: Any, deadline: Optional[float] = None) -> None:
        self._socket = sock
        self._unsent = b""
        self._deadline = deadline

    def fileno(self) -> int:
        """Give the descriptor to wait for."""
        return int(self._socket.fileno())

    @property
    def is_full(self) -> bool:
        """Whether something was written that has not gone yet."""
        return bool(self._unsent)

    def unblock(self) -> None:
        """Block no longer from now on."""
        self._deadline = None
        self._socket.setblocking(False)

    def read(self) -> Optional[bytes]:
        """Give what is there: None if that is nothing, no bytes at the end of the connection.

        Raises
        ------
        OSError
            If the connection is broken.
        """
        self._limit()
        try:
            return bytes(self._socket.recv(READ_SIZE))
        except BlockingIOError:
            return None
        except OSError as error:
            if _would_block(error):
                return None
            raise

    def write(self, data: bytes) -> None:
        """Write as much as can be written now and keep the rest; raises as :meth:`read`."""
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Write what was kept; raises as :meth:`read`."""
        while self._unsent:
            self._limit()
            try:
                count = self._socket.send(self._unsent)
            except BlockingIOError:
                return
            except OSError as error:
                if _would_block(error):
                    return
                raise
            self._unsent = self._unsent[count:]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _limit(self) -> None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            self._socket.settimeout(left)


class Dialled(NamedTuple):
    """A hub that has proved itself and wants the agent."""

    connection: Connection
    welcome: handshake.Welcome
    rest: bytes
    """What came after the handshake already."""
    address: str


def dial(
    address: str, bootstrap: Mapping[str, Any], instance: str, session: str, received: int
) -> Dialled:
    """Connect with a hub; blocks, but for no longer than a handshake may take.

    Raises
    ------
    DialError
        If nobody is there, or somebody who is not the hub.
    Refused
        If the hub is there and refuses.
    """
    deadline = time.monotonic() + handshake.TIME_LIMIT_S
    connection: Optional[Connection] = None
    try:
        connection, binding = _connect(address, bootstrap, deadline)
        agent = handshake.AgentHandshake(
            bytes.fromhex(bootstrap["secret"]),
            bootstrap["kernel_id"],
            instance,
            session,
            received,
            binding,
        )
        lines = handshake.Lines()
        connection.write(agent.hello())
        connection.write(agent.answer(_line(connection, lines)))
        welcome = agent.finish(_line(connection, lines))
        connection.unblock()
        return Dialled(connection, welcome, lines.rest, address)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, (OSError, ValueError, handshake.HandshakeError)):
            raise DialError(f"{address}: {error}") from error
        raise


def _connect(address: str, bootstrap: Mapping[str, Any], deadline: float) -> Tuple[Connection, str]:
    scheme, _, rest = address.partition("://")
    if scheme == "unix":
        return Connection(connect_unix(rest), deadline), ""
    if scheme == "tls":
        return _connect_tls(rest, bootstrap["fingerprint"] or "", deadline)
    if scheme == "wss":
        from jupyter_ext_agent.websocket import connect_websocket

        return connect_websocket(address, bootstrap["ca"], deadline), ""
    raise DialError(f"{address}: an address begins with unix://, tls:// or wss://")


def connect_unix(path: str) -> socket.socket:
    """Connect with a unix socket, however long its path is."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with_short_path(path, sock.connect)
    except BaseException:
        sock.close()
        raise
    return sock


def with_short_path(path: str, use: Callable[[str], Any]) -> None:
    """Bind or connect a unix socket at a path that may have more bytes than such paths may have."""
    if len(os.fsencode(path)) <= _SUN_PATH:
        use(path)
        return
    directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        use(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
    finally:
        os.close(directory)


def connect_tcp(host: str, port: int, deadline: float) -> socket.socket:
    """Connect with a host; small things go at once, and large ones don't get in their way."""
    patience_s = min(_CONNECT_S, max(0.1, deadline - time.monotonic()))
    sock = socket.create_connection((host, port), patience_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError):  # not Linux, or an old one
        # What the system has taken already cannot be overtaken by a reply or a message.
        sock.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _NOTSENT_BYTES)
    return sock


def split_host(text: str, default_port: Optional[int] = None) -> Tuple[str, int]:
    """Take ``host:port`` apart; an IPv6 address is in brackets."""
    host, _, port = text.rpartition(":")
    if not host or port.endswith("]"):
        host, port = text, ""
    if port:
        return host.strip("[]"), int(port)
    if default_port is None:
        raise ValueError(f"{text!r} names no port")
    return host.strip("[]"), default_port


def _connect_tls(text: str, fingerprint: str, deadline: float) -> Tuple[Connection, str]:
    import ssl

    sock = connect_tcp(*split_host(text), deadline)
    try:
        # No authority vouches for a hub: its certificate is the one that the bootstrap names.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if hasattr(context, "minimum_version"):  # since 3.7
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        sock.settimeout(max(0.1, deadline - time.monotonic()))
        secure = context.wrap_socket(sock)
    except BaseException:
        sock.close()
        raise
    seen = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
    if not hmac.compare_digest(seen, fingerprint):
        secure.close()
        raise DialError(
            f"tls://{text}: the certificate is not the hub's; something sits in between, or "
            "another hub has taken its port"
        )
    return Connection(secure, deadline), seen


def _line(connection: Connection, lines: handshake.Lines) -> bytes:
    while True:
        line = lines.next()
        if line is not None:
            return line
        data = connection.read()
        if data == b"":
            raise DialError("it hung up: it does not know this kernel, or is no hub")
        lines.add(data or b"")


def _would_block(error: OSError) -> bool:
    # By name, because a unix socket needs no ssl, which takes longer to import than all the rest.
    return type(error).__name__ in ("SSLWantReadError", "SSLWantWriteError")
