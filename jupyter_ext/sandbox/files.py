"""Files of the sandbox."""

from __future__ import annotations

from pathlib import Path

from jupyter_ext.files import replace


def write(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Replace a file by a new one in one step; nothing happens when it has that content."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace(path, data, mode)
