"""Kernels outlive their server, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid

from jupyter_ext.store import Store
from tests.conftest import eventually
from tests.kernels import killed_start, served
from tests.kernels.served import evaluate, start, until
from tests.server_process import server_process

CREDENTIALS = """
import os, pathlib
print(pathlib.Path(os.environ["JUPYTER_EXT_CREDENTIALS"], "clusters.json").exists())
"""
PID = "import os; print(os.getpid())"


async def test_kernels_go_on_when_their_server_is_killed(kernels_root):
    """What they are and run stays; sessions are found by their ids; all can be done as before."""
    flag = kernels_root / "flag"
    cell = (
        f"import pathlib, time\nwhile not pathlib.Path({str(flag)!r}).exists(): time.sleep(0.05)\n"
    )
    async with server_process(kernels_root, served.CLEAN) as server:
        session = await start(server)
        idle, busy, lost = (
            session["kernel"]["id"],
            (await start(server, "b.ipynb"))["kernel"]["id"],
            (await start(server, "c.ipynb"))["kernel"]["id"],
        )
        for kernel_id in (idle, busy, lost):
            await until(server, kernel_id, "idle")
        pid = await evaluate(server, idle, f"x = 41; {PID}")
        async with served.client(server, busy) as kernel:
            kernel.execute(f"{cell}y = 'done'")
            await until(server, busy, "busy")
        await served.kill(server)
    await served.kill_agent(kernels_root, lost)

    async with server_process(kernels_root, served.CLEAN) as server:
        async with server.client() as client:
            sessions = (await client.get("api/sessions")).json()
        [found] = [each for each in sessions if each["id"] == session["id"]]
        assert (found["path"], found["kernel"]["id"]) == ("a.ipynb", idle)
        async with server.client() as client:
            view = (await client.get(f"jupyter-ext/kernels/{idle}")).json()
        assert view["notebook"] == "a.ipynb"
        await until(server, idle, "idle")
        await until(server, busy, "busy")
        await until(server, lost, "dead")
        assert await evaluate(server, idle, f"{PID}; print(x + 1)") == f"{pid}42\n"
        assert await evaluate(server, idle, CREDENTIALS) == "True\n"
        flag.touch()
        await until(server, busy, "idle")
        assert await evaluate(server, busy, "print(y)") == "done\n"

        async with server.client() as client:
            flag.unlink()
            async with served.client(server, busy) as kernel:
                kernel.execute(cell)
                await until(server, busy, "busy")
                await client.post(f"api/kernels/{busy}/interrupt")
                await until(server, busy, "idle")
            [agent] = served.agents(kernels_root, idle)
            assert (await client.post(f"api/kernels/{idle}/restart")).is_success
            again = await evaluate(server, idle, f"{PID}; print('x' in dir())")
            assert again.endswith("False\n")
            assert not again.startswith(pid)
            assert served.agents(kernels_root, idle) == [agent], "the container is another"
            assert (await client.post(f"api/kernels/{lost}/restart")).is_success
            await until(server, lost, "idle")
            assert await evaluate(server, lost, "print(1)") == "1\n"
            for kernel_id in (idle, busy, lost):
                assert (await client.delete(f"api/kernels/{kernel_id}")).is_success
    await eventually(lambda: not served.agents(kernels_root))


async def test_a_clean_stop_leaves_kernels_to_the_next_start_and_nobody_else(kernels_root):
    """Plain kernels end as ever; a server beside, of another directory, takes none."""
    async with server_process(kernels_root, served.CLEAN) as server:
        stays = (await start(server))["kernel"]["id"]
        plain = (await start(server, "b.ipynb", served.PLAIN))["kernel"]["id"]
        assert await evaluate(server, plain, "print(1)") == "1\n"
        await until(server, stays, "idle")
        await evaluate(server, stays, "x = 41")
    assert len(served.agents(kernels_root)) == 1
    assert not served.connection_file(server, stays).exists()
    elsewhere = {**served.CLEAN, "JUPYTER_EXT_TEST_ROOT_DIR": str(kernels_root / "data")}
    async with server_process(kernels_root, elsewhere) as other:
        assert await served.state(other, stays) == ""
        async with server_process(kernels_root, served.CLEAN) as server:
            assert await served.state(server, plain) == ""
            await until(server, stays, "idle")
            assert await evaluate(server, stays, "print(x + 1)") == "42\n"
            async with server.client() as client:
                await client.delete(f"api/kernels/{stays}")
    await eventually(lambda: not served.agents(kernels_root))


async def test_a_start_whose_server_is_killed_leaves_one_kernel_or_none(kernels_root):
    """Whenever that is: what exists comes up under the next server, what does not is forgotten."""
    place = kernels_root / "home"
    place.mkdir(mode=0o700)
    environment = {
        **os.environ,
        "JUPYTER_DATA_DIR": str(kernels_root / "data"),
        "JUPYTER_RUNTIME_DIR": str(kernels_root / "runtime"),
    }
    ids = {moment: str(uuid.uuid4()) for moment in killed_start.MOMENTS}

    async def start_and_die(moment: str) -> int:
        arguments = (str(place), str(kernels_root), moment, ids[moment])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.kernels.killed_start", *arguments), env=environment
        )
        return await process.wait()

    codes = await asyncio.gather(*map(start_and_die, killed_start.MOMENTS))
    assert set(codes) == {-signal.SIGKILL}
    async with server_process(kernels_root, served.CLEAN) as server:
        for moment in ("started", "met", "launched"):
            await until(server, ids[moment], "idle")
            assert await evaluate(server, ids[moment], "print(6 * 7)") == "42\n"
            [agent] = served.agents(kernels_root, ids[moment])
            assert len(agent.children()) == 1
        assert await served.state(server, ids["prepared"]) == ""
        await until(server, ids["written"], "dead")
        assert len(served.agents(kernels_root)) == 3
        await served.end_all(server)
    assert Store(kernels_root / "data" / "jupyter-ext" / "state.db").read_now().kernels == []


async def test_a_kernel_whose_container_ends_is_dead_until_somebody_restarts_it(kernels_root):
    """Its process alone comes back by itself, where it was."""
    async with server_process(kernels_root, served.CLEAN) as server:
        kernel_id = (await start(server))["kernel"]["id"]
        await until(server, kernel_id, "idle")
        before = await evaluate(server, kernel_id, PID)
        [agent] = served.agents(kernels_root)
        async with served.client(server, kernel_id) as kernel:
            kernel.execute("import os; os.kill(os.getpid(), 9)")

        async def is_back() -> bool:
            async with server.client() as client:
                view = (await client.get(f"jupyter-ext/kernels/{kernel_id}")).json()
            return view["restarts"] == 1 and view["state"] == "running"

        await eventually(is_back)
        assert await evaluate(server, kernel_id, PID) != before
        assert served.agents(kernels_root) == [agent]
        await served.kill_agent(kernels_root, kernel_id)
        await until(server, kernel_id, "dead")
        assert not served.agents(kernels_root)
        async with server.client() as client:
            await client.delete(f"api/kernels/{kernel_id}")
            assert (await client.get("api/kernels")).json() == []
