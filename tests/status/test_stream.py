"""The board through a real Jupyter server."""

import asyncio
import gc
import json

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError

from jupyter_ext.app import JupyterExtApp
from jupyter_ext.handlers import OWNER
from jupyter_ext.kernels.models import KernelView
from tests.conftest import eventually

STREAM = ("jupyter-ext", "status", "stream")


@pytest.fixture
def jp_server_config(jp_server_config):
    """Ask more often than a person could bear."""
    return jp_server_config | {"JupyterExtApp": {"tick_s": 0.5}}


@pytest.fixture
def root(jp_config_dir):
    """The server's own layer of profiles."""
    return jp_config_dir / "clusters"


@pytest.fixture
def extension(jp_serverapp) -> JupyterExtApp:
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    return app


async def receive(stream, kind, **wanted):
    """Read until a message of this kind whose status has these values; with a deadline."""
    async with asyncio.timeout(20):
        while True:
            text = await stream.read_message()
            assert text is not None, f"closed: {stream.close_code} {stream.close_reason}"
            message = json.loads(text)
            if message["type"] == kind and wanted.items() <= message.get("status", {}).items():
                return message


async def closing(stream):
    """Read to the end; why it was closed."""
    async with asyncio.timeout(20):
        while await stream.read_message() is not None:
            pass
    return stream.close_code, stream.close_reason


async def test_kernels_of_the_viewer_beside_the_board(clusters, jp_ws_fetch, extension):
    stream = await jp_ws_fetch(*STREAM)
    assert (await receive(stream, "kernels"))["kernels"] == []
    mine = KernelView(
        kernel_id="k",
        spec="a-yarn-python",
        title="Python on a (YARN)",
        cluster="a",
        backend="yarn",
        state="starting",
        started_at=1.0,
        owner=OWNER,
    )
    extension.kernels.put(mine.model_copy(update={"kernel_id": "other", "owner": "bob"}))
    extension.kernels.put(mine)
    message = await receive(stream, "kernels")
    assert [each["kernel_id"] for each in message["kernels"]] == ["k"]
    await receive(stream, "status", cluster="a", state="up")
    stream.close()


async def test_board_first_then_every_poll(clusters, jp_ws_fetch, extension):
    stream = await jp_ws_fetch(*STREAM)
    board = await receive(stream, "board")
    assert [card["profile"]["name"] for card in board["cards"]] == ["a", "b"]
    assert board["version"] == extension.version
    status = await receive(stream, "status", cluster="a", state="up")
    assert status["sample"]["memory_total_mb"] == 8192
    await receive(stream, "status", cluster="b", state="up")
    stream.close()
    await eventually(lambda: clusters[0].connections == 0)


async def test_two_tabs_then_none(clusters, jp_ws_fetch):
    a = clusters[0]
    streams = [await jp_ws_fetch(*STREAM) for _ in range(2)]
    for stream in streams:
        await receive(stream, "status", cluster="a", state="up")
    asked = a.asked("metrics")
    polls = [(await receive(s, "status", cluster="a"))["status"]["polled_at"] for s in streams]
    assert polls[0] == polls[1]
    assert a.asked("metrics") - asked <= 1
    for stream in streams:
        stream.close()
    await eventually(lambda: a.connections == clusters[1].connections == 0)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("poll ")]


async def test_a_tab_says_what_it_shows(clusters, jp_ws_fetch):
    stream = await jp_ws_fetch(*STREAM)
    await receive(stream, "status", cluster="a", state="up")
    await stream.write_message(json.dumps({"type": "watch", "clusters": []}))
    await eventually(lambda: clusters[0].connections == clusters[1].connections == 0)
    await stream.write_message(json.dumps({"type": "watch", "clusters": ["b"], "refresh": True}))
    await receive(stream, "status", cluster="b", state="up")
    assert clusters[0].connections == 0
    stream.close()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{", "JSON"),
        ('{"type": "watch", "clusters": "all"}', "clusters"),
        ('{"type": "shout"}', "type"),
        ('{"type": "watch", "colour": "blue"}', "colour"),
        (b"\xff\xfe", "JSON"),
    ],
)
async def test_what_is_not_understood_closes_the_stream(clusters, jp_ws_fetch, message, reason):
    stream = await jp_ws_fetch(*STREAM)
    await stream.write_message(message, binary=isinstance(message, bytes))
    code, text = await closing(stream)
    assert code == 1003
    assert reason in text
    await eventually(lambda: clusters[0].connections == 0)


async def test_nobody_looks_in_without_a_token(clusters, jp_ws_fetch):
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch(*STREAM, headers={"Authorization": "token wrong"})
    assert refused.value.code == 403
    assert clusters[0].requests.total() == 0


async def test_no_other_site_looks_in(clusters, jp_fetch, jp_ws_fetch, jp_http_port):
    # As a browser does it: known by a cookie, which other sites' pages would send along too.
    reply = await jp_fetch("api", "status")
    host = f"127.0.0.1:{jp_http_port}"
    browser = {
        "Authorization": "",
        "Cookie": reply.headers["Set-Cookie"].split(";")[0],
        "Host": host,
    }
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch(*STREAM, headers=browser | {"Origin": "https://elsewhere.example"})
    assert refused.value.code == 403
    stream = await jp_ws_fetch(*STREAM, headers=browser | {"Origin": f"http://{host}"})
    await receive(stream, "board")
    stream.close()


async def test_who_may_not_read_may_not_look_in(clusters, jp_ws_fetch, jp_serverapp):
    class Nobody(Authorizer):
        def is_authorized(self, handler, user, action, resource):
            assert (action, resource) == ("read", "jupyter-ext")
            return False

    jp_serverapp.web_app.settings["authorizer"] = Nobody()
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch(*STREAM)
    assert refused.value.code == 403


async def test_a_server_that_stops_says_so(clusters, jp_ws_fetch, extension):
    stream = await jp_ws_fetch(*STREAM)
    await receive(stream, "board")
    await extension.stop_extension()
    assert (await closing(stream))[0] == 1001
    await eventually(lambda: clusters[0].connections == 0)


async def test_a_tab_that_does_not_read_gets_the_latest_and_not_the_backlog(clusters, jp_ws_fetch):
    for _ in range(60):
        clusters[0].add_app("FAILED", diagnostics="x" * 10_000)
    # This client takes nothing from the network that nobody asks it for.
    slow, quick = await jp_ws_fetch(*STREAM), await jp_ws_fetch(*STREAM)
    rounds, sent = 50, 0
    for _ in range(rounds):
        await quick.write_message('{"type": "watch", "clusters": ["a"], "refresh": true}')
        message = await receive(quick, "status", cluster="a")
        sent += len(json.dumps(message))
    quick.close()
    last = message["status"]["polled_at"]
    assert sent > 15_000_000
    received, polled_at = 0, 0
    while polled_at < last:
        polled_at = (await receive(slow, "status", cluster="a"))["status"]["polled_at"] or 0
        received += 1
    assert received < rounds * 3 / 4
    slow.close()


async def fetch(jp_fetch, *path, method="GET", **options):
    reply = await jp_fetch("jupyter-ext", "status", *path, method=method, **options)
    return json.loads(reply.body) if reply.body else None


async def failure(jp_fetch, *path, **options):
    with pytest.raises(HTTPClientError) as refused:
        await fetch(jp_fetch, *path, **options)
    return refused.value.code, json.loads(refused.value.response.body)


async def test_nodes(cluster, jp_fetch):
    cluster.nodes["worker2"] = "LOST"
    found = await fetch(jp_fetch, "a", "nodes")
    assert {node["host"]: node["state"] for node in found["nodes"]} == cluster.nodes
    await eventually(lambda: cluster.connections == 0)


async def test_kill(cluster, jp_fetch, jp_ws_fetch):
    app = cluster.add_app()["id"]
    stream = await jp_ws_fetch(*STREAM)
    await receive(stream, "status", cluster="a", state="up")
    assert await fetch(jp_fetch, "a", "apps", app, method="DELETE") is None
    while (await receive(stream, "status", cluster="a"))["status"]["apps"][0]["state"] != "KILLED":
        pass
    stream.close()


async def test_errors_of_the_verbs(cluster, jp_fetch):
    code, reply = await failure(jp_fetch, "nowhere", "nodes")
    assert (code, reply["code"], reply["cluster"]) == (404, "not_found", "nowhere")
    code, reply = await failure(jp_fetch, "a", "apps", "job_1", method="DELETE")
    assert (code, reply["code"]) == (400, "invalid_input")
    assert "application_1700000000000_0001" in reply["hint"]
    app = cluster.add_app()["id"]
    for size in ("many", "0", "-1", "1048577"):
        code, reply = await failure(jp_fetch, "a", "apps", app, "log", params={"size": size})
        assert (code, reply["code"]) == (400, "invalid_input")
        assert "1048576" in reply["message"]


async def test_what_the_start_loaded_is_spared_from_the_garbage_collector(extension, jp_serverapp):
    try:
        await extension._start_jupyter_server_extension(jp_serverapp)
        assert gc.get_freeze_count() > 100_000
    finally:
        gc.unfreeze()
