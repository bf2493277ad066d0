"""Tables that read well in a notebook and in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

Tone = Literal["good", "warning", "bad", "info", "quiet"]

_COLORS: dict[Tone, str] = {
    "good": "var(--jp-success-color1, green)",
    "warning": "var(--jp-warn-color1, darkorange)",
    "bad": "var(--jp-error-color1, firebrick)",
    "info": "var(--jp-info-color1, steelblue)",
    "quiet": "var(--jp-ui-font-color2, grey)",
}


@dataclass(frozen=True)
class Mark:
    """A word with a coloured dot before it in HTML; the word alone says everything."""

    text: str
    tone: Tone

    def __str__(self) -> str:
        return self.text

    def html(self) -> str:
        """Give the dot and the escaped word."""
        return f'<span style="color: {_COLORS[self.tone]}">●</span> {escape(self.text)}'


_SENTENCES = "text-align: left; min-width: 12em; overflow-wrap: anywhere"
"""Style of a last column: the others must not squeeze it, and ids in it must not widen it."""

Cell = str | Mark


@dataclass(frozen=True)
class Table:
    """Rows of text.

    Parameters
    ----------
    columns
        Headings; empty for a list of properties, whose first column is then its heading.
    rows
        One sequence of cells per row.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def __str__(self) -> str:
        lines = [tuple(map(str, row)) for row in ([self.columns] if self.columns else [])]
        lines += [tuple(map(_one_line, row)) for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def html(self) -> str:
        """Give the table with every cell escaped."""
        head = ""
        if self.columns:
            cells = "".join(f'<th style="text-align: left">{escape(c)}</th>' for c in self.columns)
            head = f"<thead><tr>{cells}</tr></thead>"
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        return f'<table style="margin-left: 0">{head}<tbody>{body}</tbody></table>'

    def _row(self, row: Sequence[Cell]) -> str:
        tags = ["td"] * len(row)
        if not self.columns:
            tags[0] = "th"
        styles = ["text-align: left"] * (len(row) - 1) + [_SENTENCES]
        return "".join(
            f'<{tag} style="{style}">{_html(cell)}</{tag}>'
            for tag, style, cell in zip(tags, styles, row, strict=True)
        )


@dataclass(frozen=True)
class View:
    """Sentences and tables, one below the other; what a magic displays."""

    parts: Sequence[Cell | Table]

    def __str__(self) -> str:
        return "\n".join(str(part) for part in self.parts)

    def html(self) -> str:
        """Every sentence a paragraph."""
        return "".join(
            part.html() if isinstance(part, Table) else f"<div>{_html(part)}</div>"
            for part in self.parts
        )

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def megabytes(value: int) -> str:
    """Format an amount of memory in the unit a person would choose; 1 GB is 1024 MB, as in YARN."""
    return f"{value / 1024:.1f} GB" if value >= 1024 else f"{value} MB"


def size(value: int) -> str:
    """Format a number of bytes, in powers of 1024."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} PB"


def duration(seconds: float) -> str:
    """Format a time span, to the two largest units."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def percent(share: float | None) -> str:
    """Format a fraction of one; a dash when it is not known."""
    return "-" if share is None else f"{100 * share:.0f} %"


def _one_line(cell: Cell) -> str:
    return " ".join(str(cell).split())


def _html(cell: Cell) -> str:
    return cell.html() if isinstance(cell, Mark) else escape(cell).replace("\n", "<br>")
