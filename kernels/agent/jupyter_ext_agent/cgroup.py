"""What the control group of a container says about memory; both versions, read only."""

import os
from typing import Iterator, List, NamedTuple, Optional, Tuple

_UNLIMITED = 1 << 60
"""Version 1 says "no limit" with a number near 2**63."""


class Found(NamedTuple):
    """Where the kernel keeps a group's files."""

    version: int
    directory: str


class MemoryGroup:
    """The memory controller of the control group that this process is in."""

    def __init__(self, root: str = "/sys/fs/cgroup", membership: str = "/proc/self/cgroup") -> None:
        self._root = root
        self._found = self._find(membership)

    def limit_mb(self) -> Optional[int]:
        """Give the smallest limit of the group and those around it, in MiB; None for none."""
        limits: List[int] = []
        if self._found is None:
            return None
        name = "memory.max" if self._found.version == 2 else "memory.limit_in_bytes"
        for directory in self._upwards():
            limit = _number(os.path.join(directory, name))
            if limit is not None and limit < _UNLIMITED:
                limits.append(limit)
        return min(limits) >> 20 if limits else None

    def kills(self) -> int:
        """Count the processes that were killed here because memory ran out."""
        if self._found is None:
            return 0
        name = "memory.events" if self._found.version == 2 else "memory.oom_control"
        return _entry(os.path.join(self._found.directory, name), "oom_kill") or 0

    def peak_mb(self) -> Optional[int]:
        """Give the most that was used at any time, in MiB."""
        if self._found is None:
            return None
        name = "memory.peak" if self._found.version == 2 else "memory.max_usage_in_bytes"
        peak = _number(os.path.join(self._found.directory, name))
        return None if peak is None else peak >> 20

    def _find(self, membership: str) -> Optional[Found]:
        for version, path in _memberships(membership):
            root = self._root if version == 2 else os.path.join(self._root, "memory")
            name = "memory.events" if version == 2 else "memory.oom_control"
            # A container without a cgroup namespace reads the host's path, and sees its own
            # group at the root of the mount.
            for directory in (os.path.normpath(root + "/" + path), root):
                if os.path.exists(os.path.join(directory, name)):
                    return Found(version, directory)
        return None

    def _upwards(self) -> Iterator[str]:
        directory = self._found.directory if self._found else ""
        while directory.startswith(self._root):
            yield directory
            directory = os.path.dirname(directory)


def _memberships(path: str) -> Iterator[Tuple[int, str]]:
    # cgroups(7): hierarchy-ID:controller-list:path
    for line in _text(path).splitlines():
        number, controllers, group = [*line.split(":", 2), "", ""][:3]
        if "memory" in controllers.split(","):
            yield 1, group
        elif number == "0" and not controllers:
            yield 2, group


def _text(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _number(path: str) -> Optional[int]:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _entry(path: str, key: str) -> Optional[int]:
    for line in _text(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key and value.strip().isdigit():
            return int(value)
    return None
