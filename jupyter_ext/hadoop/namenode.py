"""The NameNode about itself, by JMX over HTTP (``org.apache.hadoop.jmx.JMXJsonServlet``)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, get_args

from jupyter_ext.clusters.models import Daemon
from jupyter_ext.errors import BadAnswer, JupyterExtError, Misconfigured
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.ha import ActiveFinder
from jupyter_ext.hadoop.models import HaState, HdfsMetrics
from jupyter_ext.hadoop.wire import Json, count, members, text

Answer = TypeVar("Answer")

_BEANS = "Hadoop:service=*,name="
"""Any service: where daemons share a JVM, metrics go by the name of the one that started first."""


class NameNode:
    """The active NameNode of each nameservice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        services: dict[str, list[Daemon]] = {}
        for daemon in connection.profile.endpoints.namenodes:
            services.setdefault(daemon.nameservice, []).append(daemon)
        self._services = {
            name: ActiveFinder(
                "NameNode",
                daemons,
                self._state_of,
                lambda state: state == "ACTIVE",
                connection.profile.name,
            )
            for name, daemons in services.items()
        }

    @property
    def active(self) -> Daemon | None:
        """The active one of the default nameservice, where it is known."""
        finder = self._default()
        return finder.active if finder else None

    async def states(self) -> list[tuple[Daemon, HaState | None]]:
        """Ask each about itself; None for one that does not answer.

        Raises
        ------
        JupyterExtError
            If none answers.
        """
        self._check_named()
        answers = await asyncio.gather(
            *(finder.states() for finder in self._services.values()), return_exceptions=True
        )
        found: list[tuple[Daemon, HaState | None]] = []
        errors: list[BaseException] = []
        for finder, answer in zip(self._services.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, JupyterExtError):
                    raise answer
                errors.append(answer)
                found += [(daemon, None) for daemon in finder.daemons]
            else:
                found += answer
        if len(errors) == len(answers):
            raise errors[0]
        return found

    async def metrics(self) -> HdfsMetrics:
        """Capacity, blocks, DataNodes and safe mode; summed over federated nameservices."""
        self._check_named()
        parts = await asyncio.gather(
            *(finder.call(self._metrics_of) for finder in self._services.values())
        )
        if len(parts) == 1:
            return parts[0]
        numbers = [part.model_dump(exclude={"safe_mode"}) for part in parts]
        total = {key: sum(part[key] for part in numbers) for key in numbers[0]}
        # Every DataNode serves all nameservices.
        for key in ("live_datanodes", "dead_datanodes"):
            total[key] = max(part[key] for part in numbers)
        safe = "; ".join(
            f"{name}: {part.safe_mode}"
            for name, part in zip(self._services, parts, strict=True)
            if part.safe_mode
        )
        return HdfsMetrics(**total, safe_mode=safe)

    @property
    def nameservices(self) -> dict[str, Sequence[Daemon]]:
        """The NameNodes of each nameservice, by its name; empty for one that has none."""
        return {name: finder.daemons for name, finder in self._services.items()}

    async def call(
        self, ask: Callable[[Daemon], Awaitable[Answer]], nameservice: str | None = None
    ) -> Answer:
        """Ask the active NameNode of a nameservice something else; of the default one if None."""
        self._check_named()
        finder = self._default() if nameservice is None else self._services.get(nameservice)
        if finder is None:
            raise BadAnswer("There is no such nameservice.")
        return await finder.call(ask)

    def _default(self) -> ActiveFinder[HaState] | None:
        wanted = self._connection.profile.endpoints.default_fs.partition("://")[2].partition("/")[0]
        return self._services.get(wanted) or next(iter(self._services.values()), None)

    async def _state_of(self, daemon: Daemon) -> HaState:
        bean = (await self._beans(daemon, "NameNodeStatus")).get("NameNodeStatus", {})
        state = text(bean, "State").upper()
        return next((known for known in get_args(HaState) if known == state), "UNKNOWN")

    async def _metrics_of(self, daemon: Daemon) -> HdfsMetrics:
        beans = await self._beans(daemon, "FSNamesystem*")
        system, state = beans.get("FSNamesystem", {}), beans.get("FSNamesystemState", {})
        if not system:
            raise BadAnswer(
                f"{daemon.url} answers, but not as a NameNode does.",
                hint="Does dfs.namenode.http-address name the NameNode's web port?",
                cluster=self._connection.profile.name,
            )
        return HdfsMetrics(
            capacity_bytes=count(system, "CapacityTotal"),
            used_bytes=count(system, "CapacityUsed"),
            remaining_bytes=count(system, "CapacityRemaining"),
            files=count(system, "FilesTotal"),
            blocks=count(system, "BlocksTotal"),
            missing_blocks=count(system, "MissingBlocks"),
            corrupt_blocks=count(system, "CorruptBlocks"),
            under_replicated_blocks=count(system, "UnderReplicatedBlocks"),
            live_datanodes=count(state or system, "NumLiveDataNodes"),
            dead_datanodes=count(state or system, "NumDeadDataNodes"),
            safe_mode=await self._safe_mode(daemon)
            if text(state, "FSState").lower() == "safemode"
            else "",
        )

    async def _safe_mode(self, daemon: Daemon) -> str:
        """Ask why it is in safe mode; only then, as this bean grows with the number of nodes."""
        beans = await self._beans(daemon, "NameNodeInfo")
        return text(beans.get("NameNodeInfo", {}), "Safemode").strip() or "Safe mode is on."

    async def _beans(self, daemon: Daemon, name: str) -> dict[str, Json]:
        # Without a query the reply is some hundred kilobytes.
        answer = await self._connection.get_json(f"{daemon.url}/jmx", {"qry": f"{_BEANS}{name}"})
        return {
            text(bean, "name").partition(",name=")[2]: bean for bean in members(answer, "beans")
        }

    def _check_named(self) -> None:
        if not self._services:
            profile = self._connection.profile
            raise Misconfigured(
                f"The profile of {profile.title} names no NameNode.",
                hint="Its core-site.xml has to hold fs.defaultFS with an hdfs:// address.",
                cluster=profile.name,
            )
