"""The ResourceManager's REST API (``org.apache.hadoop.yarn.server.resourcemanager.webapp``)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar, get_args
from urllib.parse import quote

from jupyter_ext.clusters.models import Daemon
from jupyter_ext.errors import BadAnswer, InvalidInput, Misconfigured
from jupyter_ext.hadoop import lean, nodemanager
from jupyter_ext.hadoop.activities import ask_activities
from jupyter_ext.hadoop.apps import newest, read_app, same_queue
from jupyter_ext.hadoop.connection import MAX_REPLY_BYTES, Connection, Parameters
from jupyter_ext.hadoop.ha import ActiveFinder
from jupyter_ext.hadoop.models import (
    App,
    AppActivities,
    Attempt,
    ClusterInfo,
    ClusterMetrics,
    HaState,
    LogTail,
    NewApplication,
    Node,
    NodeCounts,
    Resources,
    Scheduler,
)
from jupyter_ext.hadoop.scheduler import BULKY, keep_mine, read_scheduler
from jupyter_ext.hadoop.wire import Json, count, member, members, resources, strings, text

Answer = TypeVar("Answer")

_UNNEEDED = "resourceRequests"
"""Left out of application lists where the server knows how (YARN-6280): most of their bytes."""


class ResourceManager:
    """The active ResourceManager of a cluster, whichever of the pair it is at the moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._daemons = ActiveFinder(
            "ResourceManager",
            connection.profile.endpoints.resourcemanagers,
            self._info_of,
            lambda info: info.ha_state == "ACTIVE",
            connection.profile.name,
        )
        self._knows_deselects = True

    @property
    def active(self) -> Daemon | None:
        """The one that answers, where it is known."""
        return self._daemons.active

    async def states(self) -> list[tuple[Daemon, ClusterInfo | None]]:
        """Ask each about itself; None for one that does not answer.

        Raises
        ------
        JupyterExtError
            If none answers.
        """
        self._check_named()
        return await self._daemons.states()

    async def call(self, ask: Callable[[Daemon], Awaitable[Answer]]) -> Answer:
        """Ask the active one something else."""
        self._check_named()
        return await self._daemons.call(ask)

    async def info(self) -> ClusterInfo:
        """Ask the active one about itself."""
        return await self.call(self._info_of)

    async def metrics(self) -> ClusterMetrics:
        """Memory, cores, containers, applications and nodes of the whole cluster."""
        found = member(await self._get("metrics"), "clusterMetrics")
        return ClusterMetrics(
            total=_amount(found, "totalMB", "totalVirtualCores"),
            allocated=_amount(found, "allocatedMB", "allocatedVirtualCores"),
            reserved=_amount(found, "reservedMB", "reservedVirtualCores"),
            pending=_amount(found, "pendingMB", "pendingVirtualCores"),
            containers=count(found, "containersAllocated"),
            containers_pending=count(found, "containersPending"),
            apps_running=count(found, "appsRunning"),
            apps_pending=count(found, "appsPending"),
            nodes=NodeCounts(
                total=count(found, "totalNodes"),
                active=count(found, "activeNodes"),
                lost=count(found, "lostNodes"),
                unhealthy=count(found, "unhealthyNodes"),
                decommissioning=count(found, "decommissioningNodes"),
                decommissioned=count(found, "decommissionedNodes"),
                rebooted=count(found, "rebootedNodes"),
                shutdown=count(found, "shutdownNodes"),
            ),
        )

    async def scheduler(self) -> Scheduler:
        """Every queue, with shares of the whole cluster and what the asking user holds."""
        user = self._connection.profile.user

        async def ask(daemon: Daemon) -> Any:
            url = self._url(daemon, "scheduler")
            async with self._connection.json_text(url) as chunks:
                keep = partial(keep_mine, user=user)
                return await lean.parse(chunks, BULKY, keep, MAX_REPLY_BYTES)

        found = member(await self.call(ask), "scheduler", "schedulerInfo")
        # In a thread: a thousand queues take a while.
        return await asyncio.to_thread(read_scheduler, found, user)

    async def apps(
        self,
        *,
        user: str | None = None,
        states: Sequence[str] = (),
        queue: str | None = None,
        types: Sequence[str] = (),
        tags: Sequence[str] = (),
        started_after_ms: int | None = None,
        ended_after_ms: int | None = None,
        limit: int = 1000,
    ) -> list[App]:
        """List applications, the newest first.

        Only filters that the server applies before anything else are sent. Its own ``limit`` ends
        an unordered walk, and its ``finalStatus`` is applied after that limit, so both would lose
        applications: sorting and limiting happen here. So does choosing by queue, because versions
        differ in whether ``queue`` is a path or the last name of one (YARN-11114).

        Parameters
        ----------
        user, states, types, tags
            Keep only these; empty means all.
        queue
            Keep only this one's; a path, or the last name of one.
        started_after_ms, ended_after_ms
            Epoch milliseconds.
        limit
            The most to return.
        """
        query: dict[str, str | int] = {}
        for name, value in (
            ("user", user),
            ("states", ",".join(states)),
            ("applicationTypes", ",".join(types)),
            ("applicationTags", ",".join(tags)),
            ("startedTimeBegin", started_after_ms),
            ("finishedTimeBegin", ended_after_ms),
        ):
            if value:
                query[name] = value

        def wanted(found: Json) -> bool:
            # An older server that doesn't know the filter for users sends everybody's.
            return (user is None or text(found, "user") == user) and (
                queue is None or same_queue(text(found, "queue"), queue)
            )

        if self._knows_deselects:
            try:
                return await self._apps({**query, "deSelects": _UNNEEDED}, limit, wanted)
            except InvalidInput:
                pass  # older ResourceManagers refuse what they don't know
        found = await self._apps(query, limit, wanted)
        self._knows_deselects = False
        return found

    async def _apps(
        self, query: Parameters, limit: int, wanted: Callable[[Json], bool]
    ) -> list[App]:
        async def ask(daemon: Daemon) -> list[App]:
            url = self._url(daemon, "apps")
            async with self._connection.json_text(url, query) as chunks:
                return await newest(chunks, limit, wanted)

        return await self.call(ask)

    async def app(self, app_id: str) -> App:
        """Look one application up.

        Raises
        ------
        NotFound
            If the ResourceManager does not know it, or not any more.
        """
        return read_app(member(await self._get(f"apps/{_part(app_id)}"), "app"))

    async def attempts(self, app_id: str) -> list[Attempt]:
        """List the attempts of an application, the latest last."""
        found = await self._get(f"apps/{_part(app_id)}/appattempts")
        attempts = [
            Attempt(
                id=text(item, "appAttemptId") or text(item, "id"),
                state=text(item, "appAttemptState"),
                container=text(item, "containerId", "amContainerId"),
                node_url=self._node_url(text(item, "nodeHttpAddress")),
                diagnostics=text(item, "diagnosticsInfo", "diagnostics").strip(),
                started_ms=count(item, "startTime"),
                finished_ms=count(item, "finishedTime"),
            )
            for item in members(found, "appAttempts", "appAttempt")
        ]
        return sorted(attempts, key=lambda attempt: attempt.id)

    async def activities(self, app_id: str) -> AppActivities:
        """Ask the scheduler why it passes an application over; takes a few seconds.

        It records its next decisions on request (Capacity Scheduler only).
        """

        async def get(query: Parameters) -> Any:
            return await self._get(f"scheduler/app-activities/{_part(app_id)}", query)

        return await ask_activities(get, app_id)

    async def kill(self, app_id: str) -> None:
        """Kill an application; one that has ended already stays as it is.

        Raises
        ------
        NotFound
            If there is no such application.
        Forbidden
            If it is somebody else's.
        """
        path = f"apps/{_part(app_id)}/state"
        await self._get(path, method="PUT", body={"state": "KILLED"})

    async def new_application(self) -> NewApplication:
        """Reserve an id for an application, and learn how large a container may be."""
        found = member(await self._get("apps/new-application", method="POST"))
        app_id = text(found, "application-id")
        if not app_id:
            raise BadAnswer(
                "The ResourceManager gave no application id.",
                hint="Its log may say why.",
                cluster=self._connection.profile.name,
            )
        return NewApplication(
            id=app_id, largest=resources(found.get("maximum-resource-capability"))
        )

    async def submit(self, context: Json) -> None:
        """Submit an application; the same again changes nothing.

        Parameters
        ----------
        context
            ``application-submission-context`` of the REST API.

        Raises
        ------
        InvalidInput
            If it asks for more than there can be. Most other faults show as its failure.
        """
        await self._get("apps", method="POST", body=context)

    async def containers(self, attempt: Attempt) -> list[Attempt]:
        """List the running containers of an attempt, each as if it were the attempt's own."""
        app_id = "application_" + "_".join(attempt.id.split("_")[1:3])
        path = f"apps/{_part(app_id)}/appattempts/{_part(attempt.id)}/containers"
        found = await self._get(path)
        return [
            Attempt(
                id=attempt.id,
                state=text(item, "containerState"),
                container=text(item, "containerId"),
                node_url=text(item, "nodeHttpAddress"),
                diagnostics=text(item, "diagnosticsInfo").strip(),
                started_ms=count(item, "startedTime"),
            )
            for item in members(found, "container")
        ]

    async def nodes(self, *, states: Sequence[str] = ()) -> list[Node]:
        """List NodeManagers.

        Parameters
        ----------
        states
            Keep only these; without any the ResourceManager leaves out those that are gone.
        """
        query = {"states": ",".join(states)} if states else {}
        found = await self._get("nodes", query)
        return [self._read_node(item) for item in members(found, "nodes", "node")]

    async def log(self, app_id: str, file: str, size_bytes: int) -> LogTail:
        """Read the end of a log file of an application's latest ApplicationMaster.

        Parameters
        ----------
        file
            For example ``stderr``; empty for the first there is.
        size_bytes
            The most to read.

        Raises
        ------
        NotFound
            If it has no container yet, or its NodeManager has forgotten it.
        """
        return await nodemanager.tail(
            self._connection, app_id, await self.attempts(app_id), file, size_bytes
        )

    def _read_node(self, found: Json) -> Node:
        return Node(
            id=text(found, "id"),
            host=text(found, "nodeHostName"),
            rack=text(found, "rack"),
            state=text(found, "state"),
            url=self._node_url(text(found, "nodeHTTPAddress")),
            version=text(found, "version"),
            used=_amount(found, "usedMemoryMB", "usedVirtualCores"),
            available=_amount(found, "availMemoryMB", "availableVirtualCores"),
            containers=count(found, "numContainers"),
            health_report=text(found, "healthReport"),
            last_update_ms=count(found, "lastHealthUpdate"),
            labels=strings(found.get("nodeLabels")),
        )

    def _node_url(self, address: str) -> str:
        """Give a NodeManager's base URL; all daemons of a cluster speak TLS, or none does."""
        secure = self.active is not None and self.active.url.startswith("https:")
        return f"{'https' if secure else 'http'}://{address}" if address else ""

    def _url(self, daemon: Daemon, path: str) -> str:
        return f"{daemon.url}{self._connection.profile.cluster_api}/{path}"

    async def _info_of(self, daemon: Daemon) -> ClusterInfo:
        answer = await self._connection.get_json(self._url(daemon, "info"))
        found = member(answer, "clusterInfo")
        ha_state = text(found, "haState").upper()
        return ClusterInfo(
            ha_state=next((state for state in get_args(HaState) if state == ha_state), "UNKNOWN"),
            state=text(found, "state"),
            version=text(found, "hadoopVersion", "resourceManagerVersion"),
            started_ms=count(found, "startedOn"),
        )

    async def _get(
        self, path: str, query: Parameters | None = None, *, method: str = "GET", body: Any = None
    ) -> Any:
        return await self.call(
            lambda daemon: self._connection.get_json(
                self._url(daemon, path), query, method=method, body=body
            )
        )

    def _check_named(self) -> None:
        if not self._daemons.daemons:
            profile = self._connection.profile
            raise Misconfigured(
                f"The profile of {profile.title} names no ResourceManager.",
                hint="Its yarn-site.xml has to hold yarn.resourcemanager.hostname or an address.",
                cluster=profile.name,
            )


def _part(value: str) -> str:
    """Quote one part of a path."""
    return quote(value, safe="")


def _amount(found: Json, memory: str, vcores: str) -> Resources:
    return Resources(memory_mb=count(found, memory), vcores=count(found, vcores))
