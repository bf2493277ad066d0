"""Finding the active one of several daemons, and asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from jupyter_ext.clusters.models import Daemon
from jupyter_ext.errors import BadAnswer, JupyterExtError, LoginNeeded, NoActive, Unreachable

State = TypeVar("State")
Answer = TypeVar("Answer")

PROBE_TIMEOUT_S = 4.0


class ActiveFinder(Generic[State]):
    """The daemons that stand in for one another, and which of them is active.

    The active one is found by asking each about itself, which a standby answers too; it is
    remembered until it fails. No redirect is followed: the one a standby sends may point to a host
    name that only the cluster knows, and would carry one daemon's cookie to another.

    Parameters
    ----------
    kind
        What they are, for messages.
    daemons
        In the order of the configuration.
    probe
        Asks one daemon about itself.
    is_active
        Whether what it said means that it is active.
    cluster
        Name of the profile, for errors.
    """

    def __init__(
        self,
        kind: str,
        daemons: Sequence[Daemon],
        probe: Callable[[Daemon], Awaitable[State]],
        is_active: Callable[[State], bool],
        cluster: str,
    ) -> None:
        self.kind = kind
        self.cluster = cluster
        self.daemons = daemons
        self.active: Daemon | None = daemons[0] if len(daemons) == 1 else None
        self._probe = probe
        self._is_active = is_active

    async def states(self) -> list[tuple[Daemon, State | None]]:
        """Ask every daemon about itself; None for one that does not answer.

        Raises
        ------
        JupyterExtError
            If none answers: what stands between, a missing login before anything else.
        """
        answers = await asyncio.gather(*(self._ask(daemon) for daemon in self.daemons))
        errors = [answer for answer in answers if isinstance(answer, JupyterExtError)]
        if len(errors) == len(answers):
            raise _foremost(errors)
        states = [
            (daemon, None if isinstance(answer, JupyterExtError) else answer)
            for daemon, answer in zip(self.daemons, answers, strict=True)
        ]
        active = [daemon for daemon, state in states if state and self._is_active(state)]
        # Two that both claim it: stay with the one in use until it fails.
        if active and self.active not in active:
            self.active = active[0]
        return states

    async def call(self, ask: Callable[[Daemon], Awaitable[Answer]]) -> Answer:
        """Ask the active daemon; if it is not active any more, find the one that is, and ask again.

        Raises
        ------
        NoActive
            If daemons answer but none is active.
        JupyterExtError
            What ``ask`` raises.
        """
        tried = self.active or await self._find()
        try:
            return await ask(tried)
        except (Unreachable, NoActive, BadAnswer):
            if len(self.daemons) == 1:
                raise
            self.active = None
            if await self._find() == tried:
                raise
        return await ask(self.active or tried)

    async def _find(self) -> Daemon:
        """Find the active daemon; one that hangs does not delay finding the other."""
        probes = {asyncio.create_task(self._ask(daemon)): daemon for daemon in self.daemons}
        errors: list[JupyterExtError] = []
        pending = set(probes)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    answer = task.result()
                    if isinstance(answer, JupyterExtError):
                        errors.append(answer)
                    elif self._is_active(answer):
                        self.active = probes[task]
                        return probes[task]
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        if errors and len(errors) == len(probes):
            raise _foremost(errors)
        raise NoActive(
            f"None of the {len(self.daemons)} {self.kind}s is active.",
            hint="A failover may be under way; it takes some seconds.",
            cluster=self.cluster,
        )

    async def _ask(self, daemon: Daemon) -> State | JupyterExtError:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                return await self._probe(daemon)
        except JupyterExtError as error:
            return error
        except TimeoutError:
            return Unreachable(
                f"{daemon.url} did not say within {PROBE_TIMEOUT_S:.0f} s whether it is active.",
                hint="The daemon hangs or is overloaded; its log may say why.",
                cluster=self.cluster,
            )


def _foremost(errors: Sequence[JupyterExtError]) -> JupyterExtError:
    """Choose what to tell when none answers: a missing login before anything else."""
    return next((error for error in errors if isinstance(error, LoginNeeded)), errors[0])
