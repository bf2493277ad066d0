"""One cluster's poller: asks while somebody watches, keeps what it learnt when nobody does."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import JupyterExtError, Unreachable
from jupyter_ext.hadoop.access import Access, Nobody
from jupyter_ext.hadoop.models import ClusterMetrics
from jupyter_ext.status.models import ClusterStatus, Sample, Section
from jupyter_ext.status.sections import QUESTIONS, sections
from jupyter_ext.status.snapshot import Snapshot

if TYPE_CHECKING:
    from jupyter_ext.hadoop.clients import Hadoop

log = logging.getLogger(__name__)

MAX_DELAY_S = 60.0
PATIENCE_S = 0.5
"""A round waits this long for its answers; what comes later is published when it comes."""
SECTION_TIMEOUT_S = 30.0
"""A peer that sends a byte now and then never runs into a read timeout."""
FEW_APPS = 100
"""On a cluster with fewer, a change in their number is a hint that one of mine changed."""
MAX_NODES_LISTED = 2000

Publish = Callable[[ClusterStatus, Sample | None], None]


class Poller:
    """Polls one cluster, every section in a task of its own: a slow one delays no other.

    Parameters
    ----------
    profile
        The cluster.
    tick_s
        Seconds between two rounds while it answers; after failures the pause doubles, up to 60 s.
    publish
        Called in the event loop with every new status, and the new point of the history if any.
    access
        As whom the cluster is asked.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        tick_s: float = 5.0,
        publish: Publish | None = None,
        access: Access | None = None,
    ) -> None:
        self.profile = profile
        self._access = access or Nobody()
        self.snapshot = Snapshot(profile)
        self._tick_s = tick_s
        self._publish = publish
        self._hadoop: Hadoop | None = None
        self._borrowers = 0
        self._returned = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._fetches: dict[Section, asyncio.Task[None]] = {}
        self._urgent: set[Section] = set()
        self._wake = asyncio.Event()
        self._round_at = 0.0
        self._place = 0.5
        self._delay_s = tick_s
        self._failures = 0
        self._apps_moved = False
        self._nodes_seen: tuple[int, ...] = ()
        self._changed = False
        self._sample: Sample | None = None

    # -- from outside -------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it polls."""
        return self._task is not None

    def resume(self, after_s: float = 0.0, place: float = 0.5) -> None:
        """Poll until :meth:`pause`; asks at once for whatever is older than its cadence.

        Parameters
        ----------
        after_s
            Seconds to wait before the first question.
        place
            Where in the tick its later rounds are, 0 to 1: pollers that begin together, because
            a tab opens, take turns.
        """
        if self._task is None and sections(self.profile):
            self._round_at = 0.0
            self._place = place
            self._task = asyncio.create_task(self._run(after_s), name=f"poll {self.profile.name}")

    def pause(self) -> None:
        """Stop polling and close the connections; what was learnt stays."""
        if self._task is not None:
            self._task.cancel()
            self._ending.add(self._task)
            self._task.add_done_callback(self._ending.discard)
            self._task = None

    async def stop(self) -> None:
        """Pause, and wait until every connection is closed."""
        self.pause()
        if self._ending:
            await asyncio.wait(self._ending)

    def refresh(self, *names: Section) -> None:
        """Ask for these sections now, all of them by default, and forget past failures."""
        self._urgent.update(names or sections(self.profile))
        self._succeeded()
        self._wake.set()

    def status(self) -> ClusterStatus:
        """Give what is known now."""
        wait_s = max(0.0, self._next_round_at - time.monotonic()) if self.running else None
        return self.snapshot.status(wait_s)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Hadoop]:
        """Lend the cluster's clients: the poller's own while it polls, else a set just for this."""
        if (hadoop := self._hadoop) is None:
            async with await self._access.open(self.profile) as hadoop:
                yield hadoop
            return
        self._borrowers += 1
        try:
            yield hadoop
        finally:
            self._borrowers -= 1
            self._returned.set()

    async def poll(self) -> ClusterStatus:
        """Ask for everything once, without polling on.

        Never raises for anything the cluster does: the status says it.
        """
        try:
            async with self.client() as hadoop:
                await asyncio.gather(
                    *(self._fetch(hadoop, name) for name in sections(self.profile))
                )
        except JupyterExtError as error:
            self._fail_all(error)
        return self.status()

    # -- the loop -----------------------------------------------------------------------------

    @property
    def _next_round_at(self) -> float:
        return self._round_at + self._delay_s

    async def _run(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if self._ending:
            await asyncio.wait(self._ending)
        while True:
            try:
                async with await self._access.open(self.profile) as hadoop:
                    self._hadoop = hadoop
                    try:
                        await self._poll_on(hadoop)
                    finally:
                        self._hadoop = None
                        await self._let_go()
            except JupyterExtError as error:
                self._fail_all(error)
            except Exception:
                log.exception("Polling %s failed.", self.profile.name)
                self._fail_all(self._unforeseen())
            if self._task is not asyncio.current_task():
                return  # paused, but closing the connections failed
            self._round_at = time.monotonic()
            self._announce()
            self._wake.clear()
            await self._sleep()

    async def _poll_on(self, hadoop: Hadoop) -> None:
        while True:
            self._wake.clear()
            due = self._due()
            for section in due:
                self._fetches[section] = asyncio.create_task(self._answer(hadoop, section))
            if due:
                await asyncio.wait([self._fetches[name] for name in due], timeout=PATIENCE_S)
            if not self._urgent - self._fetches.keys():
                self._announce()
                await self._sleep()

    async def _sleep(self) -> None:
        """Wait for the next round, a late answer, or somebody who asks for a refresh."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._next_round_at - time.monotonic())):
                await self._wake.wait()

    def _due(self) -> list[Section]:
        now = time.monotonic()
        is_round = now >= self._next_round_at or self._round_at == 0.0
        if is_round:
            if not self._failures:
                first = self._round_at == 0.0
                self._delay_s = self._tick_s * (0.5 + self._place if first else 1.0)
            self._round_at = now
        due = [
            section
            for section in sections(self.profile)
            if section not in self._fetches
            and (section in self._urgent or (is_round and self._is_due(section, now)))
        ]
        self._urgent &= self._fetches.keys()
        return due

    def _is_due(self, section: Section, now: float) -> bool:
        question = QUESTIONS[section]
        if self._failures:
            return question.vital
        every = 1 if section == "apps" and self._apps_moved else question.every
        asked_at = self.snapshot.asked_at.get(section)
        # Half a tick of slack: a round that comes a little early must not skip a section.
        return asked_at is None or now - asked_at >= (every - 0.5) * self._tick_s

    def _announce(self) -> None:
        if self._changed and self._publish is not None:
            self._publish(self.status(), self._sample)
        self._changed, self._sample = False, None

    async def _let_go(self) -> None:
        """Give up what is being asked, but let whoever borrowed the clients finish."""
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        self._fetches.clear()
        while self._borrowers:
            self._returned.clear()
            await self._returned.wait()

    # -- one section --------------------------------------------------------------------------

    async def _answer(self, hadoop: Hadoop, section: Section) -> None:
        try:
            await self._fetch(hadoop, section)
        finally:
            self._fetches.pop(section, None)
            self._changed = True
            self._wake.set()

    async def _fetch(self, hadoop: Hadoop, section: Section) -> None:
        started = time.monotonic()
        self.snapshot.asked_at[section] = started
        try:
            async with asyncio.timeout(SECTION_TIMEOUT_S):
                answer = await QUESTIONS[section].ask(hadoop, self.profile)
        except JupyterExtError as error:
            self._fail(section, error)
        except TimeoutError:
            self._fail(section, self._too_slow())
        except Exception:
            # One bad answer must not end the poller; the traceback is for us, not for the user.
            log.exception("Polling %s of %s failed.", section, self.profile.name)
            self._fail(section, self._unforeseen())
        else:
            before = (self.snapshot.metrics, self.snapshot.app_states)
            self.snapshot.record(section, answer, time.monotonic() - started)
            self._changed = True
            if section == self._vital:
                self._succeeded()
            if isinstance(answer, ClusterMetrics):
                self._sample = self.snapshot.sample()
                self._look_for_moves(before[0], answer)
                await self._look_at_nodes(hadoop, answer)
            elif section == "apps":
                self._apps_moved = before[1] not in (None, self.snapshot.app_states)

    @property
    def _vital(self) -> Section:
        """The section that decides whether the cluster counts as answering."""
        return "metrics" if "metrics" in sections(self.profile) else "hdfs"

    def _succeeded(self) -> None:
        if self._failures:
            self._urgent.update(sections(self.profile))
            self._failures = 0
            self._delay_s = self._tick_s

    def _fail(self, section: Section, error: JupyterExtError) -> None:
        self.snapshot.fail(section, error)
        if section != self._vital:
            return
        self._failures += 1
        # Jitter keeps the pollers of many servers from returning to a weak daemon in step.
        pause_s = min(MAX_DELAY_S, self._tick_s * 2 ** min(self._failures - 1, 10))
        self._delay_s = pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - no secret depends on it
        # Down or unreachable? What HDFS said some ticks ago does not tell.
        if self.snapshot.asked_at.get("hdfs", 0.0) < self._round_at:
            self._urgent.add("hdfs")

    def _fail_all(self, error: JupyterExtError) -> None:
        for section in sections(self.profile):
            self._fail(section, error)
        self._urgent.clear()
        self._changed = True

    def _look_for_moves(self, before: ClusterMetrics | None, now: ClusterMetrics) -> None:
        """Ask for the applications at once when their number changed."""
        if before is None or now.apps_running + now.apps_pending > FEW_APPS:
            return
        if (before.apps_running, before.apps_pending) != (now.apps_running, now.apps_pending):
            self._urgent.add("apps")

    async def _look_at_nodes(self, hadoop: Hadoop, metrics: ClusterMetrics) -> None:
        """Learn which nodes are lost or unhealthy; asked only when their number changes."""
        counts = metrics.nodes
        seen = (counts.active, counts.lost, counts.unhealthy)
        if counts.lost + counts.unhealthy == 0 or sum(seen) > MAX_NODES_LISTED:
            self.snapshot.nodes, self._nodes_seen = (), ()
        elif seen != self._nodes_seen:
            try:
                self.snapshot.nodes = await hadoop.resourcemanager.nodes(
                    states=("RUNNING", "LOST", "UNHEALTHY", "DECOMMISSIONING")
                )
                self._nodes_seen = seen
            except JupyterExtError as error:
                # The counts alone are told then, without the names.
                log.debug("The nodes of %s are not known: %s", self.profile.name, error)
                self.snapshot.nodes, self._nodes_seen = (), ()

    def _too_slow(self) -> JupyterExtError:
        return Unreachable(
            f"{self.profile.title} did not finish its answer within {SECTION_TIMEOUT_S:.0f} s.",
            hint="The daemon is overloaded, or the network between here and there is.",
            cluster=self.profile.name,
        )

    def _unforeseen(self) -> JupyterExtError:
        return JupyterExtError(
            f"{self.profile.title} gave an answer that this version cannot read.",
            hint="The log of the Jupyter server has the details.",
            cluster=self.profile.name,
        )


def load() -> None:
    """Import what the first request would import, in the event loop and bit by bit."""
    # httpx loads its transport with the first client, and that the loop's backend when it is used.
    for name in ("jupyter_ext.hadoop.clients", "httpcore", "anyio._backends._asyncio"):
        import_module(name)


async def poll_once(profile: Profile, access: Access | None = None) -> ClusterStatus:
    """Ask a cluster for everything, once, and judge its state; works in any asyncio loop.

    Never raises for anything the cluster does: the status says it.

    Parameters
    ----------
    access
        As whom it is asked; as nobody in particular when left out.
    """
    access = access or Nobody()
    return await Poller(access.known(profile), access=access).poll()
