"""The list of applications: filters, odd shapes, and lists of any length."""

from __future__ import annotations

import asyncio
import json

import pytest

from jupyter_ext.errors import BadAnswer, InvalidInput
from jupyter_ext.hadoop.apps import newest, read_app
from jupyter_ext.hadoop.clients import Hadoop
from tests.fakes.raw_server import raw_server, reply
from tests.hadoop.daemons import as_json, paths, profile, remote_exception

APPS = "/ws/v1/cluster/apps"


def listed(count: int, user: str = "alice") -> str:
    apps = [
        {"id": f"application_1_{n:04}", "user": user, "startedTime": n, "diagnostics": "x" * 900}
        for n in range(count)
    ]
    return json.dumps({"apps": {"app": apps}})


async def pieces(text: str, size: int):
    for at in range(0, len(text), size):
        yield text[at : at + size]


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
async def test_pieces_of_any_size(size):
    found = await newest(pieces(listed(40), size), 3, None)
    assert [app.started_ms for app in found] == [39, 38, 37]


@pytest.mark.parametrize(
    "text", ['{"apps":null}', '{"apps":{}}', ' {"apps": {"app": []}}', '{"apps":{"app":null}}']
)
async def test_no_applications(text):
    assert await newest(pieces(text, 3), 10, None) == []


async def test_a_list_of_one_written_as_an_object():
    text = '{"apps":{"app":{"id":"application_1_0001","startedTime":5}}}'
    assert [app.id for app in await newest(pieces(text, 9), 10, None)] == ["application_1_0001"]


@pytest.mark.parametrize("text", [listed(9)[:-40], '{"apps":{"app":[', "[]", "", '{"error":1}'])
async def test_a_list_that_breaks_off(text):
    with pytest.raises(BadAnswer):
        await newest(pieces(text, 100), 10, None)


async def test_a_list_of_20_mb_leaves_the_loop_free_and_little_behind():
    text = listed(22_000)
    assert len(text) > 20e6
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    found = await newest(pieces(text, 1 << 16), 100, None)
    task.cancel()
    assert [app.started_ms for app in found] == list(range(21_999, 21_899, -1))
    assert turns > len(text) / (1 << 16) * 0.9


async def test_a_server_that_ignores_the_user_filter():
    mixed = json.loads(listed(3)), json.loads(listed(4, "bob"))
    apps = [app for part in mixed for app in part["apps"]["app"]]
    answer = as_json({"apps": {"app": apps}})
    async with raw_server(paths({APPS: answer})) as server:
        async with Hadoop.open(profile([server.url()])) as hadoop:
            assert len(await hadoop.resourcemanager.apps(user="alice")) == 3
            assert len(await hadoop.resourcemanager.apps()) == 7


async def test_a_queue_is_chosen_here():
    queues = ("root.etl.small", "root.small", "small", "root.smaller")
    apps = [{"id": f"application_1_{n}", "queue": queue} for n, queue in enumerate(queues)]
    async with raw_server(paths({APPS: as_json({"apps": {"app": apps}})})) as server:
        async with Hadoop.open(profile([server.url()])) as hadoop:
            by_path = await hadoop.resourcemanager.apps(queue="root.small")
            by_name = await hadoop.resourcemanager.apps(queue="small")
    assert [app.queue for app in by_path] == ["small", "root.small"]
    assert [app.queue for app in by_name] == ["small", "root.small", "root.etl.small"]
    assert not any("queue=" in head for head in server.requests)


async def test_only_safe_filters_are_sent():
    async with raw_server(paths({APPS: as_json({"apps": None})})) as server:
        async with Hadoop.open(profile([server.url()])) as hadoop:
            await hadoop.resourcemanager.apps(
                user="alice", states=["RUNNING", "ACCEPTED"], ended_after_ms=5, limit=3
            )
    target = server.requests[0].split(" ")[1]
    assert "user=alice&states=RUNNING%2CACCEPTED&finishedTimeBegin=5" in target
    assert "limit" not in target
    assert "finalStatus" not in target


async def test_an_older_server_that_refuses_deselects():
    refuse = remote_exception("BadRequestException", "Invalid deSelects string", "400 Bad Request")

    async def script(head, writer):
        writer.write(refuse if "deSelects" in head else as_json({"apps": {"app": []}}))

    async with raw_server(script) as server, Hadoop.open(profile([server.url()])) as hadoop:
        assert await hadoop.resourcemanager.apps() == []
        assert await hadoop.resourcemanager.apps() == []
    assert ["deSelects" in head for head in server.requests] == [True, False, False]


async def test_a_refusal_for_another_reason_does_not_end_deselects():
    refuse = remote_exception("BadRequestException", "Invalid application-state", "400 Bad Request")

    async def script(head, writer):
        writer.write(refuse if "NONSENSE" in head else as_json({"apps": {"app": []}}))

    async with raw_server(script) as server, Hadoop.open(profile([server.url()])) as hadoop:
        with pytest.raises(InvalidInput, match="Invalid application-state") as caught:
            await hadoop.resourcemanager.apps(states=["NONSENSE"])
        assert caught.value.cluster == "made-up"
        assert await hadoop.resourcemanager.apps() == []
    assert "deSelects" in server.requests[-1]


@pytest.mark.parametrize("body", [listed(300), '{"apps":null}'])
async def test_the_connection_is_kept_for_the_next_question(body):
    connections = 0

    async def serve(reader, writer):
        nonlocal connections
        connections += 1
        while await reader.read(1 << 16):
            answer = reply(body.encode(), Content_Type="application/json")
            writer.write(answer.replace(b"Connection: close", b"Connection: keep-alive"))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Hadoop.open(profile([f"http://127.0.0.1:{port}"])) as hadoop:
            for _ in range(3):
                await hadoop.resourcemanager.apps(limit=1)
    assert connections == 1


async def test_without_start_times_the_numbers_tell_which_is_newer():
    apps = [{"id": f"application_1_{number}"} for number in ("10000", "9999", "0001", "odd")]
    found = await newest(pieces(json.dumps({"apps": {"app": apps}}), 50), 2, None)
    assert [app.id for app in found] == ["application_1_10000", "application_1_9999"]


def test_what_the_viewer_may_not_see_is_missing_and_links_are_checked():
    hidden = read_app({"id": "application_1_0001", "state": "RUNNING", "allocatedMB": -1})
    assert (hidden.started_ms, hidden.memory_mb, hidden.progress) == (0, 0, 0.0)
    for link in ("UNASSIGNED", "N/A", "javascript:alert(1)", None):
        assert read_app({"trackingUrl": link}).tracking_url == ""
    assert read_app({"trackingUrl": "http://rm/proxy"}).tracking_url == "http://rm/proxy"
    assert read_app({"applicationTags": "a, b"}).tags == ["a", "b"]
    assert read_app({"progress": "NaN"}).progress == 0.0
