"""What an identity rests on: a ticket, a directory's word, a gateway's token."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.failures import SessionEnded
from jupyter_ext.credentials.models import Account, Method
from jupyter_ext.credentials.policy import asked_by
from jupyter_ext.errors import Misconfigured

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Proof:
    """That somebody is logged in, and until when; times are seconds since the epoch."""

    principal: str
    """Who, in full: user@REALM."""
    user: str
    """Who, as Hadoop's daemons call them."""
    expires_at: float | None
    """None for what lasts as long as the server does."""
    renew_until: float | None = None
    """None for what cannot be renewed."""


class Prover(Protocol):
    """One way to log in to one cluster."""

    @property
    def method(self) -> Method:
        """What takes the place of a password, or that it is one."""

    @property
    def tickets(self) -> Path | None:
        """The ticket file, where there is one."""

    async def login(self, user: str, password: str) -> Proof:
        """Log in; the password is empty where another secret takes its place.

        Raises
        ------
        JupyterExtError
            Saying why not.
        """

    async def renew(self) -> Proof:
        """Put the end off.

        Raises
        ------
        SessionEnded
            If only a login helps.
        JupyterExtError
            If it may work later.
        """

    async def change_password(self, user: str, old: str, new: str) -> None:
        """Change a password; raises as :meth:`login` does."""

    async def account(self, proof: Proof) -> Account | None:
        """Ask the directory about who is logged in; None where there is no directory."""

    def auth(self, proof: Proof) -> httpx.Auth | None:
        """Give what authenticates requests to the cluster's daemons."""

    def forget(self) -> None:
        """Remove every secret."""


class Unrenewable:
    """A way to log in to what can neither put an end off nor change a password.

    A directory's word and a gateway's token last as they are, and the password is not kept. Both
    have their passwords changed in as many ways as there are directories.
    """

    profile: Profile

    async def renew(self) -> Proof:
        """Refuse; see :class:`Prover`."""
        raise SessionEnded(
            f"Your login to {self.profile.title} cannot be renewed.",
            hint="Log in again.",
            cluster=self.profile.name,
        )

    async def change_password(self, user: str, old: str, new: str) -> None:
        """Refuse; see :class:`Prover`."""
        raise Misconfigured(
            f"Passwords of {asked_by(self.profile)} cannot be changed from here.",
            hint="Change it where you usually do, then log in with the new one.",
            cluster=self.profile.name,
        )
