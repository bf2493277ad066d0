"""``make demo``: the sandbox, and a JupyterLab with notebooks that show what can be done with it.

Everything is below one directory, and everything that was started ends with this program. After a
``kill -9`` of it the next run finds what is left, takes over the clusters and replaces the Lab.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from jupyter_ext.errors import JupyterExtError, Unavailable
from jupyter_ext.sandbox import spec
from jupyter_ext.sandbox.jupyterlab import DemoLab, environment
from jupyter_ext.sandbox.lock import held
from jupyter_ext.sandbox.notebooks import log_in, run_notebook
from jupyter_ext.sandbox.people import PEOPLE
from jupyter_ext.sandbox.processes import own_id
from jupyter_ext.sandbox.sandbox import Sandbox
from jupyter_ext.sandbox.wait import until

NOTEBOOKS = Path(__file__).parents[2] / "binder" / "demo"
OTHER_DEMO_S = 1.0
REMIND_S = 10.0
Say = Callable[[str], None]


class Demo:
    """One run.

    Parameters
    ----------
    directory
        Where everything of it is.
    notebooks
        Directory of the notebooks to show.
    clusters
        Names of the clusters to start.
    say
        Told each step.
    """

    def __init__(self, directory: Path, notebooks: Path, clusters: Sequence[str], say: Say) -> None:
        self._directory = directory
        self._notebooks = notebooks
        self._wish = spec.Wish(clusters=clusters)
        self._say = say
        self._lab = DemoLab(directory)
        self._sandbox = Sandbox(directory / "sandbox")

    async def run(self, *, check: bool) -> None:
        """Start everything, and end it when cancelled; with ``check``, when every notebook ran.

        Raises
        ------
        Conflict
            If another demo runs in this directory.
        Unavailable
            If something does not start, or JupyterLab ends by itself.
        CellFailed
            If a cell of a notebook raises.
        """
        async with held(self._directory / "lock", f"demo {own_id()}", OTHER_DEMO_S) as lock:
            try:
                await self._lab.end()
                names = self._copy_notebooks()
                # Its lines come with seconds of their own; they begin where ours do.
                async with self._step(f"starting {', '.join(self._wish.clusters)}"):
                    await self._sandbox.up(self._wish, lambda line: print(line, flush=True))
                async with self._step("starting JupyterLab"):
                    await self._lab.start(lock)
                self._say(f"JupyterLab answers at {self._lab.url}")
                if check:
                    await self._check(names)
                else:
                    self._invite(names)
                    await self._wait()
            finally:
                await asyncio.shield(self._end())

    @asynccontextmanager
    async def _step(self, label: str) -> AsyncIterator[None]:
        """Tell when a step begins, and that it is still at it every ten seconds."""

        async def remind() -> None:
            while True:
                await asyncio.sleep(REMIND_S)
                self._say(f"… still {label}")

        self._say(label)
        reminder = asyncio.create_task(remind())
        try:
            yield
        finally:
            reminder.cancel()

    async def _end(self) -> None:
        self._say("ending JupyterLab and the clusters")
        try:
            await self._lab.end()
        finally:
            await self._sandbox.down(purge=False, say=lambda line: None)
        self._say("ended; nothing is left running")

    def _copy_notebooks(self) -> list[str]:
        sources = sorted(self._notebooks.glob("*.ipynb"))
        if not sources:
            raise Unavailable(
                f"There are no notebooks in {self._notebooks}.",
                hint="The demo needs a checkout of the source; or name a folder: --notebooks DIR",
            )
        self._lab.notebooks.mkdir(mode=0o700, parents=True, exist_ok=True)
        for source in sources:
            shutil.copy(source, self._lab.notebooks)
        return [source.name for source in sources]

    async def _check(self, names: Sequence[str]) -> None:
        async with self._lab.client() as client:
            if "prod" in self._wish.clusters:
                async with self._step(f"logging in to prod as {PEOPLE[0].name}"):
                    await log_in(client, "prod", PEOPLE[0])
            for name in names:
                began = time.monotonic()
                async with self._step(f"running {name}"):
                    cells = await run_notebook(client, name)
                self._say(f"✔ {name}: {cells} cells in {time.monotonic() - began:.1f} s")

    def _invite(self, names: Sequence[str]) -> None:
        lab = f"{self._lab.url}lab/tree/{names[0]}?token={self._lab.token}"
        print(
            f"\n  {lab}\n\n"
            "  Open it in a browser and look at:\n"
            "  - the panel Clusters at the left: dev and stage are live, prod asks for a log-in\n"
            "    (alice, alice-password);\n"
            f"  - the notebooks {', '.join(names)}: run them from top to bottom;\n"
            "  - the name of the cluster in a notebook's toolbar: it follows %cluster use.\n\n"
            "  The notebooks are copies; a new demo overwrites them.\n"
            "  Ctrl-C ends everything that was started here.\n",
            flush=True,
        )

    async def _wait(self) -> None:
        await until(lambda: not self._lab.alive, math.inf, 0.5)
        raise Unavailable("JupyterLab has ended.", hint=f"Its log is {self._lab.log}.")


async def _supervise(demo: Demo, *, check: bool) -> int:
    """Run until done or told to end; a second signal ends this program at once."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(demo.run(check=check))
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def cancel() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, cancel)
    try:
        await task
    except asyncio.CancelledError:
        return 130 if check else 0
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo.

    Returns
    -------
    int
        0 when it ended as wanted, 1 after a failure, 130 when a check was interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m jupyter_ext.sandbox.demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="run every notebook, then end")
    parser.add_argument("--dir", type=Path, default=Path(".demo"), help="default: .demo")
    parser.add_argument("--notebooks", type=Path, default=NOTEBOOKS, metavar="DIR")
    parser.add_argument(
        "--only", action="append", choices=spec.DEMO, metavar="CLUSTER", help="not all clusters"
    )
    arguments = parser.parse_args(argv)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)

    try:
        clusters = arguments.only or spec.DEMO
        directory = arguments.dir.absolute()
        # The sandbox writes its profiles where Jupyter looks for configuration.
        os.environ.update(environment(directory))
        demo = Demo(directory, arguments.notebooks, clusters, say)
        return asyncio.run(_supervise(demo, check=arguments.check))
    except JupyterExtError as error:
        print(f"✘ {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted again; the next demo tidies up what is left.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
