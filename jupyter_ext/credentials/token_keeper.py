"""Keeps the delegation tokens of one login alive."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.models import TokenInfo
from jupyter_ext.errors import JupyterExtError

if TYPE_CHECKING:
    from jupyter_ext.credentials.hdts import DelegationToken

log = logging.getLogger(__name__)

RENEW_AT = 0.5
"""Share of a token's interval after which it is renewed."""
SPREAD = 0.1
MINT_ANEW_AT = 0.8
"""Share of its longest life after which a token is replaced by a new one."""
FIRST_PAUSE_S = 5.0
MAX_PAUSE_S = 300.0


class Minted(Protocol):
    """One service's token, or the reason why there is none."""

    @property
    def info(self) -> TokenInfo:
        """What may be told about it."""

    @property
    def tokens(self) -> Mapping[str, DelegationToken]:
        """By the names under which clients look for it; empty if there is none."""


class Desk(Protocol):
    """Where tokens come from; see :mod:`jupyter_ext.hadoop.tokens`."""

    async def mint(self) -> Sequence[Minted]:
        """Get a token of every service that gives any; never raises for one that does not."""

    async def renew(self, minted: Minted) -> Minted:
        """Put a token's end off."""

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
    tell
        Called in the event loop whenever one of them changes.
    """

    def __init__(self, desk: Desk, profile: Profile, tell: Callable[[], None]) -> None:
        self._desk = desk
        self._profile = profile
        self._tell = tell
        self._minted: list[Minted] = []
        self._minted_at = 0.0
        self._again = asyncio.Event()

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
        if any(minted.info.error for minted in self._minted):
            self._again.set()

    async def keep(self) -> None:
        """Mint and renew until cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._turn()
                failed = any(minted.info.error for minted in self._minted)
            except JupyterExtError as error:
                log.warning("Tokens of %s: %s", self._profile.name, error)
                failed = True
            wait_s: float | None
            if failed:
                wait_s = pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - no secret depends on it
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
            else:
                wait_s, pause_s = self._wait_s(), FIRST_PAUSE_S
            self._again.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._again.wait()
            except TimeoutError:
                continue

    async def cancel(self) -> None:
        """Make every token worthless, as far as their services can be reached."""
        minted, self._minted = self._minted, []
        try:
            for one in minted:
                if one.tokens:
                    try:
                        await self._desk.cancel(one)
                    except JupyterExtError as error:
                        log.warning("A token of %s stays: %s", self._profile.name, error)
        finally:
            await self._desk.aclose()

    async def _turn(self) -> None:
        if not self._minted or self._is_old() or any(one.info.error for one in self._minted):
            old, self._minted = self._minted, list(await self._desk.mint())
            self._minted_at = time.time()
            self._tell()
            # The old ones stay good: programs that run may hold them. They end by themselves.
            log.debug("%d tokens of %s replaced.", len(old), self._profile.name)
        else:
            self._minted = [await self._desk.renew(one) for one in self._minted]
            self._tell()

    def _is_old(self) -> bool:
        ends = [one.info.max_date for one in self._minted if one.info.max_date]
        life_s = min(ends, default=float("inf")) - self._minted_at
        return time.time() - self._minted_at > MINT_ANEW_AT * life_s

    def _wait_s(self) -> float | None:
        ends = [one.info.expires_at for one in self._minted if one.info.expires_at]
        if not ends:
            return None
        left_s = max(0.0, min(ends) - time.time())
        return max(1.0, left_s * (RENEW_AT + random.uniform(-SPREAD, SPREAD)))  # noqa: S311
