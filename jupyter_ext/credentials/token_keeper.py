"""Keeps the delegation tokens of one login alive."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from jupyter_ext.credentials.audit import Action
from jupyter_ext.credentials.minted import Minted
from jupyter_ext.credentials.models import TokenInfo
from jupyter_ext.errors import JupyterExtError, Unreachable

if TYPE_CHECKING:
    from jupyter_ext.credentials.hdts import DelegationToken

log = logging.getLogger(__name__)

RENEW_AT = 0.5
"""Share of the life of a token or ticket after which it is renewed."""
SPREAD = 0.1
"""Share of it by which that varies, so that many servers do not ask a service in step."""
FIRST_PAUSE_S = 5.0
MAX_PAUSE_S = 300.0


Record = Callable[[Action, str, TokenInfo], None]
"""Told what was done, the outcome as in :class:`jupyter_ext.credentials.audit.AuditLine`, and with
which token."""


class Desk(Protocol):
    """Where tokens come from; see :mod:`jupyter_ext.hadoop.tokens`."""

    async def mint(self) -> Sequence[Minted]:
        """Get a token of every service that gives any; never raises for one that does not."""

    async def renew(self, minted: Minted) -> Minted:
        """Put a token's end off, or get another; never raises for a service that does not."""

    async def cancel(self, minted: Minted) -> None:
        """Make a token worthless."""

    async def aclose(self) -> None:
        """Close every connection."""


class TokenKeeper:
    """Mints tokens at a login, renews them at half of their interval, cancels them at its end.

    Parameters
    ----------
    desk
        Where they come from.
    cluster
        Name of the cluster, for the log.
    tell
        Called in the event loop whenever one of them changes.
    record
        Writes down what was done.
    """

    def __init__(self, desk: Desk, cluster: str, tell: Callable[[], None], record: Record) -> None:
        self._desk = desk
        self._cluster = cluster
        self._tell = tell
        self._record = record
        self._minted: list[Minted] = []
        self._again = asyncio.Event()
        self.minted = asyncio.Event()
        """Set once every service has answered."""

    @property
    def infos(self) -> list[TokenInfo]:
        """What may be told about them."""
        return [minted.info for minted in self._minted]

    @property
    def tokens(self) -> dict[str, DelegationToken]:
        """Every token by the name under which clients look for it."""
        return {name: token for minted in self._minted for name, token in minted.tokens.items()}

    def look_again(self) -> None:
        """Try now what failed before: the ticket is new."""
        again, self._again = self._again, asyncio.Event()
        again.set()

    async def keep(self) -> None:
        """Mint what there is not yet, and renew until cancelled."""
        try:
            if not self._minted:
                self._minted = list(await self._desk.mint())
                for minted in self._minted:
                    self._record("mint", _outcome(minted), minted.info)
        except JupyterExtError as error:
            # The profile itself is at fault, so asking again would not help.
            log.warning("There are no tokens of %s: %s", self._cluster, error)
        self.minted.set()
        self._tell()
        async with asyncio.TaskGroup() as group:
            for index in range(len(self._minted)):
                group.create_task(self._keep_one(index))

    async def cancel(self) -> None:
        """Make every token worthless, as far as their services can be reached."""
        left, self._minted = [minted for minted in self._minted if minted.issued], []
        try:
            while left:
                outcome = "ok"
                try:
                    await self._desk.cancel(left[0])
                except JupyterExtError as error:
                    log.warning("A token of %s stays valid: %s", self._cluster, error)
                    outcome = error.code
                self._record("cancel", outcome, left.pop(0).info)
        finally:
            for minted in left:
                self._record("cancel", Unreachable.code, minted.info)
            await self.close()

    async def close(self) -> None:
        """Close every connection; the tokens stay."""
        await self._desk.aclose()

    async def _keep_one(self, index: int) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            minted = self._minted[index]
            vary = random.uniform(-SPREAD, SPREAD)  # noqa: S311 - no secret depends on it
            if minted.info.error is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s * (1 + vary)):
                        await self._again.wait()
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
            elif minted.info.expires_at is not None:
                left_s = minted.info.expires_at - time.time()
                await asyncio.sleep(max(1.0, left_s * (RENEW_AT + vary)))
                pause_s = FIRST_PAUSE_S
            else:
                return
            renewed = self._minted[index] = await self._desk.renew(minted)
            action: Action = "renew" if minted.issued else "mint"
            self._record(action, _outcome(renewed), renewed.info)
            self._tell()


def _outcome(minted: Minted) -> str:
    return minted.info.error.code if minted.info.error else "ok"
