"""Kernels of ours in the hands of jupyter_client, without a Jupyter server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.credentials.directory import TOKEN_FILE
from jupyter_ext.errors import InvalidInput
from jupyter_ext.kernels import launcher, local, running
from jupyter_ext.kernels.backend import LaunchFailed
from tests.conftest import eventually
from tests.kernels import provisioned, served
from tests.kernels.provisioned import evaluate, manager


@pytest.fixture
def services(tmp_path, monkeypatch, jp_asyncio_loop):
    """Those of one process, which ends all its kernels after the test."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    made = provisioned.make_services(tmp_path)
    made.loop = jp_asyncio_loop

    async def end() -> None:
        for each in made.launcher.running():
            await made.launcher.end(each.kernel_id)
        await made.close()

    yield made
    jp_asyncio_loop.run_until_complete(end())
    assert not served.agents(tmp_path)


async def test_a_kernel_runs_is_interrupted_restarts_where_it_was_and_ends(services, tmp_path):
    kernel = manager(services, tmp_path)
    await kernel.start_kernel()
    [agent] = served.agents(tmp_path)
    assert await evaluate(kernel, "x = 41; print(x + 1)") == "42\n"

    async with provisioned.client(kernel) as client:
        client.execute("import time\nwhile True: time.sleep(0.01)")
        while (await client.get_iopub_msg(timeout=10))["msg_type"] != "execute_input":
            pass
        await kernel.interrupt_kernel()
        assert (await client.get_shell_msg(timeout=10))["content"]["ename"] == "KeyboardInterrupt"

    for now in (False, True):
        await kernel.restart_kernel(now=now)
        assert await evaluate(kernel, "print('x' in dir()); x = 1") == "False\n"
        assert served.agents(tmp_path) == [agent]
    [view] = services.registry.views("ada")
    assert (view.state, view.restarts, view.phases[-1].name) == ("running", 2, "ready")

    await kernel.shutdown_kernel()
    assert not list(tmp_path.glob("connection-*.json"))
    assert not served.agents(tmp_path)
    assert services.registry.views() == []
    assert await services.store.kernels() == []
    assert not await kernel.is_alive()


async def test_an_agent_that_nobody_follows_any_more_starts_no_work(services, tmp_path):
    """What it said last is on its way from the hub's thread when that ends."""
    kernel = manager(services, tmp_path)
    await kernel.start_kernel()
    running = kernel.provisioner.running
    await running.close()
    before = asyncio.all_tasks()
    for kind in ("agent", "disconnected", "lost"):
        running._told({"type": kind})
    assert asyncio.all_tasks() == before


async def test_a_kernel_gets_what_a_local_one_gets_and_its_credentials(
    services, tmp_path, monkeypatch
):
    """It ends with its agent, not with the server; what is written later comes too."""
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setenv("OF_THE_SERVER", "yes")
    monkeypatch.setenv(VARIABLE, "/old")
    monkeypatch.setenv(TOKEN_FILE, "/old/tokens")
    (tmp_path / "credentials" / "dev").mkdir()
    (tmp_path / "credentials" / "tokens").write_bytes(b"\0first")
    (tmp_path / "credentials" / "dev" / "krb5.conf").write_text("[realms]")
    kernel = manager(services, tmp_path, provisioned.spec(env={"FROM": "spec ${OF_THE_SERVER}"}))
    await kernel.start_kernel(cwd=str(tmp_path))
    code = """
import json, os, pathlib
names = ["JPY_PARENT_PID", "OF_THE_SERVER", "FROM", "JUPYTER_EXT_CREDENTIALS"]
found = {name: os.environ.get(name) for name in names}
tokens = pathlib.Path(os.environ["HADOOP_TOKEN_FILE_LOCATION"])
found["tokens"] = tokens.read_bytes().decode()
found["conf"] = (tokens.parent / "dev" / "krb5.conf").read_text()
print(json.dumps([found, os.getcwd()]))
"""
    [agent] = served.agents(tmp_path)
    found, directory = json.loads(await evaluate(kernel, code))
    credentials = found.pop("JUPYTER_EXT_CREDENTIALS")
    assert not Path(credentials).is_relative_to(tmp_path), "a copy: the server's goes with it"
    assert found == {
        "JPY_PARENT_PID": str(agent.pid),
        "OF_THE_SERVER": "yes",
        "FROM": "spec yes",
        "tokens": "\0first",
        "conf": "[realms]",
    }
    assert directory == str(tmp_path)

    (tmp_path / "credentials" / "tokens").write_bytes(b"\0second")
    await services.launcher.push_credentials("ada")
    copy = Path(credentials, "tokens")
    await eventually(lambda: copy.read_bytes() == b"\0second")
    await kernel.shutdown_kernel()
    await eventually(lambda: not copy.exists())


@pytest.mark.parametrize(
    ("argv", "cause", "diagnostics"),
    [
        ([sys.executable, "-c", "raise SystemExit('no such luck')"], "exit code 1", "no such luck"),
        (["/nonexistent/python"], "/nonexistent/python", ""),
    ],
)
async def test_a_start_that_fails_says_why_and_leaves_nothing(
    services, tmp_path, argv, cause, diagnostics
):
    kernel = manager(services, tmp_path, provisioned.spec(argv))
    with pytest.raises(LaunchFailed) as caught:
        await kernel.start_kernel()
    failure = caught.value.failure
    assert cause in failure.cause
    assert failure.hint
    assert diagnostics in failure.diagnostics
    [view] = services.registry.views("ada")
    assert (view.state, view.failure) == ("failed", failure)
    assert await services.store.kernels() == []
    assert not served.agents(tmp_path)
    assert not list((tmp_path / "data" / "jupyter-ext" / "local").iterdir())


@pytest.mark.parametrize("by_whom", ["who waits", "somebody else"])
@pytest.mark.parametrize("stall_at", ["prepare", "start"])
async def test_a_start_can_be_given_up_at_any_phase(services, tmp_path, stall_at, by_whom):
    services._backends["local"] = provisioned.StallingBackend(stall_at)
    kernel = manager(services, tmp_path)
    start = asyncio.create_task(kernel.start_kernel())
    await eventually(lambda: services._backends["local"].stalled)
    assert len(served.agents(tmp_path)) == (1 if stall_at == "start" else 0)
    if by_whom == "who waits":
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
    else:
        services.launcher.cancel(kernel.kernel_id)
        with pytest.raises(LaunchFailed, match="cancelled"):
            await start
    assert not served.agents(tmp_path)
    assert await services.store.kernels() == []
    [view] = services.registry.views()
    assert view.failure.cause == "The start was cancelled."


async def test_an_agent_that_is_silent_is_unreachable_and_nothing_else(
    services, tmp_path, monkeypatch
):
    """Its kernel counts as alive, as long as nobody knows better; it is back when it is heard."""
    monkeypatch.setattr(running, "SILENT_S", 0.2)
    services.hub._silence_s = 0.5
    kernel = manager(services, tmp_path, provisioned.spec(provisioned.HEARTBEAT))
    await kernel.start_kernel()
    [agent] = served.agents(tmp_path)

    def state() -> str:
        [view] = services.registry.views()
        return view.state

    agent.suspend()
    await eventually(lambda: state() == "unreachable")
    assert await kernel.is_alive()
    agent.resume()
    await eventually(lambda: state() == "running")
    assert services.launcher.get(kernel.kernel_id).starts == 1

    agent.kill()
    await eventually(lambda: state() == "failed")
    assert not await kernel.is_alive()
    assert "ended" in services.registry.get(kernel.kernel_id).failure.cause
    await kernel.shutdown_kernel()
    assert await services.store.kernels() == []


async def test_the_next_hub_listens_where_the_last_one_did(services, tmp_path):
    """Agents elsewhere know one address and one certificate; both outlive the server.

    What the kernel's owner had proved stays with the kernel, until somebody logs in again.
    """
    tokens = tmp_path / "credentials" / "tokens"
    tokens.write_bytes(b"of the last server")
    before = provisioned.make_services(tmp_path)
    await before.launcher._start_hub()
    before.launcher._listens = [before.hub.listen("tls://127.0.0.1:0")]
    kernel = manager(before, tmp_path, provisioned.spec(provisioned.HEARTBEAT))
    await kernel.start_kernel()
    [row] = await before.store.kernels()
    assert row.bootstrap["hubs"] == row.listens
    assert row.listens[0].startswith("tls://127.0.0.1:")
    assert row.bootstrap["lease_s"] == 1800, "as the profile says, or would"
    assert row.instance, "no other agent can be this kernel's"
    kernel.shutting_down = True
    await before.close()
    tokens.unlink()

    [row] = await services.store.kernels()
    adopted = await services.launcher.adopt(row)
    async with asyncio.timeout(30):
        await adopted.attachment.attached()
        await adopted.until(lambda: adopted.starts or None)
    assert row.listens[0] in services.hub.addresses
    await adopted.attachment.request({"type": "logs", "lines": 1})
    copy = Path(adopted.attachment.state.agent["directory"], "credentials", "tokens")
    assert await asyncio.to_thread(copy.read_bytes) == b"of the last server"
    assert adopted.starts == 1
    assert adopted.exit_code is None


async def test_a_start_goes_on_under_the_next_server_when_this_one_stops(services, tmp_path):
    flag = tmp_path / "flag"
    waiting = [*provisioned.HEARTBEAT]
    waiting[2] = (
        f"import os, time\nwhile not os.path.exists({str(flag)!r}): time.sleep(0.02)\n{waiting[2]}"
    )
    before = provisioned.make_services(tmp_path)
    kernel = manager(before, tmp_path, provisioned.spec(waiting))
    start = asyncio.create_task(kernel.start_kernel())
    await eventually(lambda: before.launcher.running() and before.launcher.running()[0].starts)
    await before.close()
    with pytest.raises(LaunchFailed):
        await start
    assert len(served.agents(tmp_path)) == 1

    [row] = await services.store.kernels()
    assert row.starting
    adopted = await services.launcher.adopt(row)
    flag.touch()
    async with asyncio.timeout(30):
        await services.launcher.resume(adopted)
    assert adopted.starts == 1
    [row] = await services.store.kernels()
    assert not row.starting


async def test_twenty_kernels_at_once(services, tmp_path):
    found = provisioned.spec(provisioned.HEARTBEAT)
    kernels = [manager(services, tmp_path, found) for _ in range(20)]
    await asyncio.gather(*(kernel.start_kernel() for kernel in kernels))
    assert len(served.agents(tmp_path)) == 20
    assert {view.state for view in services.registry.views()} == {"running"}
    assert len({kernel.ip for kernel in kernels}) == 20
    await asyncio.gather(*(kernel.shutdown_kernel(now=True) for kernel in kernels))


async def test_an_agent_that_hangs_does_not_keep_its_container(services, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "GRACE_S", 0.5)
    monkeypatch.setattr(launcher, "STOP_S", 0.5)
    kernel = manager(services, tmp_path, provisioned.spec(provisioned.HEARTBEAT))
    await kernel.start_kernel()
    [agent] = served.agents(tmp_path)
    [process] = agent.children()
    agent.suspend()
    await kernel.shutdown_kernel(now=True)
    assert not served.agents(tmp_path)
    await eventually(lambda: not _lives(process))
    assert await services.store.kernels() == []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_agents_see_of_the_environment_is_a_list():
    """Secrets of a server's environment are in the launch, which no other user can read."""
    environ = {"HOME": "/home/ada", "LC_ALL": "C", "JUPYTER_TOKEN": "secret", "AWS_KEY": "secret"}
    backend = local.LocalBackend(Path(os.devnull), environ)
    assert backend._environment() == {"HOME": "/home/ada", "LC_ALL": "C"}


class Refusing:
    """A form whose values never fit."""

    async def values(self, user, kernel_id, name, environ):
        raise InvalidInput("The kernel's values do not fit: memory is no value.", hint="Ask less.")


async def test_values_that_do_not_fit_are_a_failure_that_people_see(services, tmp_path):
    services.forms = Refusing()
    with pytest.raises(InvalidInput, match="memory is no value"):
        await manager(services, tmp_path).start_kernel()
    [view] = services.registry.views("ada")
    assert (view.state, view.failure.cause, view.failure.hint) == (
        "failed",
        "The kernel's values do not fit: memory is no value.",
        "Ask less.",
    )
