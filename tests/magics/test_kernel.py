"""The kernelspec, with a real kernel and no server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import jupyter_kernel_test
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from tests.magics.conftest import ROOT, write_profile

NAME = "python-clusters"


class Kernel:
    """A running kernel."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str) -> list[dict]:
        """Everything the cell sends, in order; it must succeed."""
        messages: list[dict] = []
        reply = self.client.execute_interactive(code, output_hook=messages.append, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
        return [message for message in messages if message["msg_type"] != "status"]

    def reply(self, request: str) -> dict:
        """Content of the reply to a request; a late answer to "are you ready?" is passed over."""
        while True:
            message = self.client.get_shell_msg(timeout=30)
            if message["parent_header"].get("msg_id") == request:
                return message["content"]

    def output(self, code: str) -> str:
        """What the cell prints."""
        return "".join(
            message["content"]["text"]
            for message in self.run(code)
            if message["msg_type"] == "stream"
        )


@pytest.fixture
def manager_and_client(profiles, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name=NAME)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(manager_and_client) -> Kernel:
    return Kernel(manager_and_client[1])


def comms(messages: list[dict], target: str) -> list[dict]:
    return [
        message["content"]["data"]
        for message in messages
        if message["msg_type"] == "comm_open" and message["content"]["target_name"] == target
    ]


def test_the_magic_is_there_without_load_ext(kernel):
    [shown] = [m for m in kernel.run("%cluster list") if m["msg_type"] == "display_data"]
    assert "<table" in shown["content"]["data"]["text/html"]
    assert "dev.example:8088" in shown["content"]["data"]["text/plain"]


def test_the_front_end_hears_of_each_switch(kernel):
    assert comms(kernel.run("%cluster use dev"), "jupyter-ext:cluster") == [{"cluster": "dev"}]
    assert comms(kernel.run("%cluster reset"), "jupyter-ext:cluster") == [{"cluster": None}]


def test_a_front_end_that_comes_later_finds_the_cluster_in_the_environment(kernel):
    kernel.run("%cluster use prod")
    expression = {"cluster": "__import__('os').environ.get('JUPYTER_EXT_CLUSTER') or ''"}
    request = kernel.client.execute("", silent=True, user_expressions=expression)
    answer = kernel.reply(request)["user_expressions"]["cluster"]
    assert answer["data"]["text/plain"] == "'prod'"


def test_a_kernel_does_not_load_the_server_or_the_plots(kernel):
    """%cluster list must not cost a second."""
    heavy = "('jupyter_server', 'tornado.web', 'httpx', 'bokeh', 'ipywidgets')"
    code = f"import sys; print([name for name in {heavy} if name in sys.modules])"
    kernel.run("%cluster use dev")
    assert kernel.output(code).strip() == "[]"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A peer that lets itself be connected to and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


@pytest.mark.parametrize("before", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
def test_an_interrupt_ends_the_waiting(manager_and_client, profiles, silent, before):
    """Also in a cell that awaits, which ipykernel interrupts in another way."""
    port = silent.getsockname()[1]
    write_profile(profiles, "silent", resourcemanager=f"127.0.0.1:{port}")
    manager, client = manager_and_client
    kernel = Kernel(client)
    # Else the kernel also drops what is asked of it right after an error.
    request = client.execute(f"{before}%cluster status silent", stop_on_error=False)
    connection, _ = silent.accept()
    manager.interrupt_kernel()
    assert kernel.reply(request)["ename"] == "KeyboardInterrupt"
    threads = kernel.output("import threading; print(*threading.enumerate())")
    assert "jupyter-ext-loop" not in threads
    connection.settimeout(10)
    while connection.recv(4096):
        pass  # the request; then the kernel's end, because it gave up


def test_a_live_plot_ends_in_a_kernel_that_nobody_watches(kernel):
    """nbclient, papermill: there is no browser, so the thread must not stay."""
    kernel.run(
        "from jupyter_ext.clusters.current import current\n"
        "from jupyter_ext.status.models import ClusterStatus\n"
        "from jupyter_ext.status.plot import LivePlot\n"
        "%cluster use dev\n"
        "async def poll(profile):\n"
        "    return ClusterStatus(cluster=profile.name, state='down', reason='Out for lunch.')\n"
    )
    messages = kernel.run(
        "import asyncio\n"
        "live = LivePlot(current(), poll, await poll(current()), interval_s=0.05, unseen_s=0.5)\n"
        "display(live)\n"
        "live.start()\n"
    )
    assert comms(messages, "jupyter.widget")
    [shown] = [m["content"]["data"] for m in messages if m["msg_type"] == "display_data"]
    assert shown["text/plain"] == "dev: down. Out for lunch."
    code = "live._thread.join(20); print(live.running, live._line.value)"
    assert kernel.output(code).startswith("False")
    assert kernel.output(code).strip().endswith("Paused: it was displayed nowhere.")


class ConformanceTests(jupyter_kernel_test.KernelTests):
    """Jupyter's own list of what a kernel has to do."""

    kernel_name = NAME
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = (
        {"text": "zi", "matches": {"zip"}},
        {"text": "%cluster st", "matches": {"status"}},
    )
    complete_code_samples = ("1", "print('hello, world')", "%cluster list")
    incomplete_code_samples = ("print('''hello", "for i in range(10):")
    invalid_code_samples = ("import = 7q",)
    code_page_something = "zip?"
    code_generate_error = "raise ValueError"
    code_execute_result = ({"code": "1 + 2", "result": "3"},)
    code_display_data = (
        {"code": "from IPython.display import HTML; display(HTML('x'))", "mime": "text/html"},
        {"code": "%cluster list", "mime": "text/html"},
    )
    test_history = None  # IPython 9 calls the running session 0, which the test does not expect
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JUPYTER_PATH", str(ROOT))
            super().setUpClass()
