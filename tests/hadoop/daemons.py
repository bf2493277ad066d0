"""Profiles of made-up clusters, and raw answers as daemons give them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from jupyter_ext.clusters.models import Profile
from tests import profiles
from tests.fakes.raw_server import Script, reply
from tests.profiles import endpoints


def profile(
    resourcemanagers: list[str] | None = None, namenodes: list[str] | None = None, **changes: Any
) -> Profile:
    """Make a profile; several addresses make a high-availability pair."""
    where = endpoints(resourcemanagers or [], namenodes or [], default_fs="hdfs://localhost:1")
    values: dict[str, Any] = {"title": "Made up", "user": "alice", "endpoints": where}
    return profiles.profile("made-up", **values | changes)


def as_json(found: Any, status: str = "200 OK") -> bytes:
    """Answer with JSON."""
    return reply(json.dumps(found).encode(), status, Content_Type="application/json")


def remote_exception(name: str, message: str, status: str) -> bytes:
    """Answer as Hadoop's exception handlers do."""
    body = {"exception": name, "message": message, "javaClassName": f"org.apache.hadoop.{name}"}
    return as_json({"RemoteException": body}, status)


def info(ha_state: str) -> bytes:
    """``/ws/v1/cluster/info`` of a ResourceManager."""
    found = {"state": "STARTED", "haState": ha_state, "hadoopVersion": "3.5.0", "startedOn": 1}
    return as_json({"clusterInfo": found})


METRICS = as_json({"clusterMetrics": {"totalMB": 4096, "totalVirtualCores": 8, "activeNodes": 1}})
STANDBY = reply(
    b"This is standby RM. The redirect url is: http://other:8088/ws/v1/cluster/metrics\n",
    "307 TEMPORARY_REDIRECT",
    Content_Type="text/plain;charset=utf-8",
    Location="http://other.example:8088/ws/v1/cluster/metrics",
    Set_Cookie='hadoop.auth="u=standby&s=x"; Path=/; HttpOnly',
)
NOBODY_ACTIVE = reply(
    b"Can not find any active RM. Will retry in next 4 seconds.\n",
    "307 TEMPORARY_REDIRECT",
    Content_Type="text/plain;charset=utf-8",
    Refresh="4;url=http://localhost/ws/v1/cluster/metrics?next.refresh.interval=1",
)


def paths(answers: Mapping[str, bytes | Script]) -> Script:
    """Answer by path; the longest that begins the request's target wins."""

    async def script(head: str, writer: asyncio.StreamWriter) -> None:
        target = head.split(" ", 2)[1]
        known = sorted((path for path in answers if target.startswith(path)), key=len)
        answer = answers[known[-1]] if known else reply(b"nothing here", "404 Not Found")
        if isinstance(answer, bytes):
            writer.write(answer)
        else:
            await answer(head, writer)

    return script
