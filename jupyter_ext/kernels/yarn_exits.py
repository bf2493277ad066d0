"""What is known of a kernel's application that is over, and what its exit code alone tells.

Codes below zero are those of ``org.apache.hadoop.yarn.api.records.ContainerExitStatus``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_EXIT = re.compile(r"exited with\s+exitCode: (-?\d+)")
_LAST_LINES = re.compile(r"Last \d+ bytes of \S+ :\n(.*?)(?:\n\n|\n\[\d{4}-|\Z)", re.DOTALL)


class Ended(NamedTuple):
    """An application that is over."""

    cluster: str
    """Title of the cluster."""
    state: str
    diagnostics: str
    memory_mb: int
    """Of the kernel's container."""


def exit_code(ended: Ended) -> int | None:
    """Give the exit code of the container; None where none is told."""
    found = _EXIT.search(ended.diagnostics)
    return int(found[1]) if found else None


def by_exit_code(ended: Ended, log: str) -> tuple[str, str]:
    """Give the cause and the hint where YARN says a number and nothing else that is known."""
    code = exit_code(ended)
    last = _last_line(ended.diagnostics, log)
    because = f": {last}" if last else "."
    if code is None:
        if ended.state == "KILLED":
            return ("The kernel's application was killed.", "Start the kernel again.")
        said = ended.diagnostics.strip().splitlines()
        if said:
            return (f"The kernel's agent ended: {said[0]}", "Start the kernel again.")
        return ("The kernel's agent has ended.", "Start the kernel again.")
    if code == 0:
        return (
            f"The kernel's agent ended at once, without a word to {ended.cluster}.",
            "Its log may say why; start the kernel again.",
        )
    if code == 2 and "syntax error" in ended.diagnostics:
        return (
            "The node's shell does not understand how the kernel is started.",
            "Look for quotes and brackets in kernels.yarn.python and the image's name.",
        )
    if code in (137, 143, -105, -106):
        return (
            "The kernel's container was killed from outside.",
            "Somebody, or the node itself when it ran out of memory, ended it. Start it again.",
        )
    if code == -1000:
        return (
            f"The node of {ended.cluster} could not fetch the kernel's files.",
            "What is below is for whoever administers the cluster.",
        )
    if code == -101:
        return (
            f"The disks of the kernel's node of {ended.cluster} failed.",
            "Start the kernel again; it may get another node.",
        )
    return (
        f"The kernel's agent ended with exit code {code}{because}",
        "Its log below may say more. It needs Python 3.6 or newer on the node.",
    )


def _last_line(diagnostics: str, log: str) -> str:
    texts = [found[1] for found in _LAST_LINES.finditer(diagnostics)]
    for text in [*reversed(texts), log]:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            return lines[-1]
    return ""
