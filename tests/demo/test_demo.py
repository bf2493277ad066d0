"""``make demo``: it starts, survives its own death, and leaves nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import nbformat
import pytest

from jupyter_ext.errors import Conflict
from jupyter_ext.sandbox.demo import Demo
from jupyter_ext.sandbox.jupyterlab import DemoLab
from jupyter_ext.sandbox.lock import held
from jupyter_ext.sandbox.notebooks import CellFailed, run_notebook
from tests.conftest import eventually

ROOT = Path(__file__).parents[2]
URL = re.compile(r"http://127\.0\.0\.1:\d+/lab/tree/\S+\?token=\w+")


def write_notebook(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python-clusters", "display_name": "Python (clusters)"}},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture(autouse=True)
def _kernelspec_of_the_tree(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@asynccontextmanager
async def running_lab(directory: Path) -> AsyncIterator[DemoLab]:
    """A JupyterLab as the demo starts it, without clusters."""
    lab = DemoLab(directory)
    async with held(directory / "lock", "test") as lock:
        try:
            await lab.start(lock)
            yield lab
        finally:
            await lab.end()
    assert belongings(directory) == []


def belongings(directory: Path) -> list[str]:
    """Command lines of the processes that belong to the demo in a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if command and str(directory).encode() in environment:
            found.append(command)
    return found


async def test_notebooks_run_through_the_server(tmp_path):
    notebooks = tmp_path / "notebooks"
    write_notebook(
        notebooks / "good.ipynb",
        f"import os\nassert os.environ['IPYTHONDIR'] == {str(tmp_path / 'ipython')!r}",
        "%cluster list",
        "from ipywidgets import IntSlider\nIntSlider()",
    )
    write_notebook(notebooks / "bad.ipynb", "x = 1", "print(x)\nraise ValueError('of course')")
    write_notebook(notebooks / "usage.ipynb", "%cluster use nosuch")
    async with running_lab(tmp_path) as lab, lab.client() as client:
        assert await run_notebook(client, "good.ipynb") == 3
        with pytest.raises(CellFailed) as error:
            await run_notebook(client, "bad.ipynb")
        assert error.value.message == "bad.ipynb, code cell 2 (print(x)): ValueError: of course"
        with pytest.raises(CellFailed, match="There is no cluster named nosuch"):
            await run_notebook(client, "usage.ipynb")
        assert (await client.get("api/kernels")).json() == [], "every kernel has ended"


async def test_the_lab_is_private_and_ends_with_its_kernels(tmp_path):
    write_notebook(tmp_path / "notebooks" / "a.ipynb", "1")
    async with running_lab(tmp_path) as lab, lab.client() as client:
        assert lab.url.startswith("http://127.0.0.1:")
        body = {"path": "a.ipynb", "name": "", "type": "notebook"}
        kernel = {"kernel": {"name": "python-clusters"}}
        assert (await client.post("api/sessions", json=body | kernel)).status_code == 201
        async with httpx.AsyncClient(base_url=lab.url, trust_env=False) as stranger:
            assert (await stranger.get("api/contents")).status_code == 403
        commands = belongings(tmp_path)
        assert any("jupyterlab" in command for command in commands)
        assert any("ipykernel" in command for command in commands)
        assert not any(lab.token in command for command in commands), "ps shows no token"
        # What a later demo does first, with what an earlier one that was killed has left.
        await DemoLab(tmp_path).end()
        assert belongings(tmp_path) == []


async def test_two_demos_in_one_directory_are_refused(tmp_path):
    write_notebook(tmp_path / "notebooks-of-mine" / "a.ipynb", "1")
    async with held(tmp_path / "lock", "demo"):
        demo = Demo(tmp_path, tmp_path / "notebooks-of-mine", ["dev"], lambda line: None)
        with pytest.raises(Conflict, match="Another command works on"):
            await demo.run(check=True)


class Run:
    """The demo as a process of its own, as ``make demo`` starts it."""

    def __init__(self, directory: Path, *options: str) -> None:
        notebooks = directory.parent / "notebooks"
        write_notebook(notebooks / "01.ipynb", "%cluster use dev", "%cluster")
        command = [sys.executable, "-m", "jupyter_ext.sandbox.demo", "--only", "dev"]
        self.process = subprocess.Popen(
            [*command, "--dir", directory, "--notebooks", notebooks, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    async def url(self) -> str:
        """The address it prints when everything is up."""

        def printed() -> str | None:
            assert self.process.poll() is None, self.lines
            found = URL.search("\n".join(self.lines))
            return found[0] if found else None

        return str(await eventually(printed, 120))

    async def ended(self) -> int:
        """Its exit status."""
        await eventually(lambda: self.process.poll() is not None, 60)
        self._reader.join()
        return self.process.returncode


async def test_it_comes_back_after_a_kill_and_ends_everything(tmp_path, monkeypatch):
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    directory = tmp_path / "demo"
    first = Run(directory)
    await first.url()
    first.process.kill()
    await first.ended()
    left = belongings(directory)
    assert any("java" in command for command in left), "the clusters live on"

    second = Run(directory)
    url = await second.url()
    async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as client:
        assert (await client.get(url)).status_code == 200
    assert sum("jupyterlab" in command for command in belongings(directory)) == 1
    second.process.send_signal(signal.SIGINT)
    assert await second.ended() == 0
    assert second.lines[-1].endswith("ended; nothing is left running")
    assert belongings(directory) == []
    listed = json.loads((directory / "config" / "jupyter_server_config.json").read_text())
    assert listed["ServerApp"]["ip"] == "127.0.0.1"

    check = Run(directory, "--check")
    assert await check.ended() == 0, check.lines
    assert any(re.search(r"✔ 01\.ipynb: 2 cells in [\d.]+ s", line) for line in check.lines)
    assert belongings(directory) == []
