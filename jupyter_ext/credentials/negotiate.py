"""SPNEGO for httpx: every request proves who asks, and every answer proves who answered.

RFC 4559 is the HTTP side, RFC 4178 the mechanism, RFC 5929 the channel binding. Nothing of the
process's own Kerberos environment is used: the ticket for the service is fetched into the
identity's ticket file beforehand, by a child process, and named in full, so that libkrb5 needs
neither a configuration nor a KDC.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from jupyter_ext.credentials import channel_binding
from jupyter_ext.credentials.failures import SessionEnded
from jupyter_ext.credentials.service_tickets import ServiceTickets, margin_s
from jupyter_ext.errors import Forbidden, Unavailable, Untrusted

if TYPE_CHECKING:
    from gssapi import SecurityContext

COOKIE = "hadoop.auth"
UNPROVED = "jupyter_ext.unproved"
"""Extension of a response that leads elsewhere, and may come from anybody: data must not follow."""
ONE_SIDED = "negotiate_one_sided"
"""Extension of a request to a service that never proves itself by its ticket, as HiveServer2."""
_SPNEGO = "1.3.6.1.5.5.2"
_ANSWER = re.compile(r"\bNegotiate\s+([A-Za-z0-9+/=]+)", re.IGNORECASE)


class TicketRefused(Forbidden):
    """A daemon does not accept the ticket that the KDC gave for it."""

    code = "ticket_refused"


@dataclass(frozen=True)
class _Cookie:
    """Hadoop's signed cookie (``AuthenticationToken``): spares the ticket while it lasts."""

    value: str
    expires_at: float
    given_at: float

    @property
    def lasts(self) -> bool:
        return time.time() < self.expires_at - margin_s(self.expires_at - self.given_at)


class Negotiate(httpx.Auth):
    """Authenticates the requests of one identity to one cluster's daemons.

    Every daemon gets its own ticket, and only its own cookie back: httpx's cookie jar, which knows
    hosts but no ports, would send one daemon's to all of its host.

    Parameters
    ----------
    principal
        user@REALM: who asks.
    tickets
        Where the tickets are.
    """

    def __init__(self, principal: str, tickets: ServiceTickets) -> None:
        self.principal = principal
        self.tickets = tickets
        self._cluster = tickets.profile.name
        self._cookies: dict[str, _Cookie] = {}
        self._bindings: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"<Negotiate {self.principal} on {self._cluster}>"

    def forget(self) -> None:
        """Forget every cookie: after a logout, clients that are still open are nobody's."""
        self._cookies.clear()

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Refuse: getting a ticket takes a child process, which is waited for in an event loop."""
        raise NotImplementedError("SPNEGO works with httpx.AsyncClient only.")

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send a request with the daemon's cookie, or with a ticket; see :class:`httpx.Auth`.

        Raises
        ------
        TicketRefused
            If the daemon does not accept the ticket.
        Untrusted
            If it does not prove in turn that it is the service the ticket is for.
        ServiceUnknown, SessionEnded, KdcUnreachable, BadAnswer
            If there is no ticket.
        """
        origin = request.url.copy_with(path="/", query=None, fragment=None)
        place = str(origin)
        cookie = self._cookies.get(place)
        if cookie is not None and cookie.lasts:
            request.headers["Cookie"] = f'{COOKIE}="{cookie.value}"'
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                self._keep_cookie(place, response)
                return
            # The daemon was restarted and signs with another secret.
            self._cookies.pop(place, None)
            del request.headers["Cookie"]
        elif origin.scheme == "https" and place not in self._bindings:
            # The ticket is bound to the certificate, which is known once there is a connection.
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            self._bindings[place] = _binding(response)

        for bound in (True, False):
            context, token = await self._begin(origin, self._bindings.get(place))
            request.headers["Authorization"] = f"Negotiate {token}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                if not request.extensions.get(ONE_SIDED):
                    await self._check(context, origin, response)
                self._keep_cookie(place, response)
                return
            if not (bound and self._renewed_binding(place, response)):
                raise TicketRefused(
                    f"{origin.netloc.decode()} does not accept your ticket, although the KDC gave "
                    "one for it.",
                    hint="Its clock may be wrong, or its keytab older than its principal's key.",
                    cluster=self._cluster,
                )

    def _renewed_binding(self, place: str, response: httpx.Response) -> bool:
        """Whether the daemon has another certificate than the one that is remembered."""
        if place not in self._bindings:
            return False
        before, self._bindings[place] = self._bindings[place], _binding(response)
        return before != self._bindings[place]

    async def _begin(self, origin: httpx.URL, binding: bytes | None) -> tuple[SecurityContext, str]:
        """Make a context for a daemon, and its first token."""
        service = f"HTTP/{origin.host.lower()}@{self.principal.rpartition('@')[2]}"
        begin = partial(_begin, self.principal, self.tickets.path, service, binding)
        try:
            return await self.tickets.use(service, begin)
        except ImportError:
            raise Unavailable(
                "This Jupyter server cannot use Kerberos tickets: the package gssapi is missing.",
                hint="pip install 'jupyter-ext[kerberos]', then restart the server.",
                cluster=self._cluster,
            ) from None

    async def _check(
        self, context: SecurityContext, origin: httpx.URL, response: httpx.Response
    ) -> None:
        """See that the peer is the service: only that one can make the answer to the ticket."""
        if response.is_error:
            return  # nothing of it is believed
        answer = _ANSWER.search(response.headers.get("www-authenticate", ""))
        if answer is not None and await asyncio.to_thread(_accepts, context, answer[1]):
            return
        if response.is_redirect:
            response.extensions[UNPROVED] = True
        else:
            raise Untrusted(
                f"{origin.netloc.decode()} does not prove that it is the service "
                f"HTTP/{origin.host}.",
                hint="Something between here and there answers in its place.",
                cluster=self._cluster,
            )

    def _keep_cookie(self, place: str, response: httpx.Response) -> None:
        for header in response.headers.get_list("set-cookie"):
            cookie = _hadoop_cookie(header)
            if cookie is None:
                continue
            fields = dict(part.partition("=")[::2] for part in cookie.split("&"))
            if fields.get("p") != self.principal:
                raise Untrusted(
                    f"{place} takes you for {fields.get('p') or 'somebody else'}, and you are "
                    f"{self.principal}.",
                    cluster=self._cluster,
                )
            expires = fields.get("e", "")
            if expires.isdecimal():
                self._cookies[place] = _Cookie(cookie, int(expires) / 1000, time.time())


def _hadoop_cookie(header: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    # An empty one takes an old one back.
    return morsel.value if morsel is not None and morsel.value else None


def _begin(
    principal: str, path: Path, service: str, binding: bytes | None
) -> tuple[SecurityContext, str]:
    import gssapi
    from gssapi.raw import ChannelBindings, GSSError

    try:
        credentials = gssapi.Credentials(usage="initiate", store={"ccache": f"FILE:{path}"})
        if (owner := str(credentials.name)) != principal:
            raise SessionEnded(
                f"You were {principal} when this began, and are {owner} now.", hint="Try again."
            )
        context = gssapi.SecurityContext(
            name=gssapi.Name(service, gssapi.NameType.kerberos_principal),
            creds=credentials,
            usage="initiate",
            mech=gssapi.OID.from_int_seq(_SPNEGO),
            flags=gssapi.RequirementFlag.mutual_authentication,
            channel_bindings=ChannelBindings(application_data=binding) if binding else None,
        )
        return context, base64.b64encode(context.step() or b"").decode()
    except GSSError as error:
        raise SessionEnded(
            f"Your ticket for {service} cannot be used: {' '.join(str(error).split())}.",
            hint="Log in again.",
        ) from None


def _accepts(context: SecurityContext, token: str) -> bool:
    from gssapi.raw import GSSError

    try:
        context.step(base64.b64decode(token))
        # An error that comes with a token to send back is raised only here.
        return bool(context.complete)
    except (GSSError, ValueError):
        return False


def _binding(response: httpx.Response) -> bytes:
    tls = response.extensions["network_stream"].get_extra_info("ssl_object")
    return channel_binding.server_end_point(tls.getpeercert(binary_form=True))
