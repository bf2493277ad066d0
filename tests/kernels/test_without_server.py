"""Programs that are no Jupyter server start the same kernels: nbclient, jupyter console."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from jupyter_ext.store import Store
from tests.conftest import eventually
from tests.kernels import served

RUN = """
import sys
import nbclient, nbformat
cells = [nbformat.v4.new_code_cell(source) for source in sys.argv[1:]]
notebook = nbformat.v4.new_notebook(cells=cells)
nbclient.NotebookClient(notebook, kernel_name="stays").execute()
print(notebook.cells[-1].outputs[0].text)
"""


def _environment(root: Path) -> dict[str, str]:
    return {
        **os.environ,
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
    }


async def test_a_local_kernel_does_what_jupyter_asks_of_kernels(kernels_root):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.kernels.conformance", served.SPEC),
        env=_environment(kernels_root),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert not served.agents(kernels_root)


async def test_nbclient_runs_a_notebook_and_leaves_nothing(kernels_root):
    run = [sys.executable, "-c", RUN, "x = 41", "print(x + 1)"]
    ended = await asyncio.to_thread(
        subprocess.run,
        run,
        env=_environment(kernels_root),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.strip() == "42", ended.stderr
    assert not served.agents(kernels_root)
    found = Store(kernels_root / "data" / "jupyter-ext" / "state.db").read_now()
    assert (found.kernels, found.sessions) == ([], [])
    assert not list((kernels_root / "data" / "jupyter-ext" / "owners").iterdir())


async def test_a_program_that_ends_without_a_word_takes_its_kernels_along(kernels_root):
    """Whether it forgets them, or is killed: then it is the lease that ends them."""
    forget = (
        "from jupyter_client.manager import start_new_kernel\n"
        "start_new_kernel(kernel_name='stays')\n"
        "print('started', flush=True)\n"
        "import sys; sys.stdin.read()\n"
    )

    async def start() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", forget),
            env=_environment(kernels_root),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"started\n"
        return process

    forgetful, killed = await asyncio.gather(start(), start())
    assert len(served.agents(kernels_root)) == 2
    forgetful.stdin.close()
    await forgetful.wait()
    await eventually(lambda: len(served.agents(kernels_root)) == 1)
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    [row] = [
        row
        for row in Store(kernels_root / "data" / "jupyter-ext" / "state.db").read_now().kernels
        if served.agents(kernels_root, row.kernel_id)
    ]
    assert row.bootstrap["lease_s"] <= 60
