"""A cluster's directory: who you are there, by your ticket or by your password.

Everything is done over TLS whose certificate was checked, in a thread of its own, within a limit.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import ldap_failures, ldap_place
from jupyter_ext.credentials.ldap_place import escape_filter, first_value
from jupyter_ext.credentials.models import Account
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import BadAnswer, InvalidInput, Misconfigured

if TYPE_CHECKING:
    from jupyter_ext.credentials.ldap_connection import LdapConnection

CONNECT_TIMEOUT_S = 3
RECEIVE_TIMEOUT_S = 5
TIMEOUT_S = 8.0
"""For everything together."""

_ATTRIBUTES = ("displayName", "cn", "mail", "memberOf", "gidNumber")
T = TypeVar("T")


@dataclass(frozen=True)
class Channel:
    """A protected connection that could be made."""

    host: str
    port: int
    starttls: bool
    version: str
    """Of TLS."""
    certificate: bytes
    """The directory's, in DER form; it was checked."""

    def __str__(self) -> str:
        return f"{self.version} by StartTLS" if self.starttls else self.version


class Directory:
    """The directory of one cluster.

    Parameters
    ----------
    profile
        The cluster.
    connect_timeout_s, receive_timeout_s
        Seconds for a connection, and for each answer; whole ones.
    timeout_s
        Seconds for everything together.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        connect_timeout_s: int = CONNECT_TIMEOUT_S,
        receive_timeout_s: int = RECEIVE_TIMEOUT_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.profile = profile
        self._connect_timeout_s = connect_timeout_s
        self._receive_timeout_s = receive_timeout_s
        self._timeout_s = timeout_s

    async def account_by_ticket(self, user: str, tickets: ServiceTickets) -> Account:
        """Look yourself up with your ticket; no password is sent.

        Parameters
        ----------
        user
            Short name, or user@REALM.

        Raises
        ------
        UnknownUser
            If the directory has no such user.
        TicketRefused, SessionEnded, ServiceUnknown, KdcUnreachable
            If the ticket is not good enough, or there is none.
        Untrusted, Unreachable, Unavailable, Misconfigured, BadAnswer
            If it could not be asked.
        """
        name = ldap_place.short_name(self.profile, user)
        service = await self._ticket(tickets)

        def work(connection: LdapConnection) -> Account:
            connection.bind_by_ticket(service, tickets.path, name)
            return self._account(connection, name)

        return await self._run(work)

    async def login(self, user: str, password: str) -> Account:
        """Prove who you are by a password, and look yourself up.

        Raises
        ------
        WrongPassword
            If it is wrong, or there is no such user: a directory does not say which.
        PasswordExpired, AccountLocked, AccountExpired, UnknownUser, Forbidden
            If the directory says more than that.
        Untrusted, Unreachable, Unavailable, Misconfigured, BadAnswer
            If it could not be asked.
        InvalidInput
            If the password or the name cannot be one; nothing is sent then. Also if the name is
            right but for its spelling.
        """
        if not password or "\0" in password:
            # A bind without a password succeeds as nobody (RFC 4513, 5.1.2).
            raise InvalidInput(
                f"The password is {'no text' if password else 'empty'}.", cluster=self.profile.name
            )
        name = ldap_place.short_name(self.profile, user)
        bind_name = ldap_place.bind_name(self.profile, name)

        def work(connection: LdapConnection) -> Account:
            connection.bind_by_password(bind_name, name, password)
            return self._account(connection, name, exact=True)

        return await self._run(work)

    async def check_tls(self) -> Channel:
        """Make a protected connection, and nothing else.

        Raises
        ------
        Untrusted, Unreachable, Misconfigured, BadAnswer
            If there is none.
        """

        def work(connection: LdapConnection) -> Channel:
            place, protected = ldap_place.place(self.profile), connection.protected
            return Channel(
                host=place.host,
                port=place.port,
                starttls=not place.tls_first,
                version=protected.version() or "",
                certificate=protected.getpeercert(binary_form=True) or b"",
            )

        return await self._run(work)

    async def check_bind(self, tickets: ServiceTickets) -> str:
        """Bind with a ticket; gives whom the directory takes you for.

        Raises
        ------
        JupyterExtError
            As :meth:`account_by_ticket`.
        """
        service = await self._ticket(tickets)

        def work(connection: LdapConnection) -> str:
            connection.bind_by_ticket(service, tickets.path, "you")
            return connection.who_am_i().removeprefix("dn:").removeprefix("u:")

        return await self._run(work)

    # -- helpers ------------------------------------------------------------------------------

    async def _ticket(self, tickets: ServiceTickets) -> str:
        """Get a ticket for the directory; gives the service it is for."""
        if not self.profile.realm:
            raise Misconfigured(
                f"The profile of {self.profile.title} does not say which Kerberos realm it is of.",
                hint="Put its krb5.conf beside cluster.toml, or set kerberos.realm.",
                cluster=self.profile.name,
            )
        service = f"ldap/{ldap_place.place(self.profile).host}@{self.profile.realm}"
        await tickets.get(service)
        return service

    async def _run(self, work: Callable[[LdapConnection], T]) -> T:
        """Do something with a connection, in a thread that nobody else waits for."""
        place = ldap_place.place(self.profile)
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, "ldap")
        try:
            async with asyncio.timeout(self._timeout_s):
                make = await loop.run_in_executor(thread, _load)
                connection = make(
                    self.profile,
                    place,
                    connect_timeout_s=self._connect_timeout_s,
                    receive_timeout_s=self._receive_timeout_s,
                )
                try:
                    return await loop.run_in_executor(thread, _through, connection, work)
                finally:
                    connection.abort()
        except TimeoutError:
            raise ldap_failures.unreachable(
                self.profile, str(place), f"was not done within {self._timeout_s:g} s"
            ) from None
        finally:
            thread.shutdown(wait=False)

    def _account(self, connection: LdapConnection, user: str, *, exact: bool = False) -> Account:
        """Look a user up, and the groups they are in; ``exact`` refuses other spellings."""
        ldap = ldap_place.config(self.profile)
        condition = ldap_place.condition(self.profile, user)
        wanted = (*_ATTRIBUTES, ldap.user_attribute)
        found = connection.search(ldap.base_dn, condition, wanted, limit=2)
        if not found:
            raise ldap_failures.unknown(self.profile, user)
        if len(found) > 1:
            raise BadAnswer(
                f"The directory of {self.profile.title} has several users {user} below "
                f"{ldap.base_dn}.",
                hint="Narrow ldap.base_dn, or choose another ldap.user_attribute.",
                cluster=self.profile.name,
            )
        [(name, values)] = found
        spelt = values.get(ldap.user_attribute.lower())
        if exact and spelt and ldap_place.account_name(self.profile, user) not in spelt:
            # A directory takes ALICE for alice; to Hadoop they are two people.
            raise InvalidInput(
                f"The directory of {self.profile.title} writes this name {spelt[0]}, not {user}.",
                hint=f"Log in as {spelt[0]}.",
                cluster=self.profile.name,
            )
        groups = [first_value(group) for group in values.get("memberof", [])]
        if not groups:
            condition = _groups_of(user, name, values.get("gidnumber", []))
            entries = connection.search(ldap.group_dn or ldap.base_dn, condition, ("cn",))
            groups = [attributes.get("cn", [first_value(dn)])[0] for dn, attributes in entries]
        named = values.get("displayname") or values.get("cn") or [""]
        return Account(
            display_name=named[0],
            mail=(values.get("mail") or [""])[0],
            groups=sorted(set(groups)),
        )


def _groups_of(user: str, name: str, primary: list[str]) -> str:
    """Make the filter for the groups of a user: RFC 4519's by name, RFC 2307's by user name."""
    dn = escape_filter(name)
    groups = [
        f"(&(objectClass=groupOfNames)(member={dn}))",
        f"(&(objectClass=groupOfUniqueNames)(uniqueMember={dn}))",
        f"(&(objectClass=posixGroup)(memberUid={escape_filter(user)}))",
        *(f"(&(objectClass=posixGroup)(gidNumber={escape_filter(gid)}))" for gid in primary),
    ]
    return f"(|{''.join(groups)})"


def _load() -> type[LdapConnection]:
    if "ldap3" not in sys.modules:
        # It imports two names of pyasn1 that have new ones.
        warnings.filterwarnings(
            "ignore", "(tag|type)Map is deprecated", DeprecationWarning, r"ldap3\.utils\.asn1"
        )
    from jupyter_ext.credentials.ldap_connection import LdapConnection

    return LdapConnection


def _through(connection: LdapConnection, work: Callable[[LdapConnection], T]) -> T:
    with connection:
        return work(connection)
