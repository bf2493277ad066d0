"""A daemon that knows who asks: Hadoop's authentication filter, honest or not.

Speaks the HTTP side of SPNEGO (RFC 4559) with the real acceptor of MIT Kerberos, and hands out the
cookie of ``org.apache.hadoop.security.authentication.util.AuthenticationToken``.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import gssapi
from gssapi.raw import ChannelBindings, GSSError

from tests.fakes.raw_server import RawServer, raw_server, reply

_TICKET = re.compile(r"^Authorization: Negotiate (\S+)", re.IGNORECASE | re.MULTILINE)
_COOKIE = re.compile(r'^Cookie: .*hadoop\.auth="?([^";\r\n]+)', re.IGNORECASE | re.MULTILINE)


@dataclass
class SpnegoDaemon:
    """What it does with a request; a test changes it as it likes."""

    keytab: Path
    scheme: str = "http"
    server: RawServer = field(default_factory=RawServer)
    seen: list[str] = field(default_factory=list)
    """Who asked, request by request, as ticket or cookie say; empty for nobody."""
    answer: bytes | None = None
    """In place of the right answer to the ticket; ``b""`` for none at all."""
    cookie_of: str | None = None
    """Whom the cookie is for, if not for who asks; empty for no cookie."""
    cookie_life_s: float = 600.0
    knows_cookies: bool = True
    """A daemon that was restarted knows none of before."""
    binding: bytes | None = None
    """Channel binding that a ticket has to have (RFC 5929)."""
    status: str = "200 OK"
    location: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url(scheme=self.scheme)

    @property
    def with_ticket(self) -> int:
        """How many requests came with a ticket."""
        return sum(bool(_TICKET.search(head)) for head in self.server.requests)

    async def __call__(self, head: str, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        if (found := _COOKIE.search(head)) and self.knows_cookies:
            fields = dict(part.partition("=")[::2] for part in found[1].split("&"))
            writer.write(self._reply(fields["p"]))
        elif found := _TICKET.search(head):
            context = gssapi.SecurityContext(
                creds=gssapi.Credentials(usage="accept", store={"keytab": str(self.keytab)}),
                usage="accept",
                channel_bindings=ChannelBindings(application_data=self.binding)
                if self.binding
                else None,
            )
            try:
                proof = await asyncio.to_thread(context.step, base64.b64decode(found[1]))
                assert context.complete  # raises what step keeps back
            except GSSError:
                self._refuse(writer)
                return
            name = str(context.initiator_name)
            headers = {}
            proof = (proof or b"") if self.answer is None else self.answer
            if proof:
                headers["WWW_Authenticate"] = f"Negotiate {base64.b64encode(proof).decode()}"
            if self.cookie_of != "":
                headers["Set_Cookie"] = self._cookie(self.cookie_of or name)
            writer.write(self._reply(name, **headers))
        else:
            self._refuse(writer)

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        self.seen.append("")
        writer.write(reply(b"", "401 Unauthorized", WWW_Authenticate="Negotiate"))

    def _reply(self, name: str, **headers: str) -> bytes:
        self.seen.append(name)
        if self.location:
            headers["Location"] = self.location
        return reply(b'{"Path": "/"}', self.status, Content_Type="application/json", **headers)

    def _cookie(self, principal: str) -> str:
        user = principal.partition("@")[0]
        ends_ms = int(1000 * (time.time() + self.cookie_life_s))
        return (
            f'hadoop.auth="u={user}&p={principal}&t=kerberos&e={ends_ms}&s=c2lnbmVk"; '
            "Path=/; HttpOnly"
        )


@asynccontextmanager
async def spnego_daemon(
    keytab: Path, context: ssl.SSLContext | None = None, **behaviour: object
) -> AsyncIterator[SpnegoDaemon]:
    """Serve on a free port of localhost until the end of the block; by https with a context."""
    daemon = SpnegoDaemon(keytab, scheme="https" if context else "http", **behaviour)
    async with raw_server(daemon, context) as server:
        daemon.server = server
        yield daemon
