"""Why kernels did not start or ended, in words, where no backend knows better."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels.backend import LaunchFailed
from jupyter_ext.kernels.models import Failure


def explain(error: BaseException) -> Failure:
    """Say why a start came to nothing."""
    if isinstance(error, LaunchFailed):
        return error.failure
    if isinstance(error, JupyterExtError):
        return Failure(cause=error.message, hint=error.hint)
    if isinstance(error, asyncio.CancelledError):
        return cancelled()
    return Failure(
        cause=f"The kernel did not start: {type(error).__name__}.",
        hint="This should not happen; the Jupyter server's log has the details.",
        diagnostics=str(error),
    )


def exited(ended: Mapping[str, Any], memory_mb: int | None = None) -> Failure:
    """Say why a kernel process ended, from its agent's exit report."""
    lines = ended.get("lines") or []
    text = lines if isinstance(lines, str) else "\n".join(map(str, lines))
    if ended.get("cause"):
        cause = str(ended["cause"])
    elif ended.get("signal"):
        cause = f"The kernel was ended by signal {ended['signal']}."
    else:
        cause = f"The kernel ended by itself, with exit code {ended.get('code')}."
    memory = bool(ended.get("cause")) and "memory" in cause.lower()
    return Failure(
        cause=cause,
        hint="It needs more memory." if memory else "The last lines that it printed say more.",
        diagnostics=text,
        memory_mb=2 * memory_mb if memory and memory_mb else None,
    )


def cancelled() -> Failure:
    """Say that somebody gave up the start."""
    return Failure(cause="The start was cancelled.")


def unreachable() -> Failure:
    """Say why there can be no restart in place."""
    return Failure(
        cause="The kernel's container does not answer, so the kernel cannot restart in it.",
        hint="Wait until it can be reached again, or restart the kernel in a new container.",
    )


def no_dial(hubs: Sequence[str], waited_s: float, logs: str) -> Failure:
    """Say that an agent cannot reach the hub."""
    return Failure(
        cause=f"The kernel's container runs, but in {waited_s:.0f} s it did not reach this server.",
        hint=f"Can it connect to one of {', '.join(hubs)}? A firewall may be in between.",
        diagnostics=logs,
    )
