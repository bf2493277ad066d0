"""One ZMQ connection of the kernel's, at the end of a stream."""

import socket
from collections import deque
from typing import Deque, Optional

from jupyter_ext_agent.dial import connect_unix
from jupyter_ext_agent.frames import CHUNK
from jupyter_ext_agent.reactor import Reactor, Timer
from jupyter_ext_agent.tunnel import Stream

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.2


class Relay:
    """Carries bytes between a stream and a unix socket, which may not be there yet.

    It ends when either end closes; what came from the hub before that still goes to the kernel.
    """

    def __init__(self, reactor: Reactor, stream: Stream, path: str) -> None:
        self._reactor = reactor
        self._stream = stream
        self._path = path
        self._socket: Optional[socket.socket] = None
        self._unsent: Deque[bytes] = deque()
        self._pause_s = _FIRST_PAUSE_S
        self._timer: Optional[Timer] = None
        self._is_closing = False
        stream.on_data = self._data
        stream.on_close = self._closed
        stream.on_room = self._watch
        self._connect()

    def _connect(self) -> None:
        self._timer = None
        try:
            sock = connect_unix(self._path)
        except OSError:
            # The kernel is starting, or being restarted.
            self._timer = self._reactor.call_later(self._pause_s, self._connect)
            self._pause_s = min(1.5 * self._pause_s, _LONGEST_PAUSE_S)
            return
        sock.setblocking(False)
        self._socket = sock
        self._write()

    def _data(self, data: bytes) -> None:
        self._unsent.append(data)
        if self._socket is not None and len(self._unsent) == 1:
            self._write()

    def _closed(self) -> None:
        self._is_closing = True
        if self._socket is None or not self._unsent:
            self._end()

    def _watch(self) -> None:
        if self._socket is not None:
            wants = not self._is_closing and self._stream.room > 0
            self._reactor.watch(
                self._socket,
                self._readable if wants else None,
                self._write if self._unsent else None,
            )

    def _readable(self) -> None:
        sock = self._socket
        if sock is None:
            return
        try:
            data = sock.recv(min(CHUNK, self._stream.room))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._stream.send(data)
            if not self._stream.room:
                self._watch()
        else:
            self._stream.close()
            self._end()

    def _write(self) -> None:
        sock = self._socket
        if sock is None:
            return
        try:
            while self._unsent:
                data = self._unsent[0]
                count = sock.send(data)
                self._stream.consumed(count)
                if count == len(data):
                    self._unsent.popleft()
                else:
                    self._unsent[0] = data[count:]
        except BlockingIOError:
            pass
        except OSError:
            self._stream.close()
            self._end()
            return
        if self._is_closing and not self._unsent:
            self._end()
        else:
            self._watch()

    def _end(self) -> None:
        self._unsent.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            self._reactor.unwatch(self._socket)
            self._socket.close()
            self._socket = None
