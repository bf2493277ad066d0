"""Who the doctor is: whom the cluster is asked as, and whether it believes that."""

from __future__ import annotations

import asyncio

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop import judge
from jupyter_ext.hadoop.access import Access
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.doctor_checks import Checks, Job
from jupyter_ext.hadoop.probe import address_of

FIRST = "Log in first."


class Login:
    """The identity of an examination, and the clients that ask with it.

    Parameters
    ----------
    checks
        Where findings go.
    access
        As whom clusters are asked.
    """

    def __init__(self, checks: Checks, access: Access) -> None:
        self._checks = checks
        self._access = access
        self._opened: asyncio.Task[Hadoop] | None = None

    def jobs(self) -> list[Job]:
        """Look at the identity, where a cluster wants one."""
        identity = self._access.identity(self._checks.profile)
        if not identity.needed:
            return []
        target = identity.realm or self._checks.profile.name
        return [Job("login", target, self._check(target))]

    async def hadoop(self) -> Hadoop:
        """Give the clients, which everything shares; logs in where no person is needed for it.

        Raises
        ------
        JupyterExtError
            If there can be none.
        """
        if self._opened is None:
            self._opened = asyncio.create_task(
                self._access.open(_as_far_as_usable(self._checks.profile))
            )
        # Shielded: whoever waits for it may be cancelled without the others.
        return await asyncio.shield(self._opened)

    async def negotiate(self) -> Negotiate | None:
        """Give what proves by tickets who asks; None if nothing does."""
        try:
            auth = (await self.hadoop()).connection.auth
        except JupyterExtError:
            return None
        return auth if isinstance(auth, Negotiate) else None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._opened is None:
            return
        self._opened.cancel()
        [opened] = await asyncio.gather(self._opened, return_exceptions=True)
        if isinstance(opened, Hadoop):
            await opened.aclose()

    async def _check(self, target: str) -> None:
        with self._checks.check("login", target) as finding:
            try:
                await self.hadoop()
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                judge.identity(finding, self._access.identity(self._checks.profile))


def _as_far_as_usable(profile: Profile) -> Profile:
    """Leave out what is broken, so that the rest can be asked."""
    endpoints = profile.endpoints
    usable = endpoints.model_copy(
        update={
            "resourcemanagers": [d for d in endpoints.resourcemanagers if address_of(d)[0]],
            "namenodes": [d for d in endpoints.namenodes if address_of(d)[0]],
        }
    )
    return profile.model_copy(update={"endpoints": usable, "problems": []})
