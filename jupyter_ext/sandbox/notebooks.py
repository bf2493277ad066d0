"""Run notebooks the way a browser does: through a running server's REST API and websocket."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_ext.errors import JupyterExtError, Unavailable
from jupyter_ext.sandbox.people import Person

CELL_S = 120.0
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class CellFailed(JupyterExtError):
    """A cell of a notebook raised."""

    code = "cell_failed"


async def log_in(client: httpx.AsyncClient, cluster: str, person: Person) -> None:
    """Log the server's user in to a cluster of the sandbox, as its login dialog does.

    Parameters
    ----------
    client
        Of the server, with its base URL and authorization.

    Raises
    ------
    Unavailable
        If the login is refused.
    """
    body = {"user": person.name, "password": person.password}
    await _call(client, "POST", f"jupyter-ext/credentials/{quote(cluster)}/login", body)


async def run_notebook(client: httpx.AsyncClient, path: str) -> int:
    """Run every code cell of a notebook in a fresh kernel, and end that kernel.

    Parameters
    ----------
    client
        Of the server, with its base URL and authorization.
    path
        Of the notebook, as the server sees it.

    Returns
    -------
    int
        How many cells ran.

    Raises
    ------
    CellFailed
        At the first cell that raises, or takes longer than two minutes.
    Unavailable
        If the server does not do its part.
    """
    try:
        model = await _call(client, "GET", f"api/contents/{quote(path)}")
        notebook = model["content"]
        session = await _call(
            client,
            "POST",
            "api/sessions",
            {
                "path": path,
                "name": path,
                "type": "notebook",
                "kernel": {"name": notebook["metadata"]["kernelspec"]["name"]},
            },
        )
        try:
            return await _run_cells(client, path, notebook, session["kernel"]["id"])
        finally:
            await client.delete(f"api/sessions/{session['id']}")
    except httpx.TransportError as error:
        raise Unavailable(f"{path}: the server is gone: {error}") from None


async def _call(client: httpx.AsyncClient, method: str, url: str, body: Any = None) -> Any:
    reply = await client.request(method, url, json=body)
    if not reply.is_success:
        raise Unavailable(f"{method} {url}: {reply.status_code} {reply.text[:300]}")
    return reply.json()


async def _run_cells(
    client: httpx.AsyncClient, path: str, notebook: dict[str, Any], kernel: str
) -> int:
    url = client.base_url.join(f"api/kernels/{kernel}/channels")
    address = url.copy_with(scheme="wss" if url.scheme == "https" else "ws")
    headers = {"Authorization": client.headers["Authorization"]}
    connection = await websocket_connect(
        HTTPRequest(str(address), headers=headers), max_message_size=64 << 20
    )
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    try:
        for number, cell in enumerate(cells, 1):
            try:
                async with asyncio.timeout(CELL_S):
                    failure = await _execute(connection, cell["source"])
            except TimeoutError:
                failure = f"took longer than {CELL_S:.0f} s"
            if failure:
                line = cell["source"].strip().splitlines()[0]
                raise CellFailed(f"{path}, code cell {number} ({line}): {failure}")
    finally:
        connection.close()
    return len(cells)


async def _execute(connection: WebSocketClientConnection, code: str) -> str:
    """Run one cell; gives the error it ended with, or nothing."""
    request = uuid.uuid4().hex
    message = {
        "channel": "shell",
        "header": {
            "msg_id": request,
            "msg_type": "execute_request",
            "version": "5.4",
            "session": request,
            "username": "",
            "date": "",
        },
        "parent_header": {},
        "metadata": {},
        "content": {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        },
    }
    await connection.write_message(json.dumps(message))
    failure, waits_for = "", {"execute_reply", "idle"}
    async for answer in _answers(connection, request):
        kind, content = answer["header"]["msg_type"], answer["content"]
        if kind == "error":
            failure = _explain(content)
        elif kind == "status":
            waits_for.discard(content["execution_state"])
        else:
            waits_for.discard(kind)
            if kind == "execute_reply" and content["status"] != "ok" and not failure:
                failure = _explain(content)
        if not waits_for:
            break
    return failure


async def _answers(
    connection: WebSocketClientConnection, request: str
) -> AsyncIterator[dict[str, Any]]:
    while True:
        data = await connection.read_message()
        if data is None:
            raise Unavailable("The kernel's connection was closed.", hint="See the server's log.")
        if isinstance(data, bytes):
            continue  # a widget's binary buffers
        answer: dict[str, Any] = json.loads(data)
        if answer["parent_header"].get("msg_id") == request:
            yield answer


def _explain(content: dict[str, Any]) -> str:
    trace = _ANSI.sub("", "\n".join(content.get("traceback", [])[-1:]))
    return trace or f"{content.get('ename', 'error')}: {content.get('evalue', '')}"
