"""The agent as one file that any Python runs."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from importlib import resources
from importlib.resources.abc import Traversable

PACKAGE = "jupyter_ext_agent"
_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = f"""import sys

from {PACKAGE}.__main__ import main

sys.exit(main(sys.argv[1:]))
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that zip can say."""


@functools.cache
def agent_archive() -> bytes:
    """Give the ``.pyz``: the same bytes for the same source, wherever and whenever it is made.

    Nothing is compressed: the agent would load zlib for it before it does anything else.
    """
    files = {"__main__.py": _MAIN.encode()} | dict(_sources(resources.files(PACKAGE), PACKAGE))
    buffer = io.BytesIO()
    buffer.write(_SHEBANG)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # unix
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


@functools.cache
def agent_digest() -> str:
    """Give the SHA-256 of the archive, in hexadecimal."""
    return hashlib.sha256(agent_archive()).hexdigest()


def _sources(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        path = f"{name}/{each.name}"
        if each.is_dir():
            found += _sources(each, path)
        elif each.name.endswith(".py"):
            found.append((path, each.read_bytes()))
    return found
