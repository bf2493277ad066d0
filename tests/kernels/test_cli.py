"""``jupyter cluster kernels``: kernels of servers, and those that lost theirs."""

import asyncio
import json
import os
import subprocess
import sys
import uuid

import pytest

from jupyter_ext.cli import main
from tests.conftest import eventually
from tests.kernels.served import CLEAN, kill
from tests.server_process import server_process

SPEC = "local-python"


class Command:
    """The command line beside a server."""

    def __init__(self, root):
        self._environment = os.environ | {
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
            "JUPYTER_CONFIG_DIR": str(root / "config"),
        }

    async def __call__(self, *arguments, typed=""):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "jupyter_ext.cli", "kernels", *arguments],
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    async def list(self):
        code, text, errors = await self("list", "--json")
        assert (code, errors) == (0, "")
        return json.loads(text)


async def started(api, command):
    """Start a kernel and wait for it as the command line sees it."""

    async def offered():
        return SPEC in (await api.get("api/kernelspecs")).json()["kernelspecs"]

    await eventually(offered)
    kernel_id = str(uuid.uuid4())
    await api.post("api/kernels", json={"name": SPEC, "kernel_id": kernel_id})

    async def runs():
        reply = await api.get(f"jupyter-ext/kernels/{kernel_id}")
        return reply.is_success and reply.json()["state"] == "running"

    await eventually(runs)
    return kernel_id


async def test_kernels_with_and_without_a_server(tmp_path):
    command = Command(tmp_path)
    async with server_process(tmp_path, CLEAN) as server:
        async with server.client() as api:
            kept, ended = await started(api, command), await started(api, command)
        found = {each["kernel_id"]: each for each in await command.list()}
        assert found.keys() == {kept, ended}
        assert (found[kept]["state"], found[kept]["server"]) == ("running", server.url)
        code, text, _ = await command("list")
        assert code == 0
        assert f"{kept[:8]}  Python (outlives the server)  running" in text
        assert (await command("logs", kept[:8]))[0] == 0
        typed = "for n in range(2):\n    print('n', n)\n\n\n6 * 7\nx = 1/0\n"
        code, text, errors = await command("attach", kept, typed=typed)
        assert (code, text.splitlines()[:3]) == (0, ["n 0", "n 1", "42"])
        assert "ZeroDivisionError" in text + errors
        code, _, errors = await command("kill", ended)
        assert (code, errors) == (
            1,
            "jupyter cluster: Nothing is ended unasked.\n  Add --yes.\n",
        )
        code, text, _ = await command("kill", ended, "--yes")
        assert (code, text) == (0, "Python (outlives the server) has ended.\n")
        assert [each["kernel_id"] for each in await command.list()] == [kept]
        assert (await command("prune", "--yes"))[1] == (
            "There is no kernel without a server.\nNothing was ended.\n"
        )
        await kill(server)
    [lost] = await command.list()
    assert (lost["kernel_id"], lost["state"], lost["server"]) == (kept, "orphan", None)
    code, _, errors = await command("attach", kept)
    assert code == 1
    assert "has no Jupyter server through which it could be reached" in errors
    code, text, _ = await command("prune", "--yes", "--json")
    assert code == 0
    assert [each["kernel_id"] for each in json.loads(text)] == [kept]
    assert (await command("list"))[1] == "There is no kernel on a cluster.\n"


async def test_kernelspecs_are_made_once(tmp_path):
    command = Command(tmp_path)
    assert await command("sync") == (0, "local-python: written\n", "")
    code, text, _ = await command("sync")
    assert (code, text) == (0, "The kernelspecs say what the clusters' profiles say.\n")
    code, text, _ = await command("sync", "--json")
    assert json.loads(text) == {"written": [], "removed": [], "kept": []}


async def test_a_kernel_that_is_none(tmp_path):
    code, _, errors = await Command(tmp_path)("logs", "nosuch")
    assert code == 1
    assert errors == (
        "jupyter cluster: There is no kernel nosuch.\n  jupyter cluster kernels list shows all.\n"
    )


def test_lines_are_a_number(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["kernels", "logs", "k", "--lines", "0"])
    assert "expected a number from 1 to 10000" in capsys.readouterr().err


def test_an_empty_id_is_no_beginning_of_one(capsys):
    """What a script has when its variable is not set; it must not end the only kernel there is."""
    with pytest.raises(SystemExit):
        main(["kernels", "kill", "", "--yes"])
    assert "expected the id of a kernel, or its beginning" in capsys.readouterr().err
