"""One identity on one cluster, from the login to its end."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.audit import Action
from jupyter_ext.credentials.models import Account, Identity, Reason, State, TokenInfo
from jupyter_ext.credentials.policy import asked_by, proposed_user
from jupyter_ext.credentials.proof import Proof, Prover
from jupyter_ext.credentials.token_keeper import (
    FIRST_PAUSE_S,
    MAX_PAUSE_S,
    RENEW_AT,
    SPREAD,
    Desk,
    TokenKeeper,
)
from jupyter_ext.credentials.whole import whole
from jupyter_ext.errors import JupyterExtError

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

EXPIRING_S = 1800.0
"""An end that cannot be put off is told this long before."""

CANCEL_S = 5.0
"""What is not cancelled by then at a logout ends by itself."""

Tell = Callable[["Session"], None]
Record = Callable[["Session", Action, str, TokenInfo | None], None]
"""Told what was done, the outcome, and with which token if it is about one."""
OpenDesk = Callable[[Profile, "httpx.Auth | None"], Desk]


class Session:
    """Who one Jupyter user is on one cluster, and what keeps it that way.

    Parameters
    ----------
    profile
        The cluster.
    user
        Name of the Jupyter user.
    prover
        The way to log in.
    tell
        Called in the event loop whenever something of the identity changes.
    record
        Writes down what was done without anybody asking.
    open_desk
        Makes what mints delegation tokens; None where nothing does.
    """

    def __init__(
        self,
        profile: Profile,
        user: str,
        prover: Prover,
        tell: Tell,
        record: Record,
        open_desk: OpenDesk | None = None,
    ) -> None:
        self.profile = profile
        self.jupyter_user = user
        self.prover = prover
        self.proof: Proof | None = None
        self.auth: httpx.Auth | None = None
        self.tokens: TokenKeeper | None = None
        self._tell = tell
        self._record = record
        self._open_desk = open_desk
        self._state: State = "none"
        self._since: float | None = None
        self._last_user = proposed_user(profile)
        self._reason: Reason | None = None
        self._account: Account | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._lock = asyncio.Lock()
        self._looked_up = asyncio.Event()

    @property
    def identity(self) -> Identity:
        """What is known now."""
        proof = self.proof
        return Identity(
            cluster=self.profile.name,
            state=self._state,
            method=self.prover.method,
            interactive=self.prover.method == "password",
            user=proof.user if proof else self._last_user,
            realm=asked_by(self.profile),
            principal=proof.principal if proof else "",
            since=self._since,
            expires_at=proof.expires_at if proof else None,
            renew_until=proof.renew_until if proof else None,
            reason=self._reason,
            account=self._account,
            tokens=self.tokens.infos if self.tokens else [],
        )

    @property
    def alive(self) -> bool:
        """Whether requests can be made with it."""
        return self.proof is not None

    async def login(self, user: str, password: str) -> None:
        """Log in, in place of whoever was.

        Who is cancelled before there is a proof has changed nothing; after that it is too late,
        and the login is as good as any.

        Raises
        ------
        JupyterExtError
            Saying why not; an identity that was there before stays.
        """
        async with self._lock:
            proof = await self.prover.login(user, password)
            await whole(self._take_over(proof))

    async def renew(self) -> None:
        """Put the end off now.

        Raises
        ------
        JupyterExtError
            Saying why not.
        """
        async with self._lock:
            self._set("renewing", self._reason)
            try:
                await whole(self._follow(await self.prover.renew()))
            except JupyterExtError as error:
                self._set("error", reason(error))
                self._record(self, "renew", error.code, None)
                raise
            except BaseException:
                self._set(self._lasting(), self._reason)
                raise
        if self.tokens is not None:
            self.tokens.look_again()

    async def logout(self) -> None:
        """Give everything back that can be given back, and forget the rest."""
        async with self._lock:
            await self._stop()
            await self._give_tokens_back()
            self._forget("none", None)

    async def settled(self, timeout_s: float) -> None:
        """Wait until the directory and the token services have answered, or time is up."""
        waits = [self._looked_up.wait()]
        if self.tokens is not None:
            waits.append(self.tokens.minted.wait())
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*waits)

    async def leave(self) -> None:
        """Stop keeping the identity alive; its tickets and tokens stay until they end."""
        await self._stop()
        if self.tokens is not None:
            await self.tokens.close()

    def fail(self, error: JupyterExtError) -> None:
        """Remember why nobody could be logged in, where no person waits for the answer."""
        if not self.alive:
            self._set("error", reason(error))

    # -- helpers ------------------------------------------------------------------------------

    async def _take_over(self, proof: Proof) -> None:
        """Put somebody in the place of whoever was logged in."""
        await self._stop()
        if self.proof is None or self.proof.principal != proof.principal:
            await self._give_tokens_back()
        # Also for the same person: a gateway's new token is in it.
        self.auth = self.prover.auth(proof)
        self._since, self._account = time.time(), None
        self._looked_up.clear()
        self._accept(proof)
        await self._start(proof)

    async def _follow(self, proof: Proof) -> None:
        if self.proof is not None and self.proof.principal != proof.principal:
            await self._become(proof)
        self._accept(proof)
        self._record(self, "renew", "ok", None)

    def _accept(self, proof: Proof) -> None:
        self.proof, self._last_user = proof, proof.user
        self._set(self._lasting(), None)

    def _lasting(self) -> State:
        """Whether the end is near, and certain."""
        proof = self.proof
        if proof is None or proof.expires_at is None:
            return "valid"
        final = proof.renew_until is None or proof.expires_at >= proof.renew_until - 1
        return "expiring" if final and proof.expires_at - time.time() < EXPIRING_S else "valid"

    def _set(self, state: State, why: Reason | None) -> None:
        self._state, self._reason = state, why
        self._tell(self)

    async def _start(self, proof: Proof) -> None:
        name = f"{self.jupyter_user} on {self.profile.name}"
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._keep(), name=f"keep {name}"))
        self._tasks.append(asyncio.create_task(self._look_up(proof), name=f"look up {name}"))
        if self.tokens is None and self._open_desk is not None:
            # In a thread: it loads what speaks to the services.
            desk = await asyncio.to_thread(self._open_desk, self.profile, self.auth)
            self.tokens = TokenKeeper(
                desk, self.profile.name, partial(self._tell, self), partial(self._record, self)
            )
        if self.tokens is not None:
            self._tasks.append(asyncio.create_task(self.tokens.keep(), name=f"tokens of {name}"))

    async def _become(self, proof: Proof) -> None:
        """Follow tickets that others keep alive, and that are somebody else's now."""
        self._tasks, rest = self._tasks[:1], self._tasks[1:]  # who keeps it alive may be asking
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._give_tokens_back()
        self.auth, self._account = self.prover.auth(proof), None
        self._looked_up.clear()
        await self._start(proof)

    async def _give_tokens_back(self) -> None:
        """Cancel the tokens; a service that does not answer must not keep anybody logged in."""
        tokens, self.tokens = self.tokens, None
        if tokens is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_S):
                    await tokens.cancel()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _forget(self, state: State, why: Reason | None) -> None:
        self.prover.forget()
        self.auth, self.tokens, self._account = None, None, None
        self.proof, self._since = None, None
        self._set(state, why)

    async def _look_up(self, proof: Proof) -> None:
        try:
            self._account = await self.prover.account(proof)
        except JupyterExtError as error:
            # Names and groups are nice to have; the ticket is what works.
            self._account = Account(error=reason(error))
        self._looked_up.set()
        self._tell(self)

    async def _keep(self) -> None:
        """Renew while that is possible, then let the identity end."""
        pause_s = FIRST_PAUSE_S
        while self.proof is not None and self.proof.expires_at is not None:
            left_s = self.proof.expires_at - time.time()
            if left_s <= 0:
                break
            if self._state == "error":
                wait_s = min(pause_s * random.uniform(0.8, 1.2), left_s)  # noqa: S311 - no secret
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
            elif self._can_renew():
                wait_s = left_s * (RENEW_AT + random.uniform(-SPREAD, SPREAD))  # noqa: S311
                pause_s = FIRST_PAUSE_S
            else:
                if self._state != (lasting := self._lasting()):
                    self._set(lasting, None)
                wait_s = left_s if lasting == "expiring" else max(0.0, left_s - EXPIRING_S)
            await asyncio.sleep(wait_s)
            if self._state == "error" or self._can_renew():
                await self._try_to_renew()
        if self.proof is not None and self.proof.expires_at is not None:
            ended = Reason(code="session_ended", message="Your login has ended.")
            self._tasks = [task for task in self._tasks if task is not asyncio.current_task()]
            await self._stop()
            if self.tokens is not None:
                await self.tokens.close()
            self._record(self, "expire", "ok", None)
            self._forget("expired", ended)

    def _can_renew(self) -> bool:
        proof = self.proof
        if proof is None or proof.expires_at is None:
            return False
        if self.prover.method != "password":
            return True
        return proof.renew_until is not None and proof.expires_at < proof.renew_until - 1

    async def _try_to_renew(self) -> None:
        try:
            await self.renew()
        except JupyterExtError as error:
            log.warning("%s on %s: %s", self.jupyter_user, self.profile.name, error)


def reason(error: JupyterExtError) -> Reason:
    """Keep of an error what its owner is told."""
    return Reason(code=error.code, message=error.message, hint=error.hint)
