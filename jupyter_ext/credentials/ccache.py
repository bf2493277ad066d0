"""Reads Kerberos ticket files: whose they are and until when, without asking a library.

The format is MIT Kerberos' *credential cache file format*, version 4, which Heimdal and Java write
too: https://web.mit.edu/kerberos/krb5-latest/doc/formats/ccache_file_format.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 4 << 20
_VERSION = 0x0504
_CONFIGURATION_REALM = "X-CACHECONF:"


class BadCache(ValueError):
    """The file is no ticket file of version 4."""


@dataclass(frozen=True)
class Ticket:
    """One ticket; times are seconds since the epoch."""

    client: str
    server: str
    """For example krbtgt/EXAMPLE.COM@EXAMPLE.COM."""
    issued_at: float
    """When the password was last proved, by the clock of the KDC."""
    starts_at: float
    expires_at: float
    renew_until: float | None
    """None for a ticket that cannot be renewed."""


@dataclass(frozen=True)
class TicketFile:
    """The content of a ticket file."""

    principal: str
    """user@REALM."""
    tickets: tuple[Ticket, ...]

    @property
    def user(self) -> str:
        """The principal's first part."""
        return self.principal.partition("@")[0].partition("/")[0]

    @property
    def realm(self) -> str:
        """The realm of the principal."""
        return self.principal.rpartition("@")[2]

    @property
    def granting(self) -> Ticket | None:
        """The ticket with which others are got: the one of the principal's own realm."""
        wanted = f"krbtgt/{self.realm}@{self.realm}"
        return next((ticket for ticket in self.tickets if ticket.server == wanted), None)

    def ticket(self, server: str) -> Ticket | None:
        """Find the ticket for a service; the last one, if it was got anew."""
        found = [ticket for ticket in self.tickets if ticket.server == server]
        return found[-1] if found else None


def read(path: Path) -> TicketFile:
    """Read a ticket file.

    Raises
    ------
    OSError
        If it cannot be read.
    BadCache
        If it holds something else.
    """
    with path.open("rb") as stream:
        return parse(stream.read(MAX_BYTES))


def parse(data: bytes) -> TicketFile:
    """Read the bytes of a ticket file.

    Raises
    ------
    BadCache
        If they are something else.
    """
    reader = _Reader(data)
    try:
        if reader.number(">H") != _VERSION:
            raise BadCache("The file is no Kerberos ticket file of version 4.")
        reader.skip(reader.number(">H"))
        principal = reader.principal()
        tickets = tuple(_tickets(reader))
    except (struct.error, UnicodeDecodeError) as error:
        raise BadCache("The Kerberos ticket file is cut off or damaged.") from error
    return TicketFile(principal, tickets)


def _tickets(reader: _Reader) -> Iterator[Ticket]:
    while not reader.at_end:
        client, server = reader.principal(), reader.principal()
        reader.skip(2)  # kind of key
        reader.blob()
        issued, starts, expires, renew = struct.unpack(">4I", reader.take(16))
        reader.skip(1 + 4)  # is_skey, flags
        for _ in range(2):  # addresses, authorization data
            for _ in range(reader.number(">I")):
                reader.skip(2)
                reader.blob()
        reader.blob()
        reader.blob()
        # Settings are kept as tickets of a realm that does not exist.
        if not server.endswith(f"@{_CONFIGURATION_REALM}"):
            yield Ticket(client, server, issued, starts or issued, expires, renew or None)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._data)

    def take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) < size:
            raise struct.error
        self._at += size
        return piece

    def skip(self, size: int) -> None:
        self.take(size)

    def number(self, form: str) -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def blob(self) -> bytes:
        return self.take(self.number(">I"))

    def principal(self) -> str:
        self.skip(4)  # kind of name
        count = self.number(">I")
        realm = self.blob().decode()
        return "/".join(self.blob().decode() for _ in range(count)) + f"@{realm}"
