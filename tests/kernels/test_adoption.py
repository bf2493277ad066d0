"""Kernels outlive their server, however it ends."""

from __future__ import annotations

import asyncio

from tests.conftest import eventually
from tests.kernels import served
from tests.kernels.served import evaluate, start, until
from tests.server_process import server_process

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
            await kernel.wait_for_ready(timeout=30)
            kernel.execute(f"{cell}y = 'done'")
            await until(server, busy, "busy")
        await served.kill(server)
    await served.kill_agent(kernels_root, lost)

    async with server_process(kernels_root, served.CLEAN) as server:
        async with server.client() as client:
            sessions = (await client.get("api/sessions")).json()
        [found] = [each for each in sessions if each["id"] == session["id"]]
        assert (found["path"], found["kernel"]["id"]) == ("a.ipynb", idle)
        await until(server, idle, "idle")
        await until(server, busy, "busy")
        await until(server, lost, "dead")
        assert await evaluate(server, idle, f"{PID}; print(x + 1)") == f"{pid}42\n"
        flag.touch()
        await until(server, busy, "idle")
        assert await evaluate(server, busy, "print(y)") == "done\n"

        async with server.client() as client:
            flag.unlink()
            async with served.client(server, busy) as kernel:
                await kernel.wait_for_ready(timeout=30)
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
            async with server_process(kernels_root, served.CLEAN) as third:
                assert await served.state(third, stays) == "", "its owner lives"
            async with server.client() as client:
                await client.delete(f"api/kernels/{stays}")
    await eventually(lambda: not served.agents(kernels_root))


async def test_a_kernel_whose_container_ends_is_dead_until_somebody_restarts_it(kernels_root):
    """Its process alone comes back by itself, where it was."""
    async with server_process(kernels_root, served.CLEAN) as server:
        kernel_id = (await start(server))["kernel"]["id"]
        await until(server, kernel_id, "idle")
        before = await evaluate(server, kernel_id, PID)
        [agent] = served.agents(kernels_root)
        async with served.client(server, kernel_id) as kernel:
            await kernel.wait_for_ready(timeout=30)
            kernel.execute("import os; os.kill(os.getpid(), 9)")

        async def is_back() -> bool:
            try:
                return await evaluate(server, kernel_id, PID, timeout_s=3) != before
            except (RuntimeError, TimeoutError):
                return False

        await eventually(is_back)
        assert served.agents(kernels_root) == [agent]
        await served.kill_agent(kernels_root, kernel_id)
        await until(server, kernel_id, "dead")
        await asyncio.sleep(0)
        assert not served.agents(kernels_root)
        async with server.client() as client:
            await client.delete(f"api/kernels/{kernel_id}")
            assert (await client.get("api/kernels")).json() == []
