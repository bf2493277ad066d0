"""From a container that exists to a kernel that answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

import zmq
import zmq.asyncio

from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels import failures
from jupyter_ext.kernels.backend import LaunchFailed, Tell
from jupyter_ext.kernels.models import Failure
from jupyter_ext.kernels.running import Running

DIAL_S = 60.0
"""Seconds that the agent in a container that runs gets to reach the hub."""
ANSWER_S = 60.0
"""Seconds that a kernel process gets to answer; then it counts as one that never does."""
LINES = 30
"""Of the container's log, in diagnostics."""


async def bring_up(running: Running, tell: Tell) -> None:
    """Wait for the agent, let it start the kernel, and wait until that answers.

    Raises
    ------
    LaunchFailed
        If the container or the kernel ends meanwhile, or the agent does not reach the hub.
    """
    await _or_end(running, running.backend.watch(running.row.handle, tell), _meet(running))
    running.find_place()
    if running.starts == 0:
        await running.push_credentials()
        running.attachment.tell({"type": "launch", **running.launch})
    await until_it_answers(running, 0)
    instance = running.attachment.state.instance
    await running.change(starting=False, ready_at=time.time(), instance=instance)
    tell("ready", "")


async def until_it_answers(running: Running, starts: int) -> None:
    """Wait until a kernel process answers that was started after ``starts`` others.

    Raises
    ------
    LaunchFailed
        If it ends instead.
    """

    def new() -> Mapping[str, Any] | None:
        if running.failure is not None:
            return {"state": "exited"}
        return running.attachment.state.kernel if running.starts > starts else None

    def end() -> Failure | None:
        kernel = new()
        if kernel is None or kernel["state"] != "exited":
            return None
        return running.failure or failures.exited(
            kernel.get("exit") or {}, running.row.values.get("memory_mb")
        )

    await running.until(new)
    await _or_end(running, running.until(end), _heartbeat(running.connection_info))


async def _or_end(
    running: Running, end: Coroutine[Any, Any, Failure], work: Coroutine[Any, Any, None]
) -> None:
    """Do something, unless an end comes first."""
    ending, working = asyncio.create_task(end), asyncio.create_task(work)
    try:
        await asyncio.wait([ending, working], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise LaunchFailed(ending.result(), running.row.cluster)
        working.result()
    finally:
        for task in (ending, working):
            task.cancel()
        await asyncio.gather(ending, working, return_exceptions=True)


async def _meet(running: Running) -> None:
    """Wait for the agent: as long as there is no container, and then only so long."""
    meeting = asyncio.ensure_future(running.attachment.attached())
    waited_s = 0.0
    try:
        while not meeting.done():
            await asyncio.wait([meeting], timeout=1.0)
            waited_s = waited_s + 1 if running.phase == "starting" else 0.0
            if waited_s > DIAL_S:
                hubs = running.row.bootstrap["hubs"]
                raise LaunchFailed(
                    failures.no_dial(hubs, DIAL_S, await _logs(running)), running.row.cluster
                )
        meeting.result()
    finally:
        meeting.cancel()


async def _logs(running: Running) -> str:
    try:
        return await running.backend.logs(running.row.handle, LINES)
    except JupyterExtError as error:
        return error.message


async def _heartbeat(info: Mapping[str, Any]) -> None:
    """Wait until a kernel answers on its heartbeat channel, which needs no key."""
    with zmq.asyncio.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(f"ipc://{info['ip']}-{info['hb_port']}")
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await socket.send(b"ping")
                await socket.recv()
