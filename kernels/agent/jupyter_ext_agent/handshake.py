"""How agent and hub prove to each other that they know the kernel's secret. See docs/kernels.md.

Both sides of it, without any input or output. Nothing secret is on the wire: each side signs what
both have said, with fresh random numbers (nonces) of both, so that a recording is worth nothing.
"""

import hashlib
import hmac
import json
import os
import re
from typing import Any, Callable, Dict, NamedTuple, Optional

VERSION = 1
LINE_LIMIT = 4096
"""Bytes of a line, its end included."""
TIME_LIMIT_S = 10.0
"""For all lines together."""

_HEX_64 = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_SESSION = re.compile(r"[A-Za-z0-9._-]{0,128}\Z")


class HandshakeError(Exception):
    """What the other side said is no handshake, or proves nothing."""


class Refused(Exception):
    """A hub that proved itself does not want this agent."""


class Hello(NamedTuple):
    """What an agent says of itself."""

    kernel_id: str
    instance: str
    nonce: str
    session: str
    received: int


class Welcome(NamedTuple):
    """What a hub says at the end."""

    session: str
    received: int
    resume: bool


class Lines:
    """Cuts what arrives into lines; what comes after the last one wanted stays in ``rest``."""

    def __init__(self) -> None:
        self.rest = b""

    def add(self, data: bytes) -> None:
        """Take bytes from the other side."""
        self.rest += data

    def next(self) -> Optional[bytes]:
        """Give the next line without its end, or None if it is not there yet.

        Raises
        ------
        HandshakeError
            If it is too long.
        """
        end = self.rest.find(b"\n", 0, LINE_LIMIT)
        if end < 0:
            if len(self.rest) >= LINE_LIMIT:
                raise HandshakeError("a line is too long")
            return None
        line, self.rest = self.rest[:end], self.rest[end + 1 :]
        return line


class AgentHandshake:
    """The agent's side.

    Parameters
    ----------
    secret
        32 bytes.
    session
        Of the hub that the agent was connected with before; empty for none.
    received
        Numbered frames that have arrived in that session.
    binding
        Fingerprint of the certificate that the agent sees on a tls connection, else empty.
    """

    def __init__(
        self,
        secret: bytes,
        kernel_id: str,
        instance: str,
        session: str,
        received: int,
        binding: str,
    ) -> None:
        self._secret = secret
        self._binding = binding
        self._hello = Hello(kernel_id, instance, _nonce(), session, received)
        self._hub_nonce = ""

    def hello(self) -> bytes:
        """Give the first line."""
        fields = dict(self._hello._asdict())
        fields["v"] = VERSION
        return _line(fields)

    def answer(self, line: bytes) -> bytes:
        """Check the hub's proof and give our own.

        Raises
        ------
        HandshakeError
            If whoever answers is not a hub that knows this kernel.
        """
        fields = _fields(line)
        self._hub_nonce = _text(fields, "nonce", _HEX_64)
        expected = self._proof("hub")
        if not hmac.compare_digest(_text(fields, "proof", _HEX_64), expected):
            raise HandshakeError("it does not know this kernel")
        return _line({"proof": self._proof("agent")})

    def finish(self, line: bytes) -> Welcome:
        """Read the last line.

        Raises
        ------
        Refused
            If the hub, which has proved itself, refuses; with its reason.
        HandshakeError
            If the line makes no sense.
        """
        fields = _fields(line)
        if "error" in fields:
            raise Refused(str(fields["error"]))
        return Welcome(
            _text(fields, "session", _SESSION),
            _count(fields, "received"),
            fields.get("resume") is True,
        )

    def _proof(self, role: str) -> str:
        return _proof(self._secret, role, self._binding, self._hello, self._hub_nonce)


class HubHandshake:
    """The hub's side.

    Parameters
    ----------
    find_secret
        Gives the secret of a kernel; None for one that is not known.
    binding
        Fingerprint of the hub's certificate on a tls connection, else empty.
    """

    def __init__(self, find_secret: Callable[[str], Optional[bytes]], binding: str) -> None:
        self._find_secret = find_secret
        self._binding = binding
        self._hello: Optional[Hello] = None
        self._expected = ""

    @property
    def hello(self) -> Hello:
        """What the agent said of itself; to be believed only after :meth:`check`."""
        if self._hello is None:
            raise HandshakeError("no hello yet")
        return self._hello

    def challenge(self, line: bytes) -> bytes:
        """Read the agent's hello; prove that this hub knows the kernel.

        A kernel that is not known gets an answer all the same, worth nothing: so nobody can find
        out which there are.
        """
        fields = _fields(line)
        if fields.get("v") != VERSION:
            raise HandshakeError("another version of the protocol")
        hello = Hello(
            _text(fields, "kernel_id", _NAME),
            _text(fields, "instance", _NAME),
            _text(fields, "nonce", _HEX_64),
            _text(fields, "session", _SESSION),
            _count(fields, "received"),
        )
        self._hello = hello
        nonce = _nonce()
        secret = self._find_secret(hello.kernel_id) or os.urandom(32)
        self._expected = _proof(secret, "agent", self._binding, hello, nonce)
        return _line({"nonce": nonce, "proof": _proof(secret, "hub", self._binding, hello, nonce)})

    def check(self, line: bytes) -> None:
        """Read the agent's proof.

        Raises
        ------
        HandshakeError
            If it does not know the kernel's secret.
        """
        proof = _text(_fields(line), "proof", _HEX_64)
        if not hmac.compare_digest(proof, self._expected):
            raise HandshakeError("it does not know the kernel's secret")

    def welcome(self, session: str, received: int, resume: bool) -> bytes:
        """Give the last line."""
        return _line({"session": session, "received": received, "resume": resume})

    def refuse(self, reason: str) -> bytes:
        """Give the last line for an agent that has proved itself and is not wanted."""
        return _line({"error": reason})


def _nonce() -> str:
    return os.urandom(32).hex()


def _proof(secret: bytes, role: str, binding: str, hello: Hello, hub_nonce: str) -> str:
    # No field can hold a line end, so no two lists of fields give the same text.
    text = "\n".join(
        (
            f"jupyter-ext tunnel {VERSION}",
            role,
            binding,
            hello.nonce,
            hub_nonce,
            hello.kernel_id,
            hello.instance,
        )
    )
    return hmac.new(secret, text.encode("ascii"), hashlib.sha256).hexdigest()


def _line(fields: Dict[str, Any]) -> bytes:
    return json.dumps(fields).encode("ascii") + b"\n"


def _fields(line: bytes) -> Dict[str, Any]:
    try:
        fields = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        raise HandshakeError("it does not speak this protocol") from None
    if not isinstance(fields, dict):
        raise HandshakeError("it does not speak this protocol")
    return fields


def _text(fields: Dict[str, Any], key: str, pattern: Any) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not pattern.match(value):
        raise HandshakeError(f"{key} is missing or malformed")
    return value


def _count(fields: Dict[str, Any], key: str) -> int:
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise HandshakeError(f"{key} is missing or malformed")
    return value
