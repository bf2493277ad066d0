"""``jupyter cluster``: the command line of the suite."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from jupyter_ext.errors import JupyterExtError


def parser() -> argparse.ArgumentParser:
    """Every sub-command of every area."""
    from jupyter_ext.clusters.cli import add_commands as add_cluster_commands
    from jupyter_ext.credentials.cli import add_commands as add_credentials_commands
    from jupyter_ext.kernels.cli import add_commands as add_kernels_commands
    from jupyter_ext.sandbox.cli import add_commands as add_sandbox_commands

    root = argparse.ArgumentParser(prog="jupyter cluster", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_cluster_commands(commands)
    add_credentials_commands(commands)
    add_kernels_commands(commands)
    add_sandbox_commands(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 on success, 1 if the command failed, 2 if it was not understood.
    """
    arguments = parser().parse_args(argv)
    try:
        status = int(arguments.run(arguments) or 0)
        sys.stdout.flush()
    except JupyterExtError as error:
        print(f"jupyter cluster: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever reads the output has seen enough, such as head. Python's own flush at the end
        # must not find the closed pipe once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    else:
        return status


if __name__ == "__main__":
    sys.exit(main())
