"""Busy clusters: ResourceManager and NameNode of each on one loopback port, with many applications.

What they say has the fields of Hadoop 3.5.0's own answers, and they filter as
``RMWebServices.getApps`` does. Run as a program, they live in a process of their own, print their
ports as JSON and serve what they counted on the first of them, until their standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hadoop_xml import site

UNFINISHED = ("NEW", "NEW_SAVING", "SUBMITTED", "ACCEPTED", "RUNNING")
MINUTE_MS = 60_000
AM_LIMIT = (
    "[Tue Nov 24 09:42:26 +0000 2026] Application is added to the scheduler and is not yet "
    "activated. Queue's AM resource limit exceeded.  Details : AM Partition = "
    "<DEFAULT_PARTITION>; AM Resource Request = <memory:128, vCores:1>; Queue Resource Limit for "
    "AM = <memory:192, vCores:1>; User AM Resource Limit of the queue = <memory:192, vCores:1>; "
    "Queue AM Resource Usage = <memory:128, vCores:1>; "
)
WS = "/ws/v1/cluster"


@dataclass
class BusyCluster:
    """One cluster, and what was asked of it."""

    name: str
    apps: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    nodes: dict[str, str] = field(default_factory=lambda: {"worker1": "RUNNING"})
    """State of each NodeManager by host."""
    safe_mode: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    """How often each path was asked."""
    bytes_sent: int = 0
    connections: int = 0
    """Open ones."""
    faults: dict[str, Any] = field(default_factory=dict)
    """What happens instead, by path: an HTTP status with its text, or an event to wait for."""

    def asked(self, path: str) -> int:
        """How often a path of the ResourceManager was asked, e.g. metrics."""
        return self.requests[f"{WS}/{path}"]

    def fault(self, path: str, fault: Any) -> None:
        """Let a path of the ResourceManager fail; None mends it."""
        self.faults[f"{WS}/{path}"] = fault

    def write_profile(self, root: Path) -> Path:
        """Write the profile of this cluster below a layer's directory."""
        conf = root / self.name / "conf"
        address = f"localhost:{self.port}"
        site(conf, "core", {"fs.defaultFS": "hdfs://localhost:1"})
        site(conf, "hdfs", {"dfs.namenode.http-address": address})
        site(conf, "yarn", {"yarn.resourcemanager.webapp.address": address})
        (root / self.name / "cluster.toml").write_text('[auth]\ntype = "simple"\nuser = "alice"\n')
        return root / self.name

    def add_app(
        self, state: str = "RUNNING", *, user: str = "alice", age_min: float = 5, **changes: Any
    ) -> dict[str, Any]:
        """Add an application; what is changed in it later shows.

        ``age_min`` is how long ago it ended, or ten minutes after it started if it has not.
        """
        app = application(len(self.apps) + 1, self.port, user, state, age_min, **changes)
        self.apps.append(app)
        return app

    # -- answers ------------------------------------------------------------------------------

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON of one request."""
        parts = urlsplit(target)
        path, query = unquote(parts.path).rstrip("/"), parse_qs(parts.query)
        if method == "PUT" and path.endswith("/state"):
            return self._kill(path.split("/")[-2], json.loads(body))
        if path == f"{WS}/apps":
            return 200, {"apps": {"app": list(self._select(query))}}
        if path.startswith(f"{WS}/apps/"):
            return self._app(path.split("/")[5])
        routes: Mapping[str, Callable[[], Any]] = {
            f"{WS}/info": self._info,
            f"{WS}/metrics": self._metrics,
            f"{WS}/scheduler": self._scheduler,
            f"{WS}/nodes": lambda: self._nodes(query),
            "/jmx": lambda: {"beans": self._beans(query)},
        }
        if path not in routes:
            return 404, {"RemoteException": {"exception": "NotFoundException", "message": path}}
        return 200, routes[path]()

    def _info(self) -> Any:
        return {
            "clusterInfo": {
                "id": 1700000000000,
                "startedOn": 1700000000000,
                "state": "STARTED",
                "haState": "ACTIVE",
                "resourceManagerVersion": "3.5.0",
                "hadoopVersion": "3.5.0",
            }
        }

    def _metrics(self) -> Any:
        states = Counter(app["state"] for app in self.apps)
        nodes = Counter(self.nodes.values())
        active = nodes["RUNNING"]
        return {
            "clusterMetrics": {
                "appsSubmitted": len(self.apps),
                "appsCompleted": states["FINISHED"],
                "appsPending": sum(states[state] for state in UNFINISHED[:4]),
                "appsRunning": states["RUNNING"],
                "appsFailed": states["FAILED"],
                "appsKilled": states["KILLED"],
                "reservedMB": 0,
                "availableMB": 8192 * active - 256 * states["RUNNING"],
                "allocatedMB": 256 * states["RUNNING"],
                "pendingMB": 0,
                "reservedVirtualCores": 0,
                "availableVirtualCores": 16 * active - states["RUNNING"],
                "allocatedVirtualCores": states["RUNNING"],
                "pendingVirtualCores": 0,
                "containersAllocated": states["RUNNING"],
                "containersReserved": 0,
                "containersPending": 0,
                "totalMB": 8192 * active,
                "totalVirtualCores": 16 * active,
                "totalNodes": len(self.nodes),
                "lostNodes": nodes["LOST"],
                "unhealthyNodes": nodes["UNHEALTHY"],
                "decommissioningNodes": 0,
                "decommissionedNodes": 0,
                "rebootedNodes": 0,
                "activeNodes": active,
                "shutdownNodes": 0,
            }
        }

    def _scheduler(self) -> Any:
        return {
            "scheduler": {
                "schedulerInfo": {
                    "type": "capacityScheduler",
                    "capacity": 100.0,
                    "usedCapacity": 3.0,
                    "maxCapacity": 100.0,
                    "queueName": "root",
                    "queuePath": "root",
                    "queues": {"queue": [_leaf("default", 80, 100), _leaf("small", 20, 20)]},
                }
            }
        }

    def _select(self, query: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
        """Filter as the ResourceManager does: every given filter must hold."""
        users = set(query.get("user", []))
        states = {s.upper() for value in query.get("states", []) for s in value.split(",")}
        started = int(query.get("startedTimeBegin", ["0"])[0])
        finished = int(query.get("finishedTimeBegin", ["0"])[0])
        left_out = {name for value in query.get("deSelects", []) for name in value.split(",")}
        limit = int(query.get("limit", [str(len(self.apps))])[0])
        for app in self.apps:
            if limit <= 0:
                return
            if users and app["user"] not in users:
                continue
            if states and app["state"] not in states:
                continue
            if app["startedTime"] < started or app["finishedTime"] < finished:
                continue
            limit -= 1
            yield {key: value for key, value in app.items() if key not in left_out}

    def _app(self, app_id: str) -> tuple[int, Any]:
        for app in self.apps:
            if app["id"] == app_id:
                return 200, {"app": app}
        message = f"app with id: {app_id} not found"
        return 404, {"RemoteException": {"exception": "NotFoundException", "message": message}}

    def _kill(self, app_id: str, body: Any) -> tuple[int, Any]:
        status, found = self._app(app_id)
        if status != 200:
            return status, found
        found["app"].update(state="KILLED", finalStatus="KILLED", finishedTime=_now_ms())
        return 202, body

    def _nodes(self, query: Mapping[str, list[str]]) -> Any:
        wanted = {s.upper() for value in query.get("states", []) for s in value.split(",")}
        # Without a filter, ResourceManagers leave out the inactive ones.
        shown = wanted or {"RUNNING", "UNHEALTHY"}
        return {
            "nodes": {
                "node": [
                    {
                        "rack": "/default-rack",
                        "state": state,
                        "id": f"{host}:8041",
                        "nodeHostName": host,
                        "nodeHTTPAddress": f"{host}:8042" if state == "RUNNING" else "",
                        "lastHealthUpdate": _now_ms(),
                        "version": "3.5.0",
                        "healthReport": "1/1 local-dirs are bad" if state == "UNHEALTHY" else "",
                        "numContainers": 0,
                        "usedMemoryMB": 0,
                        "availMemoryMB": 8192,
                        "usedVirtualCores": 0,
                        "availableVirtualCores": 16,
                    }
                    for host, state in self.nodes.items()
                    if state in shown
                ]
            }
        }

    def _beans(self, query: Mapping[str, list[str]]) -> list[Any]:
        beans = [
            {
                "name": "Hadoop:service=NameNode,name=FSNamesystem",
                "tag.HAState": "active",
                "CapacityTotal": 2**40,
                "CapacityUsed": 2**38,
                "CapacityRemaining": 2**39,
                "FilesTotal": 1_000_000,
                "BlocksTotal": 1_200_000,
                "MissingBlocks": 0,
                "CorruptBlocks": 0,
                "UnderReplicatedBlocks": 0,
                "NumLiveDataNodes": 3,
                "NumDeadDataNodes": 0,
            },
            {
                "name": "Hadoop:service=NameNode,name=FSNamesystemState",
                "FSState": "safeMode" if self.safe_mode else "Operational",
                "NumLiveDataNodes": 3,
                "NumDeadDataNodes": 0,
            },
            {
                "name": "Hadoop:service=NameNode,name=NameNodeInfo",
                "Safemode": self.safe_mode,
                "NumberOfMissingBlocks": 0,
            },
            {
                "name": "Hadoop:service=NameNode,name=NameNodeStatus",
                "State": "active",
                "NNRole": "NameNode",
                "HostAndPort": f"localhost:{self.port}",
                "SecurityEnabled": False,
            },
        ]
        wanted = query.get("qry", ["*:*"])[0]
        return [bean for bean in beans if fnmatchcase(bean["name"], wanted)]

    # -- HTTP ---------------------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed."""
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, target, _ = head.split(" ", 2)
                length = next(
                    (
                        int(line.split(":")[1])
                        for line in head.split("\r\n")
                        if line.lower().startswith("content-length:")
                    ),
                    0,
                )
                body = await reader.readexactly(length)
                path = urlsplit(target).path
                self.requests[path] += 1
                reply = await self._reply(method, target, path, body)
                self.bytes_sent += len(reply)
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has hung up
        finally:
            self.connections -= 1
            writer.close()

    async def _reply(self, method: str, target: str, path: str, body: bytes) -> bytes:
        fault = self.faults.get(path)
        if isinstance(fault, asyncio.Event):
            await fault.wait()
        if isinstance(fault, tuple):
            status, text = fault
            return _http(status, "text/html", text.encode())
        status, found = self.answer(method, target, body)
        return _http(status, "application/json", json.dumps(found).encode())


def application(
    number: int, port: int, user: str, state: str, age_min: float, **changes: Any
) -> dict[str, Any]:
    """One application as the ResourceManager describes it, some 1.3 kB."""
    now, finished = _now_ms(), state not in UNFINISHED
    app_id = f"application_1700000000000_{number:04}"
    app: dict[str, Any] = {
        "id": app_id,
        "user": user,
        "name": f"nightly features {number}",
        "queue": "root.default",
        "state": state,
        "finalStatus": "SUCCEEDED" if finished else "UNDEFINED",
        "progress": 100.0 if finished else 40.0,
        "trackingUI": "History" if finished else "ApplicationMaster",
        "trackingUrl": f"http://localhost:{port}/proxy/{app_id}/",
        "diagnostics": "" if finished else "AM container is running",
        "clusterId": 1700000000000,
        "applicationType": "SPARK",
        "applicationTags": "",
        "priority": 0,
        "startedTime": now - int((age_min + 10) * MINUTE_MS),
        "launchTime": now - int((age_min + 9) * MINUTE_MS),
        "finishedTime": now - int(age_min * MINUTE_MS) if finished else 0,
        "elapsedTime": 10 * MINUTE_MS,
        "amContainerLogs": f"http://localhost:{port}/node/containerlogs/container_1_{number}/{user}",
        "amHostHttpAddress": "worker1:8042",
        "masterNodeId": "worker1:8041",
        "allocatedMB": -1 if finished else 256,
        "allocatedVCores": -1 if finished else 1,
        "reservedMB": 0,
        "reservedVCores": 0,
        "runningContainers": -1 if finished else 1,
        "memorySeconds": 492000,
        "vcoreSeconds": 3000,
        "queueUsagePercentage": 0.0 if finished else 3.9,
        "clusterUsagePercentage": 0.0 if finished else 3.1,
        "resourceSecondsMap": {
            "entry": [{"key": "memory-mb", "value": 492000}, {"key": "vcores", "value": 3000}]
        },
        "preemptedResourceMB": 0,
        "preemptedResourceVCores": 0,
        "numNonAMContainerPreempted": 0,
        "numAMContainerPreempted": 0,
        "logAggregationStatus": "DISABLED",
        "unmanagedApplication": False,
        "appNodeLabelExpression": "",
        "amNodeLabelExpression": "",
        "timeouts": {
            "timeout": [
                {"type": "LIFETIME", "expiryTime": "UNLIMITED", "remainingTimeInSeconds": -1}
            ]
        },
    }
    return app | changes


def many(number: int, port: int) -> list[dict[str, Any]]:
    """Applications of twenty people over some days; two in a hundred are alice's and recent."""
    found = []
    for n in range(number):
        mine = n % 100 < 2
        state = "RUNNING" if n % 1000 == 0 else "ACCEPTED" if n % 1000 == 1 else "FINISHED"
        user, age_min = ("alice", n % 60) if mine else (f"user{n % 20}", n % 5000)
        changes = {"diagnostics": AM_LIMIT, "queue": "root.small"} if state == "ACCEPTED" else {}
        found.append(application(n + 1, port, user, state, age_min, **changes))
    return found


def _leaf(name: str, capacity: float, most: float) -> dict[str, Any]:
    nothing = {"memory": 0, "vCores": 0}
    return {
        "type": "capacitySchedulerLeafQueueInfo",
        "queuePath": f"root.{name}",
        "queueName": name,
        "capacity": capacity,
        "usedCapacity": 0.0,
        "maxCapacity": most,
        "absoluteCapacity": capacity,
        "absoluteMaxCapacity": most,
        "absoluteUsedCapacity": 3.0,
        "state": "RUNNING",
        "resourcesUsed": nothing,
        "numActiveApplications": 1,
        "numPendingApplications": 0,
        "numContainers": 1,
        "maxApplications": 800,
        "maxApplicationsPerUser": 800,
        "userLimit": 100.0,
        "userLimitFactor": 5.0,
        "users": {},
        "AMResourceLimit": nothing | {"memory": 192},
        "usedAMResource": nothing,
    }


def _http(status: int, content_type: str, body: bytes) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {content_type};charset=utf-8",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _now_ms() -> int:
    return int(time.time() * 1000)


@asynccontextmanager
async def busy_clusters(*names: str, apps: int = 0) -> AsyncIterator[list[BusyCluster]]:
    """Serve clusters of these names until the end of the block."""
    clusters = [BusyCluster(name) for name in names]
    servers = []
    tasks: set[asyncio.Task[None]] = set()

    def handler(cluster: BusyCluster) -> Callable[..., None]:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(cluster.serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        return connected

    for cluster in clusters:
        server = await asyncio.start_server(handler(cluster), "127.0.0.1", 0)
        cluster.port = server.sockets[0].getsockname()[1]
        cluster.apps = many(apps, cluster.port)
        servers.append(server)
    try:
        yield clusters
    finally:
        for server in servers:
            server.close()
        left = list(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _main(number: int, apps: int) -> None:
    names = [f"busy-{n:02}" for n in range(number)]
    async with busy_clusters(*names, apps=apps) as clusters:
        print(json.dumps({cluster.name: cluster.port for cluster in clusters}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            counts = {
                "requests": sum(cluster.requests.total() for cluster in clusters),
                "bytes": sum(cluster.bytes_sent for cluster in clusters),
            }
            print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
