"""The client's side of a websocket (RFC 6455): binary messages, and no extensions."""

import base64
import hashlib
import os
import struct
import time
from typing import Dict, List, Mapping, Optional, Tuple
from urllib.parse import unquote, urlsplit

from jupyter_ext_agent.dial import Connection, DialError, connect_tcp, split_host
from jupyter_ext_agent.frames import MESSAGE_LIMIT

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD_LIMIT = 16 * 1024
_FRAME_LIMIT = 2 * MESSAGE_LIMIT
_CONTINUATION, _BINARY, _CLOSE, _PING, _PONG = 0, 2, 8, 9, 10


class Frames:
    """What arrives, without the frames around it, and what goes out, with them."""

    def __init__(self) -> None:
        self._input = b""
        self.answer = b""
        """What has to be sent because of what arrived."""
        self.is_closed = False

    def receive(self, data: bytes) -> bytes:
        """Take what arrived and give what is in it.

        Raises
        ------
        OSError
            If it is no websocket's.
        """
        self._input += data
        found: List[bytes] = []
        while not self.is_closed:
            frame = self._next()
            if frame is None:
                break
            kind, payload = frame
            if kind in (_BINARY, _CONTINUATION):
                found.append(payload)
            elif kind == _PING:
                self.answer += encode(_PONG, payload)
            elif kind == _CLOSE:
                self.is_closed = True
        return b"".join(found)

    def _next(self) -> Optional[Tuple[int, bytes]]:
        data = self._input
        if len(data) < 2:
            return None
        length, start = data[1] & 0x7F, 2
        if data[1] & 0x80 or data[0] & 0x70:
            raise OSError("a malformed websocket frame")
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(data) < 2 + size:
                return None
            length = int.from_bytes(data[2 : 2 + size], "big")
            start += size
        if length > _FRAME_LIMIT:
            raise OSError(f"a websocket frame of {length} bytes")
        if len(data) < start + length:
            return None
        self._input = data[start + length :]
        return data[0] & 0x0F, data[start : start + length]


def encode(kind: int, payload: bytes) -> bytes:
    """Put a payload into one frame; a client's frames are masked, against confused proxies."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", 0x80 | kind, 0x80 | length)
    elif length < 2**16:
        head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, length)
    key = os.urandom(4)
    mask = (key * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
    return head + key + masked.to_bytes(length, "big")


class WebSocketConnection(Connection):
    """Bytes over the messages of a websocket."""

    def __init__(self, sock: object, deadline: Optional[float], rest: bytes) -> None:
        super().__init__(sock, deadline)
        self._frames = Frames()
        self._early = self._frames.receive(rest)

    def read(self) -> Optional[bytes]:
        """As :meth:`Connection.read`."""
        if self._early:
            data, self._early = self._early, b""
            return data
        while not self._frames.is_closed:
            raw = super().read()
            if not raw:
                return raw
            data = self._frames.receive(raw)
            if self._frames.answer:
                answer, self._frames.answer = self._frames.answer, b""
                super().write(answer)
            if data:
                return data
        return b""

    def write(self, data: bytes) -> None:
        """As :meth:`Connection.write`."""
        super().write(encode(_BINARY, data))


def connect_websocket(address: str, ca: Optional[str], deadline: float) -> Connection:
    """Connect with a websocket, through the environment's proxy if there is one for it.

    Raises
    ------
    DialError
        If whoever is there will not have it.
    OSError
        If nobody is there, or TLS fails.
    """
    import ssl

    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 443
    proxy = find_proxy(host, port, os.environ)
    sock = connect_tcp(*proxy.place, deadline) if proxy else connect_tcp(host, port, deadline)
    try:
        sock.settimeout(max(0.1, deadline - time.monotonic()))
        if proxy:
            _through(Connection(sock, deadline), host, port, proxy)
        context = ssl.create_default_context(cadata=ca)
        sock = context.wrap_socket(sock, server_hostname=host)
        rest = _upgrade(Connection(sock, deadline), parts.netloc, parts.path or "/")
        return WebSocketConnection(sock, deadline, rest)
    except BaseException:
        sock.close()
        raise


class Proxy:
    """An HTTP proxy."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else "http://" + url)
        if parts.scheme != "http" or not parts.hostname:
            raise DialError("the proxy of the environment is none of http://host:port")
        self.place = split_host(parts.netloc.rpartition("@")[2], 80)
        self.headers: Dict[str, str] = {}
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            token = base64.b64encode(user.encode("utf-8")).decode("ascii")
            self.headers["Proxy-Authorization"] = "Basic " + token


def find_proxy(host: str, port: int, environ: Mapping[str, str]) -> Optional[Proxy]:
    """Find the proxy for a host, by https_proxy and no_proxy as other programs understand them."""
    url = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    if not url:
        return None
    exceptions = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    for name in (each.strip().lower() for each in exceptions.split(",")):
        suffix = name.lstrip("*").lstrip(".")
        if name == "*" or (
            suffix
            and any(
                each == suffix or each.endswith("." + suffix)
                for each in (host.lower(), f"{host.lower()}:{port}")
            )
        ):
            return None
    return Proxy(url)


def _through(connection: Connection, host: str, port: int, proxy: Proxy) -> None:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = {"Host": place}
    headers.update(proxy.headers)
    status, _, rest = _ask(connection, f"CONNECT {place}", headers)
    if status != 200 or rest:
        raise DialError(f"the proxy at {proxy.place[0]}:{proxy.place[1]} answered {status}")


def _upgrade(connection: Connection, netloc: str, path: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode("ascii")
    headers = {
        "Host": netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
    }
    status, fields, rest = _ask(connection, f"GET {path}", headers)
    if status != 101:
        raise DialError(f"it answered {status} and not as a websocket; is jupyter-ext running?")
    # RFC 6455 asks for SHA-1 here; nothing depends on its strength.
    digest = hashlib.sha1((key + _GUID).encode("ascii")).digest()  # noqa: S324
    if fields.get("sec-websocket-accept") != base64.b64encode(digest).decode("ascii"):
        raise DialError("it answered as no websocket does")
    return rest


def _ask(
    connection: Connection, request: str, headers: Mapping[str, str]
) -> Tuple[int, Dict[str, str], bytes]:
    """Send the head of a request; give status and fields of the answer, and what came after."""
    lines = [request + " HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
    connection.write("\r\n".join([*lines, "", ""]).encode("ascii"))
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.read()
        if not data or len(head) > _HEAD_LIMIT:
            raise DialError("it gave no HTTP answer")
        head += data
    head, _, rest = head.partition(b"\r\n\r\n")
    first, *others = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise DialError("it gave no HTTP answer")
    fields: Dict[str, str] = {}
    for line in others:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    return int(words[1]), fields, rest
