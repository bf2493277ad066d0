"""Remote kernels through a real Jupyter server, with kernels on this machine."""

import asyncio
import json
import uuid

import httpx
import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_ext.app import JupyterExtApp
from jupyter_ext.handlers import OWNER
from jupyter_ext.kernels.models import KernelView
from tests.conftest import eventually
from tests.hadoop_sandbox import rest
from tests.server_process import server_process

SPEC = "local-python"


class Api:
    """The REST API of a server in a process of its own."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, method, path, body=None):
        reply = await self._client.request(method, path, json=body)
        assert reply.is_success, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    async def kernels(self, method, *path, body=None):
        return await self.ask(method, "/".join(["jupyter-ext/kernels", *path]), body)

    async def refused(self, method, *path, body=None):
        path = "/".join(["jupyter-ext/kernels", *path])
        reply = await self._client.request(method, path, json=body)
        return reply.status_code, reply.json()

    async def until(self, kernel_id, state):
        async def reached():
            for view in (await self.kernels("GET"))["kernels"]:
                assert state == "failed" or view["state"] != "failed", json.dumps(view)
                if (view["kernel_id"], view["state"]) == (kernel_id, state):
                    return view
            return None

        return await eventually(reached)


async def offered(api, spec=SPEC):
    return spec in (await api.ask("GET", "api/kernelspecs"))["kernelspecs"]


async def test_the_life_of_a_kernel(tmp_path):
    async with server_process(tmp_path, {}) as server, server.client() as client:
        api = Api(client)
        await eventually(lambda: offered(api))
        form = await api.kernels("GET", "forms", SPEC)
        assert (form["ask"], form["schema"]["properties"]) == (False, {})
        body = {"spec": SPEC, "values": {"memory_mb": 4096}}
        code, error = await api.refused("PUT", "launches", "k", body=body)
        assert code == 400
        assert "memory_mb is no value of a local kernel" in error["message"]

        kernel_id = str(uuid.uuid4())
        await api.kernels("PUT", "launches", kernel_id, body={"spec": SPEC})
        await api.ask("POST", "api/kernels", {"name": SPEC, "kernel_id": kernel_id})
        view = await api.until(kernel_id, "running")
        assert (view["backend"], view["title"], view["spec"]) == (
            "local",
            "Python (outlives the server)",
            SPEC,
        )
        assert [phase["name"] for phase in view["phases"]][-1] == "ready"
        listed = (await api.kernels("GET"))["kernels"]
        assert [each["kernel_id"] for each in listed] == [kernel_id]

        await use_terminal(server, (await api.kernels("POST", kernel_id, "terminal"))["name"])

        await api.kernels("POST", kernel_id, "interrupt")
        await api.kernels("POST", kernel_id, "restart", body={})
        again = await api.until(kernel_id, "running")
        assert again["container"] == view["container"]
        log = await api.kernels("GET", kernel_id, "logs?lines=5")
        assert log["complete"] in (True, False)
        code, error = await api.refused("GET", kernel_id, "logs?lines=x")
        assert (code, error["code"]) == (400, "invalid_input")

        await api.kernels("POST", kernel_id, "restart", body={"hard": True})
        another = await api.until(kernel_id, "running")
        assert another["container"] != view["container"]

        await api.kernels("DELETE", kernel_id)
        assert (await api.kernels("GET"))["kernels"] == []
        assert await api.ask("GET", "api/kernels") == []


async def use_terminal(server, name):
    """Do in a terminal what a person does: give it a size, run something, leave."""
    url = f"{server.url}terminals/websocket/{name}".replace("http", "ws", 1)
    headers = {"Authorization": f"token {server.token}"}
    stream = await websocket_connect(HTTPRequest(url, headers=headers))
    printed = ""

    async def until(text):
        nonlocal printed
        async with asyncio.timeout(30):
            while text not in printed:
                kind, *rest = json.loads(await stream.read_message())
                printed += rest[0] if kind == "stdout" else ""

    await stream.write_message(json.dumps(["set_size", 40, 111, 0, 0]))
    await stream.write_message(json.dumps(["stdin", "echo size $(stty size) $((40 + 2))\r"]))
    await until("size 40 111 42")
    await stream.write_message(json.dumps(["stdin", "exit\r"]))
    async with asyncio.timeout(30):
        while await stream.read_message() is not None:
            pass


@pytest.fixture
def extension(jp_serverapp) -> JupyterExtApp:
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    return app


async def refused(call):
    with pytest.raises(HTTPClientError) as caught:
        await call
    return caught.value.code, json.loads(caught.value.response.body)


async def test_what_is_refused_and_in_which_words(jp_fetch, extension):
    async def kernels(method, *path):
        body = None if method in ("GET", "DELETE") else "{}"
        return await jp_fetch("jupyter-ext", "kernels", *path, method=method, body=body)

    code, body = await refused(kernels("GET", "nosuch"))
    assert (code, body["message"]) == (404, "There is no kernel nosuch.")
    other = KernelView(
        kernel_id="k",
        spec=SPEC,
        title="Python",
        cluster=None,
        backend="local",
        state="running",
        started_at=1.0,
        owner="somebody",
    )
    extension.kernels.put(other)
    for method, path in (
        ("GET", ["k"]),
        ("DELETE", ["k"]),
        ("POST", ["k", "interrupt"]),
        ("POST", ["k", "restart"]),
        ("POST", ["k", "adopt"]),
        ("POST", ["k", "terminal"]),
        ("GET", ["k", "logs"]),
    ):
        assert (await refused(kernels(method, *path)))[0] == 404
    extension.kernels.put(other.model_copy(update={"owner": OWNER, "state": "failed"}))
    code, body = await refused(kernels("POST", "k", "interrupt"))
    assert (code, body["message"]) == (409, "Python is not in the hands of this server.")
    code, body = await refused(kernels("POST", "k", "terminal"))
    assert (code, body["message"]) == (503, "This Jupyter server has no terminals.")
    code, body = await refused(kernels("POST", "k", "adopt"))
    assert (code, body["message"]) == (409, "Python is not without a server.")
    code, body = await refused(kernels("GET", "forms", "python3"))
    assert (code, body["code"]) == (404, "not_found")
    await kernels("DELETE", "k")
    assert (await refused(kernels("GET", "k")))[0] == 404


@pytest.mark.parametrize(
    ("denied", "method", "path"),
    [
        (("read", "kernels"), "GET", []),
        (("write", "kernels"), "DELETE", ["k"]),
        (("write", "kernels"), "POST", ["k", "restart"]),
        (("execute", "terminals"), "POST", ["k", "terminal"]),
    ],
)
async def test_what_jupyter_denies_is_denied_here(jp_fetch, jp_serverapp, denied, method, path):
    class Some(Authorizer):
        def is_authorized(self, handler, user, action, resource):
            return (action, resource) != denied

    jp_serverapp.web_app.settings["authorizer"] = Some()
    body = "{}" if method == "POST" else None
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("jupyter-ext", "kernels", *path, method=method, body=body)
    assert caught.value.code == 403


async def test_a_form_and_its_kernel_on_yarn(tmp_path, sandbox):
    environment = {"JUPYTER_CONFIG_DIR": str(sandbox.config_dir)}
    async with server_process(tmp_path, environment) as server, server.client() as client:
        api = Api(client)
        await eventually(lambda: offered(api, "dev-yarn-python"))
        form = await api.kernels("GET", "forms", "dev-yarn-python")
        assert (form["title"], form["limits_error"]) == ("Python on Development (YARN)", "")
        assert form["schema"]["properties"]["memory_mb"]["maximum"] == 2048
        assert form["values"]["memory_mb"] == 1024
        assert form["schema"]["properties"]["queue"]["enum"] == ["", "default", "small"]
        unknown = await api.kernels("GET", "forms", "prod-yarn-python")
        assert "wants a Kerberos ticket of PROD.EXAMPLE.COM" in unknown["limits_error"]

        kernel_id = str(uuid.uuid4())
        launch = {"spec": "dev-yarn-python", "values": form["values"] | {"memory_mb": 640}}
        await api.kernels("PUT", "launches", kernel_id, body=launch)
        kernel = {"name": "dev-yarn-python", "kernel_id": kernel_id}
        await api.ask("POST", "api/kernels", kernel)
        view = await api.until(kernel_id, "running")
        assert (view["cluster"], view["values"]["memory_mb"]) == ("dev", 640)
        url = f"{sandbox.resourcemanager('dev')}/ws/v1/cluster/apps/{view['container']}"
        app = rest("GET", url)["app"]
        assert (app["allocatedMB"], app["queue"]) == (640, "root.default")
        assert kernel_id in app["applicationTags"]
        await api.kernels("DELETE", kernel_id)
        assert rest("GET", url)["app"]["state"] in ("FINISHED", "KILLED")

        launch = {"spec": "dev-yarn-python", "values": {"memory_mb": 512, "queue": "nosuch"}}
        kernel_id = kernel["kernel_id"] = str(uuid.uuid4())
        await api.kernels("PUT", "launches", kernel_id, body=launch)
        await api.ask("POST", "api/kernels", kernel)
        failed = await api.until(kernel_id, "failed")
        assert "nosuch" in failed["failure"]["cause"]
        code, error = await api.refused(
            "POST", kernel_id, "restart", body={"values": {"queues": "default"}}
        )
        assert code == 400
        assert "did you mean queue?" in error["message"]
        await api.kernels("POST", kernel_id, "restart", body={"values": {"queue": "default"}})
        again = await api.until(kernel_id, "running")
        assert again["values"] == failed["values"] | {"queue": "default"}
        assert again["failure"] is None
        await api.kernels("DELETE", kernel_id)
        # On a sandbox that other tests use there may be containers of which nothing is known here.
        left = (await api.kernels("GET"))["kernels"]
        assert kernel_id not in [each["kernel_id"] for each in left]
