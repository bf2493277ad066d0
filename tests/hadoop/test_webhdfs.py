"""WebHDFS where the sandbox can't go: old NameNodes, gateways, login pages, long directories."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from jupyter_ext.errors import BadAnswer, NotFound, Unavailable, Unreachable
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.connection import Connection
from tests.fakes.raw_server import always, closed_port, raw_server, reply
from tests.hadoop.daemons import as_json, paths, profile, remote_exception

CREATED = reply(b"", "201 Created")
STATUS = "/jmx?qry=Hadoop%3Aservice%3D%2A%2Cname%3DNameNodeStatus"


def temporary(location: str) -> bytes:
    return reply(b"", "307 Temporary Redirect", Location=location)


def said(head: str, name: str) -> str | None:
    """A header of a request."""
    lines = dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if line)
    return lines.get(name)


@pytest.mark.parametrize("answer", [lambda url: as_json({"Location": url}), temporary])
async def test_data_go_to_the_datanode_alone(answer):
    async with raw_server(always(CREATED)) as datanode:
        where = datanode.url("/webhdfs/v1/a%20b?op=CREATE&namenoderpcaddress=nn")
        async with raw_server(always(answer(where))) as namenode:
            async with Hadoop.open(profile(None, [namenode.url()])) as hadoop:
                await hadoop.webhdfs.create("/a b", b"hello")
    (asked,), (sent,) = namenode.requests, datanode.requests
    assert asked.startswith("PUT /webhdfs/v1/a%20b?op=CREATE&")
    assert {"noredirect=true", "user.name=alice"} <= set(
        urlsplit(asked.split()[1]).query.split("&")
    )
    assert said(asked, "content-length") in (None, "0")
    # The DataNode's URL is used as it came, with nothing that says who asks.
    assert sent.startswith("PUT /webhdfs/v1/a%20b?op=CREATE&namenoderpcaddress=nn HTTP")
    assert said(sent, "content-length") == "5"


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
async def test_a_login_page_gets_no_data(status):
    async with raw_server(always(reply(b"welcome"))) as login:
        answer = reply(b"", status, Location=login.url("/sso?back=x"))
        async with raw_server(always(answer)) as namenode:
            async with Hadoop.open(profile(None, [namenode.url()])) as hadoop:
                with pytest.raises(BadAnswer, match="named no DataNode for /a"):
                    await hadoop.webhdfs.create("/a", b"secret")
    assert login.requests == []


async def test_a_gateway_wants_to_know_who_asks_and_nobody_else_is_told():
    async def gateway(head, writer):
        if "noredirect" in head:
            writer.write(as_json({"Location": locations.pop()}))
        else:
            writer.write(reply(b"data"))

    async with raw_server(always(reply(b"data"))) as elsewhere, raw_server(gateway) as knox:
        locations = [
            elsewhere.url("/webhdfs/v1/f?op=OPEN"),
            knox.url("/gateway/webhdfs/data/v1/webhdfs/v1/f?_=AAAA"),
        ]
        config = profile(None, [knox.url("/gateway")], auth="gateway")
        connection = Connection(config, auth=httpx.BasicAuth("alice", "secret"))
        async with Hadoop(connection) as hadoop:
            for _ in range(2):
                assert await hadoop.webhdfs.read("/f") == b"data"
    assert [said(head, "authorization") is not None for head in knox.requests] == [True] * 3
    assert [said(head, "authorization") for head in elsewhere.requests] == [None]


async def test_a_datanode_that_can_not_be_reached_from_here():
    where = f"http://localhost:{closed_port()}/webhdfs/v1/f?op=OPEN"
    async with raw_server(always(as_json({"Location": where}))) as namenode:
        async with Hadoop.open(profile(None, [namenode.url()])) as hadoop:
            with pytest.raises(Unreachable, match="connection refused") as caught:
                await hadoop.webhdfs.read("/f")
    assert caught.value.hint.startswith("Data goes through DataNodes")


async def test_a_standby_namenode_is_left_for_the_active_one():
    refuse = remote_exception(
        "StandbyException",
        "Operation category READ is not supported in state standby. Visit https://s.apache.org",
        "403 Forbidden",
    )
    status = {"FileStatus": {"type": "FILE", "length": 7, "permission": "640"}}
    path = "/webhdfs/v1/f"

    def states(now):
        bean = {"name": "Hadoop:service=NameNode,name=NameNodeStatus", "State": now}
        return as_json({"beans": [bean]})

    first = {STATUS: states("active"), path: as_json(status)}
    second = {STATUS: states("standby"), path: refuse}
    async with raw_server(paths(first)) as one, raw_server(paths(second)) as two:
        async with Hadoop.open(profile(None, [one.url(), two.url()])) as hadoop:
            await hadoop.webhdfs.stat("/f")
            first |= {STATUS: states("standby"), path: refuse}
            second |= {STATUS: states("active"), path: as_json(status)}
            found = await hadoop.webhdfs.stat("/f")
            assert (found.length, found.permission) == (7, "640")
            assert hadoop.namenode.active.id == "nn2"


async def test_a_long_directory_comes_in_pages():
    names = [f"part-{number:05} %#?é" for number in range(25)]

    async def namenode(head, writer):
        query = parse_qs(urlsplit(head.split()[1]).query)
        left = [name for name in names if name > query.get("startAfter", [""])[0]]
        page = [{"pathSuffix": name, "type": "FILE", "permission": "644"} for name in left[:10]]
        listing = {
            "partialListing": {"FileStatuses": {"FileStatus": page}},
            "remainingEntries": len(left) - len(page),
        }
        writer.write(as_json({"DirectoryListing": listing}))

    async with raw_server(namenode) as server:
        async with Hadoop.open(profile(None, [server.url()])) as hadoop:
            found = [status.path async for status in hadoop.webhdfs.list("/data")]
    assert found == [f"/data/{name}" for name in names]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "exception",
    [
        # As it is, and as a NameNode with a peer wraps it for its own clients to try again.
        ("SafeModeException", "Cannot create file/a. Name node is in safe mode.\nIt was turned on"),
        (
            "RetriableException",
            "org.apache.hadoop.hdfs.server.namenode.SafeModeException: Cannot create file/a. "
            "Name node is in safe mode.\nThe reported blocks 0 needs additional 3 blocks",
        ),
    ],
)
async def test_safe_mode(exception):
    refuse = remote_exception(*exception, "403 Forbidden")
    async with raw_server(always(refuse)) as namenode:
        async with Hadoop.open(profile(None, [namenode.url()])) as hadoop:
            with pytest.raises(Unavailable) as caught:
                await hadoop.webhdfs.create("/a", b"x")
    assert "HDFS of Made up is in safe mode and takes no changes" in caught.value.message
    assert "Cannot create file/a" in caught.value.message


async def test_a_datanode_s_refusal_is_told_like_any_other():
    refuse = remote_exception("FileNotFoundException", "File /f does not exist.", "404 Not Found")
    async with raw_server(always(refuse)) as datanode:
        answer = {"Location": datanode.url("/webhdfs/v1/f?op=OPEN")}
        async with raw_server(always(as_json(answer))) as namenode:
            async with Hadoop.open(profile(None, [namenode.url()])) as hadoop:
                with pytest.raises(NotFound, match=r"File /f does not exist\."):
                    await hadoop.webhdfs.read("/f")
