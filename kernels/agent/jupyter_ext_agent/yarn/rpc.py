"""Hadoop's RPC, version 9, with a token.

Sources: ``org.apache.hadoop.ipc.Client`` and ``Server``, ``RpcHeader.proto``,
``IpcConnectionContext.proto``, ``ProtobufRpcEngine2.proto``, ``security.SaslRpcClient``.
"""

import os
import socket
import struct
from typing import Optional, Tuple

from jupyter_ext_agent.yarn.protobuf import (
    BadMessage,
    Message,
    delimited,
    encode,
    read_delimited,
    zigzag,
)
from jupyter_ext_agent.yarn.sasl import DigestMd5, SaslError
from jupyter_ext_agent.yarn.token_file import Token

_HELLO = b"hrpc" + bytes([9, 0, 0xDF])
"""Version 9, service class 0, SASL."""
_PROTOBUF_KIND = 2
_FINAL = 0
_SASL_CALL, _CONTEXT_CALL = -33, -3
_SUCCESS, _NEGOTIATE, _INITIATE, _WRAP = 0, 1, 2, 5
_LONGEST = 64 << 20


class RemoteError(Exception):
    """A daemon's exception.

    Attributes
    ----------
    kind
        Name of its class, without the package.
    """

    def __init__(self, name: str, text: str) -> None:
        first = text.strip().splitlines()[0] if text.strip() else ""
        self.kind = name.rpartition(".")[2].rpartition("$")[2] or "RpcError"
        super().__init__(f"{self.kind}: {first}" if first else self.kind)


class Broken(OSError):
    """The connection ended, or what came over it is not this protocol."""


class Connection:
    """One connection to one daemon. It blocks, so it belongs into a thread.

    Parameters
    ----------
    address
        Host and port.
    protocol
        Java name of the protocol buffer interface.
    token
        Proves who asks.
    timeout_s
        Seconds that connecting and each answer may take.

    Raises
    ------
    OSError
        If there is nobody.
    SaslError
        If the daemon does not prove that it knows the token.
    RemoteError
        If it refuses the token, or is on standby.
    """

    def __init__(
        self, address: Tuple[str, int], protocol: str, token: Token, timeout_s: float = 10.0
    ) -> None:
        self._protocol = protocol
        self._client = os.urandom(16)
        self._calls = 0
        self._sasl: Optional[DigestMd5] = None
        self._opened = b""
        self._socket = socket.create_connection(address, timeout_s)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(_HELLO)
            self._authenticate(token)
            self._send(_CONTEXT_CALL, encode((3, protocol)))
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def call(self, method: str, request: bytes) -> Message:
        """Call a method and wait for its answer.

        Raises
        ------
        RemoteError
            What the daemon throws.
        OSError, SaslError
            If the connection is of no use any more.
        """
        number = self._calls
        self._calls += 1
        header = encode((1, method), (2, self._protocol), (3, 1))
        self._send(number, header, request)
        while True:
            found, at = _read_header(self._receive())
            if found.integer(1) == number:
                return Message(at)

    # -- authentication -------------------------------------------------------------------------

    def _authenticate(self, token: Token) -> None:
        self._send(_SASL_CALL, encode((2, _NEGOTIATE)))
        offer = self._receive_sasl()
        for auth in offer.messages(4):
            if auth.text(1) == "TOKEN" and auth.text(2) == "DIGEST-MD5":
                break
        else:
            raise SaslError("The daemon does not take tokens with DIGEST-MD5.")
        sasl = DigestMd5(token, auth.text(3), auth.text(4))
        answer = sasl.respond(auth.data(5))
        chosen = encode((1, auth.text(1)), (2, auth.text(2)), (3, auth.text(3)), (4, auth.text(4)))
        self._send(_SASL_CALL, encode((2, _INITIATE), (3, answer), (4, chosen)))
        reply = self._receive_sasl()
        if reply.integer(2) != _SUCCESS:
            raise SaslError("The daemon asks for more than a token.")
        sasl.check(reply.data(3))
        if sasl.protects:
            self._sasl = sasl

    def _receive_sasl(self) -> Message:
        _, body = _read_header(self._read_frame())
        return Message(body)

    # -- frames ---------------------------------------------------------------------------------

    def _send(self, call: int, *parts: bytes) -> None:
        header = encode(
            (1, _PROTOBUF_KIND), (2, _FINAL), (3, zigzag(call)), (4, self._client), (5, zigzag(-1))
        )
        data = b"".join(delimited(part) for part in (header, *parts))
        frame = struct.pack(">I", len(data)) + data
        if self._sasl is not None:
            wrapped = encode((2, _WRAP), (3, self._sasl.wrap(frame)))
            header = encode((1, _PROTOBUF_KIND), (2, _FINAL), (3, zigzag(_SASL_CALL)), (4, b""))
            data = delimited(header) + delimited(wrapped)
            frame = struct.pack(">I", len(data)) + data
        self._socket.sendall(frame)

    def _receive(self) -> bytes:
        """Give the next frame, opened if it was sealed."""
        if self._sasl is None:
            return self._read_frame()
        while True:
            if len(self._opened) >= 4:
                size = struct.unpack(">I", self._opened[:4])[0]
                if len(self._opened) >= 4 + size:
                    frame = self._opened[4 : 4 + size]
                    self._opened = self._opened[4 + size :]
                    return frame
            reply = self._receive_sasl()
            if reply.integer(2) != _WRAP:
                raise Broken("The daemon sent a message that is not sealed.")
            self._opened += self._sasl.unwrap(reply.data(3))

    def _read_frame(self) -> bytes:
        size = struct.unpack(">I", self._read(4))[0]
        if size > _LONGEST:
            raise Broken("What answers does not speak Hadoop's RPC.")
        return self._read(size)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise Broken("The daemon closed the connection.")
            data += piece
        return bytes(data)


def _read_header(frame: bytes) -> Tuple[Message, bytes]:
    """Split a frame into header and body; a header that reports an error is raised."""
    try:
        data, at = read_delimited(frame, 0)
        header = Message(data)
        if header.integer(2) != 0:
            raise RemoteError(header.text(4), header.text(5))
        body, _ = read_delimited(frame, at) if at < len(frame) else (b"", at)
    except BadMessage as error:
        raise Broken(str(error)) from None
    return header, body
