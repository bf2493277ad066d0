"""The file in which a container finds its tokens and secrets.

Sources, all in ``org.apache.hadoop``: ``security.Credentials`` (the file: version 0 with Writables,
version 1 with protocol buffers, ``Security.proto``), ``security.token.Token`` and
``io.WritableUtils``. The server writes such files too (``jupyter_ext.credentials.hdts``), but the
agent travels alone.
"""

import os
from typing import Dict, List, Mapping, NamedTuple, Tuple

from jupyter_ext_agent.yarn.protobuf import BadMessage, Message, read_delimited

MAGIC = b"HDTS"
VARIABLE = "HADOOP_TOKEN_FILE_LOCATION"
BOOTSTRAP = "jupyter-ext"
"""Alias of the secret that says how to reach the hub."""
AM_TOKEN = "YARN_AM_RM_TOKEN"  # noqa: S105 - a name
"""Kind of the token with which an ApplicationMaster talks to the ResourceManager."""
_WRITABLE, _PROTOBUF = 0, 1


class BadTokenFile(ValueError):
    """The file is no token file, or lacks what is looked for; the message shows no secret."""


class Token(NamedTuple):
    """A token (``security.token.Token``); whoever has it acts as its owner."""

    identifier: bytes
    password: bytes
    kind: str
    service: str

    def __repr__(self) -> str:
        return f"Token({self.kind})"


class Credentials(NamedTuple):
    """What a token file holds, by alias."""

    tokens: Dict[str, Token]
    secrets: Dict[str, bytes]

    def __repr__(self) -> str:
        return f"Credentials({sorted(self.tokens)}, {sorted(self.secrets)})"

    def token(self, kind: str) -> Token:
        """Give the token of a kind.

        Raises
        ------
        BadTokenFile
            If there is none.
        """
        for token in self.tokens.values():
            if token.kind == kind:
                return token
        raise BadTokenFile(f"The token file of the container has no token {kind}.")


def load(environ: Mapping[str, str]) -> Credentials:
    """Read the file that the NodeManager gave this container.

    Raises
    ------
    BadTokenFile
        If there is none, or it is damaged.
    """
    path = environ.get(VARIABLE, "")
    if not path:
        raise BadTokenFile(f"{VARIABLE} is not set: is this a YARN container?")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise BadTokenFile(f"{os.path.basename(path)}: {error.strerror}") from None
    return read(data)


def read(data: bytes) -> Credentials:
    """Read ``Credentials.writeTokenStorageToStream`` of either version.

    Raises
    ------
    BadTokenFile
        If the bytes are none.
    """
    if data[:4] != MAGIC or len(data) < 5:
        raise BadTokenFile("The container's token file does not begin like one.")
    if data[4] == _WRITABLE:
        return _read_writable(data)
    if data[4] == _PROTOBUF:
        try:
            return _read_protobuf(data)
        except BadMessage:
            raise BadTokenFile("The container's token file is damaged.") from None
    raise BadTokenFile(f"The container's token file has the unknown version {data[4]}.")


def write(credentials: Credentials) -> bytes:
    """Write a token file of version 0, which every release reads."""
    data = bytearray(MAGIC)
    data.append(_WRITABLE)
    data += _vint(len(credentials.tokens))
    for alias, token in credentials.tokens.items():
        parts = [alias.encode("utf-8"), token.identifier, token.password]
        parts += [token.kind.encode("utf-8"), token.service.encode("utf-8")]
        for part in parts:
            data += _vint(len(part)) + part
    data += _vint(len(credentials.secrets))
    for alias, secret in credentials.secrets.items():
        for part in (alias.encode("utf-8"), secret):
            data += _vint(len(part)) + part
    return bytes(data)


def read_token(message: Message) -> Token:
    """Read ``hadoop.common.TokenProto``."""
    return Token(message.data(1), message.data(2), message.text(3), message.text(4))


def _read_protobuf(data: bytes) -> Credentials:
    body, _ = read_delimited(data, 5)
    message = Message(body)
    pairs = message.messages(1)
    return Credentials(
        {pair.text(1): read_token(pair.message(2)) for pair in pairs},
        {pair.text(1): pair.data(3) for pair in message.messages(2)},
    )


def _read_writable(data: bytes) -> Credentials:
    at = 5
    count, at = _read_vint(data, at)
    tokens = {}
    for _ in range(count):
        (alias, identifier, password, kind, service), at = _read_blobs(data, at, 5)
        tokens[_text(alias)] = Token(identifier, password, _text(kind), _text(service))
    count, at = _read_vint(data, at)
    secrets = {}
    for _ in range(count):
        (alias, secret), at = _read_blobs(data, at, 2)
        secrets[_text(alias)] = secret
    return Credentials(tokens, secrets)


def _read_blobs(data: bytes, at: int, count: int) -> Tuple[List[bytes], int]:
    found = []
    for _ in range(count):
        size, at = _read_vint(data, at)
        if size < 0 or at + size > len(data):
            raise BadTokenFile("The container's token file is cut off.")
        found.append(data[at : at + size])
        at += size
    return found, at


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _vint(value: int) -> bytes:
    """``WritableUtils.writeVInt`` of a number that is not negative."""
    if value <= 127:
        return bytes([value])
    size = (value.bit_length() + 7) // 8
    return bytes([256 - 112 - size]) + value.to_bytes(size, "big")


def _read_vint(data: bytes, at: int) -> Tuple[int, int]:
    """``WritableUtils.readVInt``."""
    if at >= len(data):
        raise BadTokenFile("The container's token file is cut off.")
    first = data[at] - 256 if data[at] > 127 else data[at]
    at += 1
    if first >= -112:
        return first, at
    negative = first < -120
    size = (-120 if negative else -112) - first
    magnitude = int.from_bytes(data[at : at + size], "big")
    return (~magnitude if negative else magnitude), at + size
