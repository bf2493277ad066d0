"""The Pythons of this machine on which an agent may find itself."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST, NEWEST = 6, 14


@functools.cache
def interpreters() -> dict[str, str]:
    """Paths by version: one of every minor version from 3.6 on; this one is always there."""
    found = {_version(sys.executable): sys.executable}
    for path in _candidates():
        version = _version(path)
        if version and version.rpartition(".")[0] not in {v.rpartition(".")[0] for v in found}:
            found[version] = path
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in item[0].split(".")]))


def _candidates() -> Iterator[str]:
    for minor in range(OLDEST, NEWEST + 1):
        yield from (
            str(path) for path in Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")
        )
        if path := shutil.which(f"python3.{minor}"):
            yield path
    if path := shutil.which("python3"):
        yield path


def _version(path: str) -> str:
    code = "import sys, ssl; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        done = subprocess.run(
            [path, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=30
        )
    except OSError:
        return ""
    version = done.stdout.strip()
    return version if version.startswith("3.") and int(version.split(".")[1]) >= OLDEST else ""
