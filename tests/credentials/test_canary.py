"""A whole day of one user, and then nothing of her passwords and tokens anywhere but in its place.

The canaries are passwords and tokens that occur nowhere else, so every trace of one is a leak.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import nbformat
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_ext.credentials.hdts import read_file_bytes
from jupyter_ext.sandbox import notebooks
from tests.conftest import eventually
from tests.server_process import LOG, ServerProcess, server_process

USER = "carol"
FIRST, SECOND, WRONG = ("Kanary+one/77 qZ=x&", "Kanary+two/88 wY=v&", "Kanary+bad/99 rX=u&")
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
KERBEROS = ("kinit", "kvno", "kpasswd")
CELLS = (
    "%load_ext jupyter_ext",
    "%cluster use prod",
    "%cluster status",
    "%cluster whoami",
    f"%cluster login prod {USER}",
    "from jupyter_ext.hadoop.native import hdfs\n"
    "print(hdfs().read('/data/README.txt').read()[:20])",
    "import os\nprint(dict(os.environ))",
    "from jupyter_ext.clusters.current import current\n"
    "from jupyter_ext.hadoop.clients import Hadoop\n"
    "async with Hadoop.here(current()) as hadoop:\n"
    "    print(hadoop, hadoop.connection, hadoop.connection.auth)\n"
    "    print(await hadoop.webhdfs.stat('/data'))",
)


class Haystack:
    """Everything that was seen, by where; and which needles are in it."""

    def __init__(self) -> None:
        self.hay: dict[str, set[bytes]] = {}
        self.needles: dict[str, bytes] = {}

    def add(self, where: str, what: bytes | str) -> None:
        """Keep something that was seen."""
        data = what.encode() if isinstance(what, str) else what
        self.hay.setdefault(where, set()).add(data)

    def add_files(self, root: Path, *, but: Path | None = None) -> None:
        """Keep every file below a directory."""
        for path in root.rglob("*"):
            if path.is_file() and (but is None or not path.is_relative_to(but)):
                with suppress(FileNotFoundError):
                    self.add(f"file {path.relative_to(root)}", path.read_bytes())

    def contains(self, where: str, what: str) -> bool:
        """Whether something was seen at a place, so that looking there means something."""
        hay = (
            data
            for name, found in tuple(self.hay.items())
            if name.startswith(where)
            for data in tuple(found)
        )
        return any(what.encode() in data for data in hay)

    def hits(self) -> list[str]:
        """Where which needle is, in which form."""
        return [
            f"{name} as {form} in {where}"
            for name, needle in self.needles.items()
            for form, wanted in forms(needle)
            for where, found in tuple(self.hay.items())
            if any(wanted in data for data in tuple(found))
        ]


def forms(needle: bytes) -> Iterator[tuple[str, bytes]]:
    """Every way in which a secret might be written down."""
    yield "itself", needle
    yield "hex", needle.hex().encode()
    yield "URL", quote(needle, safe="").encode()
    yield "URL, slashes kept", quote(needle).encode()
    yield "form", quote_plus(needle).encode()
    with suppress(UnicodeDecodeError):
        yield "JSON", json.dumps(needle.decode())[1:-1].encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):  # what stands before it, as the user's name in Basic, shifts it
            whole = encode(bytes(before) + needle)
            yield encode.__name__, whole[(0, 2, 3)[before] : len(whole) // 4 * 4 - 4]


@contextmanager
def processes_watched(haystack: Haystack) -> Iterator[None]:
    """Look at arguments and environment of every process, again and again."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for name in ("cmdline", "environ"):
                for path in Path("/proc").glob(f"[0-9]*/{name}"):
                    with suppress(OSError):
                        haystack.add(f"process {name}", path.read_bytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def spies(directory: Path, notes: Path) -> Path:
    """Make a directory of programs that note how they were started, and become the real ones.

    They live for some milliseconds, so looking now and then would miss most of them.
    """
    directory.mkdir()
    notes.mkdir()
    for name in KERBEROS:
        program = directory / name
        program.write_text(
            f"#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ > '{notes}/{name}'-$$\n"
            f"exec '{shutil.which(name)}' \"$@\"\n"
        )
        program.chmod(0o755)
    return directory


class Recorded:
    """A websocket that keeps what came."""

    def __init__(self, connection, haystack: Haystack) -> None:
        self._connection = connection
        self._haystack = haystack

    def __getattr__(self, name):
        return getattr(self._connection, name)

    async def read_message(self):
        data = await self._connection.read_message()
        if data is not None:
            self._haystack.add("websocket", data)
        return data


@asynccontextmanager
async def recorded_client(
    server: ServerProcess, haystack: Haystack
) -> AsyncIterator[httpx.AsyncClient]:
    """Make a client of the server's REST API whose every answer is kept."""

    async def keep(response: httpx.Response) -> None:
        await response.aread()
        haystack.add("response", b"\n".join(b": ".join(pair) for pair in response.headers.raw))
        haystack.add("response", response.content)

    async with server.client() as client:
        client.event_hooks = {"response": [keep]}
        yield client


@asynccontextmanager
async def open_tab(server: ServerProcess, haystack: Haystack) -> AsyncIterator[None]:
    """Have the panel open, as a browser would."""
    url = f"{server.url.replace('http', 'ws', 1)}jupyter-ext/status/stream"
    headers = {"Authorization": f"token {server.token}"}
    connection = Recorded(await websocket_connect(HTTPRequest(url, headers=headers)), haystack)

    async def read() -> None:
        while await connection.read_message() is not None:
            pass

    reading = asyncio.create_task(read())
    yield
    connection.close()
    await reading


def learn_secrets(server: ServerProcess, haystack: Haystack) -> None:
    """Take tokens and tickets from their place, to look for them everywhere else."""
    for path in server.secrets.rglob("tokens"):
        tokens, _ = read_file_bytes(path.read_bytes())
        for alias, token in tokens.items():
            haystack.needles[f"identifier of {token.kind} {alias}"] = token.identifier
            haystack.needles[f"password of {token.kind} {alias}"] = token.password
    for path in server.secrets.rglob("krb5cc"):
        # The end of the last ticket: its encrypted part.
        haystack.needles[f"ticket of {path.stat().st_ino}"] = path.read_bytes()[-160:]


async def a_day(server: ServerProcess, haystack: Haystack, root: Path) -> None:
    """Everything that a user does, mistakes included."""
    area = "jupyter-ext/credentials"
    async with recorded_client(server, haystack) as client, open_tab(server, haystack):

        async def post(path: str, status: int = 200, **body: object) -> None:
            reply = await client.post(f"{area}/{path}", json=body)
            assert reply.status_code == status, reply.text

        async def settled() -> bool:
            identity = (await client.get(f"{area}/prod")).json()
            return identity["account"] is not None and len(identity["tokens"]) == 2

        await post("prod/login", 403, user=USER, password=WRONG)
        await post("prod/login", 400, user=USER, password=[WRONG])
        await post("prod/login", 400, user=USER, passwort=WRONG)
        assert (await client.post(f"{area}/prod/login", content=WRONG)).status_code == 400
        await post("prod/login", user=USER, password=FIRST)
        # A mistake of a client: nothing can be done about the request, but the log is ours.
        await client.get(f"{area}/prod", params={"password": FIRST})
        await eventually(settled)
        learn_secrets(server, haystack)

        assert await notebooks.run_notebook(client, "day.ipynb") == len(CELLS)
        await post("prod/renew")
        await eventually(settled)
        learn_secrets(server, haystack)
        await post("prod/password", 403, user=USER, password=WRONG, new_password=SECOND)
        await post("prod/password", user=USER, password=FIRST, new_password=SECOND)
        await eventually(settled)
        learn_secrets(server, haystack)
        assert (await client.get("jupyter-ext/status/prod/nodes")).json()["nodes"]
        report = (await client.post("jupyter-ext/clusters/prod/doctor")).json()
        assert "spnego" in {check["name"] for check in report["checks"]}
        haystack.add_files(root, but=server.secrets)
        assert (await client.delete(f"{area}/prod")).status_code == 204


@pytest.fixture
def canary(sandbox) -> Iterator[None]:
    """Give the user the first password; nobody else uses her."""
    sandbox.kadmin(f'cpw -pw "{FIRST}" {USER}')
    yield
    sandbox.reset(USER)


@pytest.mark.timeout(300)
async def test_passwords_tickets_and_tokens_are_nowhere_else(
    sandbox, tmp_path, canary, monkeypatch
):
    root = tmp_path / "server"
    root.mkdir()
    shutil.copytree(sandbox.config_dir / "clusters", root / "config" / "clusters")
    # Every library's messages too, not only Jupyter's own.
    config = "import logging\n\nlogging.basicConfig(level=logging.DEBUG)\n"
    (root / "config" / "jupyter_server_config.py").write_text(config)
    (root / "home").mkdir()
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)
    nbformat.write(notebook, root / "home" / "day.ipynb")
    notes = tmp_path / "notes"
    path = f"{spies(tmp_path / 'bin', notes)}:{Path(sys.executable).parent}:/usr/bin:/bin"

    haystack = Haystack()
    haystack.needles |= {"first": FIRST.encode(), "second": SECOND.encode(), "bad": WRONG.encode()}

    async def recorded(*arguments: object, **options: object) -> Recorded:
        return Recorded(await websocket_connect(*arguments, **options), haystack)

    monkeypatch.setattr(notebooks, "websocket_connect", recorded)
    environment = {"JUPYTER_CONFIG_DIR": str(root / "config"), "PATH": path}
    with processes_watched(haystack):
        async with server_process(root, environment) as server:
            secrets = server.secrets
            await a_day(server, haystack, root)
            haystack.add_files(root, but=secrets)
    assert not secrets.exists()
    haystack.add_files(root)
    for note in notes.iterdir():
        haystack.add(f"program {note.name.partition('-')[0]}", note.read_bytes())

    # What was looked at is what should be looked at.
    for where, what in (
        (f"file {LOG}", "/jupyter-ext/credentials/prod/login"),
        (f"file {LOG}", "GETDELEGATIONTOKEN"),
        ("file data/jupyter-ext/audit.log", "wrong_password"),
        ("file ipython/profile_default/history.sqlite", "%cluster whoami"),
        ("file home/day.ipynb", "%cluster whoami"),
        ("websocket", f"{USER}@PROD.EXAMPLE.COM"),
        ("websocket", "KRB5CCNAME"),
        ("response", f"Wrong password for {USER}"),
        ("process cmdline", "jupyter_server"),
        ("process cmdline", "ipykernel_launcher"),
        ("process environ", "KRB5CCNAME"),
        *((f"program {name}", "KRB5_CONFIG=") for name in KERBEROS),
    ):
        assert haystack.contains(where, what), (where, what, sorted(haystack.hay))
    kinds = {name.partition(" ")[0] for name in haystack.needles}
    assert kinds == {"first", "second", "bad", "identifier", "password", "ticket"}
    assert haystack.hits() == []


# -- the search itself ------------------------------------------------------------------------


def shown(haystack: Haystack) -> Iterable[str]:
    return {hit.partition(" in ")[2] for hit in haystack.hits()}


TOKEN = bytes(range(200, 240))
WRITTEN: Mapping[str, bytes] = {
    "raw": b"x" + FIRST.encode() + b"y",
    "JSON": json.dumps({"password": FIRST}).encode(),
    "URL": f"GET /?{httpx.QueryParams({'password': FIRST})} HTTP/1.1".encode(),
    "Basic": base64.b64encode(f"carol:{FIRST}".encode()),
    "Basic of another": base64.b64encode(f"carola:{FIRST}".encode()),
    "token": TOKEN,
    "token in a URL string": base64.urlsafe_b64encode(b"\0\1" + TOKEN + b"\5"),
    "hex": TOKEN.hex().encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_leak_into_a_file_is_found(tmp_path, how):
    haystack = Haystack()
    haystack.needles |= {"password": FIRST.encode(), "token": TOKEN}
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"before" + bytes(5000) + WRITTEN[how] + b"after")
    (tmp_path / "clean").write_bytes(b"Kanary+one")
    haystack.add_files(tmp_path)
    assert shown(haystack) == {"file deep/file"}
    allowed = Haystack()
    allowed.needles = haystack.needles
    allowed.add_files(tmp_path, but=tmp_path / "deep")
    assert allowed.hits() == []


@pytest.mark.parametrize("name", ["cmdline", "environ"])
def test_a_leak_to_a_process_is_found(name):
    haystack = Haystack()
    haystack.needles["password"] = FIRST.encode()
    argv = [sys.executable, "-c", "input()", *([FIRST] if name == "cmdline" else [])]
    environment = {"SECRET": FIRST} if name == "environ" else {}
    with processes_watched(haystack):
        child = subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE)
        while f"process {name}" not in shown(haystack):
            assert child.poll() is None
        child.communicate(b"\n")
    assert shown(haystack) == {f"process {name}"}


async def test_a_leak_over_a_websocket_is_found():
    class Connection:
        async def read_message(self):
            return f'{{"password": "{FIRST}"}}'

    haystack = Haystack()
    haystack.needles["password"] = FIRST.encode()
    await Recorded(Connection(), haystack).read_message()
    assert shown(haystack) == {"websocket"}
