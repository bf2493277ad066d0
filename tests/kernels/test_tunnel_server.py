"""The tunnel's address in a real Jupyter server, for whoever is no agent."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from jupyter_ext_agent.handshake import AgentHandshake
from jupyter_server.utils import url_path_join
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect


@pytest.fixture
def address(http_server, jp_http_port, jp_base_url, jp_serverapp):
    path = url_path_join(jp_base_url, "jupyter-ext/kernels/tunnel")
    return f"ws://localhost:{jp_http_port}{path}"


@pytest.fixture
def hub(jp_serverapp):
    [extension] = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    extension.serving.services.hub.start()
    return extension.serving.services.hub


def hello() -> bytes:
    return AgentHandshake(bytes(32), "kernel-1", "run-1", "", 0, "").hello()


async def test_who_proves_nothing_learns_nothing(address, hub):
    socket = await websocket_connect(address)
    await socket.write_message(hello(), binary=True)
    answer = json.loads(await socket.read_message())
    assert set(answer) == {"nonce", "proof"}
    await socket.write_message(json.dumps({"proof": answer["proof"]}) + "\n", binary=True)
    assert await socket.read_message() is None


@pytest.mark.parametrize(("said", "binary"), [(b"x" * 5000, True), ("{}\n", False)])
async def test_garbage_is_hung_up_on(address, hub, said, binary):
    socket = await websocket_connect(address)
    await socket.write_message(said, binary=binary)
    assert await socket.read_message() is None


async def test_a_page_of_another_origin_has_no_use_of_it(address, hub):
    request = HTTPRequest(address, headers={"Origin": "https://example.org"})
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(request)
    assert refused.value.code == 403


async def test_it_is_no_page(address, hub, http_server_client):
    path = urlsplit(address).path
    with pytest.raises(HTTPClientError) as refused:
        await http_server_client.fetch(path)
    assert refused.value.code == 400


async def test_a_server_without_kernels_says_so(address):
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(address)
    assert refused.value.code == 503
