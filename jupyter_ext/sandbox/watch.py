"""Ending the sandbox when another process has ended: tests that are killed leave no clusters.

It is a process of its own, because nothing else of the sandbox outlives ``up`` that could run
``down``. It is no daemon of a cluster and shows in no status.
"""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
from pathlib import Path

from jupyter_ext.sandbox.processes import COOKIE, Program, identity, same_process
from jupyter_ext.sandbox.wait import until

NAME = "watch"
VARIABLE = "JUPYTER_EXT_SANDBOX_UNTIL_EXIT"
"""Environment variable that holds the process id of whom to outlive no more."""
_EVERY_S = 0.5


def program(pid: int, directory: Path) -> Program:
    """Describe what watches a process and ends the sandbox in a directory after it.

    Raises
    ------
    NotFound
        If there is no such process.
    """
    watched = identity(pid)
    argv = (sys.executable, "-m", "jupyter_ext.sandbox.watch", watched)
    environment = {"JUPYTER_EXT_SANDBOX_DIR": str(directory)}
    return Program(NAME, argv, Path("/"), environment, watched.replace(" ", "/"))


def main(watched: str) -> None:
    """Wait for the end of a process, then leave the rest to ``jupyter cluster sandbox down``."""
    asyncio.run(until(lambda: same_process(watched) is None, math.inf, _EVERY_S))
    command = [sys.executable, "-m", "jupyter_ext.cli", "sandbox", "down"]
    # It must be no part of the sandbox: those it ends, and this process is one.
    environment = {key: value for key, value in os.environ.items() if key != COOKIE}
    subprocess.Popen(command, env=environment, start_new_session=True)


if __name__ == "__main__":
    main(sys.argv[1])
