"""Logging in to a Kerberos cluster: by password, keytab, somebody else's tickets, or a program."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import httpx

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import external
from jupyter_ext.credentials.ccache import TicketFile
from jupyter_ext.credentials.failures import SessionEnded
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.credentials.models import Account, Method
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.credentials.proof import Proof
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import InvalidInput, Misconfigured


class KerberosLogin:
    """Proves identities with tickets of the cluster's realm.

    Parameters
    ----------
    profile
        The cluster.
    directory
        A private directory for configuration and tickets.
    """

    method: Method = "password"

    def __init__(self, profile: Profile, directory: Path) -> None:
        self.profile = profile
        self.realm = Realm(profile, directory)
        self._service_tickets = ServiceTickets(profile, self.realm.tickets, directory / "krb5.conf")
        self._negotiate: Negotiate | None = None

    @property
    def tickets(self) -> Path | None:
        """The ticket file."""
        return self.realm.tickets

    async def login(self, user: str, password: str) -> Proof:
        """Get a ticket for a password; raises as :meth:`Realm.login`."""
        return _proof(await self.realm.login(self.realm.principal(user), password))

    async def renew(self) -> Proof:
        """Renew the ticket; raises as :meth:`Realm.renew`."""
        return _proof(await self.realm.renew())

    async def change_password(self, user: str, old: str, new: str) -> None:
        """Change the password; raises as :meth:`Realm.change_password`."""
        await self.realm.change_password(self.realm.principal(user), old, new)

    async def account(self, proof: Proof) -> Account | None:
        """Ask the cluster's directory, which takes the ticket and sees no password."""
        if self.profile.config.ldap is None:
            return None
        return await Directory(self.profile).account_by_ticket(proof.user, self._service_tickets)

    def auth(self, proof: Proof) -> httpx.Auth | None:
        """Authenticate by SPNEGO."""
        self._forget_cookies()
        self._negotiate = Negotiate(proof.principal, self._service_tickets)
        return self._negotiate

    def forget(self) -> None:
        """Remove the tickets, and what they were exchanged for."""
        self.realm.tickets.unlink(missing_ok=True)
        self._forget_cookies()

    def _forget_cookies(self) -> None:
        if self._negotiate is not None:
            self._negotiate.forget()


class KeytabLogin(KerberosLogin):
    """Logs in with the keytab that an administrator's layer of the profile names."""

    method = "keytab"

    async def login(self, user: str, password: str) -> Proof:
        """Get a ticket for the keytab's principal, whoever asks."""
        auth = self.profile.config.auth
        if not auth.keytab or not auth.principal:
            raise Misconfigured(
                f"The profile of {self.profile.title} names a keytab without its principal.",
                hint="Set auth.principal.",
                cluster=self.profile.name,
            )
        principal = self.realm.principal(auth.principal)
        return _proof(await self.realm.login_with_keytab(principal, auth.keytab))

    async def renew(self) -> Proof:
        """Log in again, which a keytab can do at any time."""
        return await self.login("", "")


class TicketFileLogin(KerberosLogin):
    """Takes the tickets that PAM, JupyterHub or kinit keeps alive."""

    method = "ccache"

    async def login(self, user: str, password: str) -> Proof:
        """Copy the ticket file."""
        template = self.profile.config.auth.ccache or ""
        path = template.removeprefix("FILE:").replace("%{uid}", str(os.getuid()))
        return _proof(await self.realm.adopt(Path(path)))

    async def renew(self) -> Proof:
        """Copy it again, because who made it may have renewed it, and put its end off here too."""
        copied = await self.login("", "")
        try:
            return await super().renew()
        except SessionEnded:
            return copied


class ProgramLogin(KerberosLogin):
    """Asks an external credential program, such as a vault's."""

    method = "program"

    async def login(self, user: str, password: str) -> Proof:
        """Take the tickets that the program gives, or log in with its password."""
        given = await external.ask(self.profile, user)
        if given.password is not None:
            who = given.user or user
            return await super().login(who, given.password.get_secret_value())
        if given.ccache is None:
            raise Misconfigured(
                f"The credential program of {self.profile.title} gave no Kerberos ticket.",
                hint="Its answer has to hold ccache or password.",
                cluster=self.profile.name,
            )
        data = base64.b64decode(given.ccache.get_secret_value())
        return _proof(await self.realm.take(data, "of the credential program"))

    async def renew(self) -> Proof:
        """Ask the program again."""
        return await self.login("", "")


def _proof(found: TicketFile) -> Proof:
    ticket = found.granting
    if ticket is None:
        raise InvalidInput("The ticket file holds no ticket-granting ticket.")
    return Proof(found.principal, found.user, ticket.expires_at, ticket.renew_until)
