"""A sandbox that these tests may break."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hadoop_sandbox import RunningSandbox


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Iterator[RunningSandbox]:
    """A sandbox of the module's own, not started yet; nothing of it is left at the end."""
    sandbox = RunningSandbox.below(tmp_path_factory.mktemp("own"))
    yield sandbox
    sandbox.run("down", "--purge")
    assert leftovers(sandbox.directory) == []
    assert not sandbox.directory.exists()


def leftovers(directory: Path) -> list[str]:
    """Command lines of processes that have to do with a directory: by arguments or by cwd."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            cwd = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(directory) in line or cwd.startswith(str(directory)):
            found.append(f"{process.name} {line}")
    return found
