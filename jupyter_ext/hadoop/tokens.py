"""The delegation tokens of one identity on one cluster: minted, renewed, cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.xml import Configuration
from jupyter_ext.credentials.minted import Issued, Minted
from jupyter_ext.credentials.models import Reason, TokenInfo
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.errors import JupyterExtError, NotFound
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.hiveserver2 import HiveServer2Issuer
from jupyter_ext.hadoop.kms import KmsIssuer, kms_uri
from jupyter_ext.hadoop.token_issuers import DAY_S, HdfsIssuer, Issuer, ResourceManagerIssuer

T = TypeVar("T")

NOBODY = ""
"""The renewer of what is shared by all programs of a login. Of the tokens that an application is
submitted with, a ResourceManager renews those that name a renewer, and cancels them when the
application ends (``DelegationTokenRenewer.skipTokenRenewal``): for every other program too."""
_HDFS_INTERVAL = "dfs.namenode.delegation.token.renew-interval"
_GONE = "Token not found"
"""``AbstractDelegationTokenSecretManager.cancelToken``; each service wraps it in another error."""
_KEY_PROVIDERS = ("hadoop.security.key.provider.path", "dfs.encryption.key.provider.uri")


class TokenDesk:
    """Gets the delegation tokens of a cluster's services with the ticket of one identity.

    Each service fails on its own: what it gives is then the reason why there is no token. A cluster
    without Kerberos gives none, and neither does one behind a gateway, which has no use for them.

    Parameters
    ----------
    hadoop
        The cluster's clients, as that identity; or what makes them, called in a thread when the
        first token is asked for.
    user
        Its short name.
    """

    def __init__(self, hadoop: Hadoop | Callable[[], Hadoop], user: str) -> None:
        self._given = hadoop
        self._user = user
        self._hadoop: Hadoop | None = None
        self._issuers: list[Issuer] = []
        self._lock = asyncio.Lock()

    @classmethod
    def open(cls, profile: Profile, auth: httpx.Auth | None) -> Self:
        """Make one for who owns the ticket, with clients of its own."""
        asks = auth.principal if isinstance(auth, Negotiate) else profile.user or ""
        user = asks.partition("@")[0].partition("/")[0]
        return cls(lambda: Hadoop.open(profile, auth=auth), user)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._hadoop is not None:
            await self._hadoop.aclose()

    async def mint(self) -> list[Minted]:
        """Get a token of every service that the profile names.

        Raises
        ------
        Misconfigured
            If the profile is broken; nothing else of it works either.
        """
        return await _together(self._mint(issuer) for issuer in await self._known())

    async def renew(self, minted: Minted) -> Minted:
        """Put a token's end off, or where that is not possible any more, get another.

        Only its renewer may renew a token, so where there is none its owner gets another.

        Returns
        -------
        Minted
            What there is now; if that is the old one, its ``info.error`` says why.
        """
        issuer = await self._issuer_of(minted)
        kept = tuple(one for one in minted.issued if one.expires_at > time.time())
        if kept and kept[-1].renewable:
            try:
                renewed = replace(kept[-1], expires_at=await issuer.renew(kept[-1]))
            except JupyterExtError:
                pass  # a service that is down, or refuses, says so again when asked for another
            else:
                kept = (*kept[:-1], renewed)
                if renewed.expires_at < renewed.max_date:
                    return Minted(_info(issuer, renewed), kept)
        new = await self._mint(issuer)
        issued = (*kept, *new.issued)
        return Minted(_info(issuer, issued[-1] if issued else None, new.info.error), issued)

    async def cancel(self, minted: Minted) -> None:
        """Make a token, and those that it replaced, worthless.

        Raises
        ------
        JupyterExtError
            If that failed for one of them; the others are cancelled all the same.
        """
        issuer = await self._issuer_of(minted)
        errors = await _together(_error_of(issuer.cancel(one.token)) for one in minted.issued)
        for error in errors:
            if error is not None and not _is_gone(error):
                raise error

    # -- helpers ------------------------------------------------------------------------------

    async def _mint(self, issuer: Issuer) -> Minted:
        try:
            issued = await issuer.issue()
        except JupyterExtError as error:
            return Minted(_info(issuer, None, _reason(error)))
        return Minted(_info(issuer, issued), (issued,))

    async def _issuer_of(self, minted: Minted) -> Issuer:
        wanted = minted.info.service, minted.info.address
        return next(
            issuer for issuer in await self._known() if (issuer.service, issuer.address) == wanted
        )

    async def _known(self) -> list[Issuer]:
        async with self._lock:
            if self._hadoop is None:
                # In a thread: reading the XML and the certificates takes a while.
                self._hadoop, self._issuers = await asyncio.to_thread(self._find)
        return self._issuers

    def _find(self) -> tuple[Hadoop, list[Issuer]]:
        hadoop = self._given if isinstance(self._given, Hadoop) else self._given()
        connection, profile = hadoop.connection, hadoop.connection.profile
        if profile.auth != "kerberos":
            return hadoop, []
        configuration = Configuration.read(Path(profile.conf_dir))
        daemons = profile.endpoints.resourcemanagers
        renewer = NOBODY if daemons else self._user
        interval = configuration.get(_HDFS_INTERVAL)
        interval_s = int(interval) / 1000 if interval.isdecimal() else DAY_S
        found: list[Issuer] = [
            HdfsIssuer(connection, hadoop.namenode, name, renewer=renewer, interval_s=interval_s)
            for name in hadoop.namenode.nameservices
        ]
        if daemons:
            manager = hadoop.resourcemanager
            found.append(ResourceManagerIssuer(connection, manager, daemons, renewer))
        if kms := _kms(profile, configuration):
            found.append(KmsIssuer(connection, kms, renewer))
        if hive := profile.config.hiveserver2:
            found.append(HiveServer2Issuer(connection, hive, self._user))
        return hadoop, found


def _kms(profile: Profile, configuration: Configuration) -> str:
    if profile.config.kms:
        return kms_uri(profile.config.kms)
    named = (configuration.get(key) for key in _KEY_PROVIDERS)
    return next((uri for uri in named if uri.startswith("kms:")), "")


def _info(issuer: Issuer, issued: Issued | None, error: Reason | None = None) -> TokenInfo:
    return TokenInfo(
        service=issuer.service,
        address=issuer.address,
        kind=issuer.kind,
        renewer=issued.renewer if issued else "",
        expires_at=issued.expires_at if issued else None,
        max_date=issued.max_date if issued else None,
        error=error,
    )


def _reason(error: JupyterExtError) -> Reason:
    return Reason(code=error.code, message=error.message, hint=error.hint)


def _is_gone(error: JupyterExtError) -> bool:
    """Whether there is nothing left to cancel."""
    return isinstance(error, NotFound) or _GONE in error.message


async def _error_of(asked: Awaitable[None]) -> JupyterExtError | None:
    try:
        await asked
    except JupyterExtError as error:
        return error
    return None


async def _together(asked: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Wait for all; what is no error for a person ends the others at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in asked]
    return [task.result() for task in tasks]
