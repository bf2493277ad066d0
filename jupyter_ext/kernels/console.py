"""A small console on a kernel: for pipes, and where jupyter-console is not installed."""

from __future__ import annotations

import queue
import sys
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from jupyter_ext.errors import Unreachable

READY_S = 30.0
COMPLETE_S = 2.0
"""Seconds that a kernel gets to say whether a line is all; a busy one says nothing."""
FIRST, MORE = ">>> ", "... "


def run(connection_file: Path, title: str) -> None:
    """Read lines, run them in the kernel and print what it prints, until the end of the input.

    Raises
    ------
    Unreachable
        If the kernel does not answer.
    """
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels()
    try:
        try:
            client.wait_for_ready(timeout=READY_S)
        except RuntimeError:
            raise Unreachable(
                f"{title} does not answer: it is busy, or cannot be reached.",
                hint="Interrupt it in its notebook, or look at it in the panel of remote kernels.",
            ) from None
        if sys.stdin.isatty():
            # History and arrow keys, for input().
            import readline  # noqa: F401

            print(f"{title}. Ctrl-C interrupts, Ctrl-D leaves it running.")
        while (source := _read(client)) is not None:
            if source.strip():
                _execute(client, source)
    finally:
        client.stop_channels()


def _read(client: BlockingKernelClient) -> str | None:
    """Read what makes a whole, or None at the end."""
    prompting = sys.stdin.isatty()
    lines: list[str] = []
    while True:
        try:
            lines.append(input((MORE if lines else FIRST) if prompting else ""))
        except EOFError:
            return "\n".join(lines) if lines else None
        except KeyboardInterrupt:
            print()
            lines = []
            continue
        if _is_whole(client, "\n".join(lines)):
            return "\n".join(lines)


def _is_whole(client: BlockingKernelClient, source: str) -> bool:
    asked = client.is_complete(source)
    try:
        while True:
            reply: dict[str, Any] = client.get_shell_msg(timeout=COMPLETE_S)
            if reply["parent_header"].get("msg_id") == asked:
                return bool(reply["content"]["status"] != "incomplete")
    except queue.Empty:
        return True


def _execute(client: BlockingKernelClient, source: str) -> None:
    try:
        client.execute_interactive(source)
    except KeyboardInterrupt:
        request = client.session.msg("interrupt_request", {})
        client.control_channel.send(request)
        print("\nInterrupted.")
    sys.stdout.flush()
