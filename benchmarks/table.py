"""The table that every benchmark adds rows to."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"


@dataclass(frozen=True)
class Row:
    """One measurement."""

    what: str
    value: str
    against: str = ""
    """What it is compared with, measured in the same run, or the limit that the issue sets."""
    ratio: str = ""


def render(rows: Sequence[Row]) -> str:
    """Markdown that also reads well in a terminal."""
    head = Row("what", "measured", "against", "ratio")
    cells = [(row.what, row.value, row.against, row.ratio) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        f"| {' | '.join(cell.ljust(w) for cell, w in zip(line, widths, strict=True))} |"
        for line in cells
    ]
    lines.insert(1, f"|{'|'.join('-' * (width + 2) for width in widths)}|")
    return "\n".join(lines)


def keep(rows: Sequence[Row]) -> None:
    """Put the table into the README, between its two marks."""
    text = README.read_text()
    table = f"{_BEGIN}\n\n{machine()}\n\n{render(rows)}\n\n{_END}"
    README.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: table, text, flags=re.DOTALL))


def machine() -> str:
    """Name the machine in general terms."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def times(ratio: float) -> str:
    """A ratio, with as many digits as mean something."""
    return f"{ratio:.2g}x"
