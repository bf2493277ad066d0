"""Processes below a process, as /proc tells of them."""

import os
import signal
import time
from typing import Dict, Iterable, List, NamedTuple, Optional


class Running(NamedTuple):
    """A process at one moment."""

    pid: int
    started: int
    """Clock ticks after boot; tells a process from a later one of its number."""
    state: str
    parent: int
    group: int
    ticks: int
    """Of CPU, with those of its children that ended."""
    pages: int
    """Of memory."""


def look(pid: int) -> Optional[Running]:
    """Describe a process; None if there is none, or no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # proc(5): the second field, the program's name, may hold anything, also parentheses.
    fields = text[text.rindex(b")") + 2 :].split()
    return Running(
        pid=pid,
        started=int(fields[19]),
        state=fields[0].decode(),
        parent=int(fields[1]),
        group=int(fields[2]),
        ticks=sum(int(field) for field in fields[11:15]),
        pages=int(fields[21]),
    )


def below(root: int) -> List[Running]:
    """Find all living descendants of a process, parents before children."""
    children: Dict[int, List[Running]] = {}
    for process in _everything():
        children.setdefault(process.parent, []).append(process)
    found: List[Running] = []
    parents = [root]
    while parents:
        for process in children.get(parents.pop(), ()):
            if process.state not in "ZX":
                found.append(process)
            parents.append(process.pid)
    return found


def _everything() -> List[Running]:
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    return [process for process in (look(int(n)) for n in names if n.isdigit()) if process]


def send(processes: Iterable[Running], signum: int) -> None:
    """Send a signal to those that are still the same processes."""
    for process in processes:
        now = look(process.pid)
        if now is not None and now.started == process.started:
            send_to(process.pid, signum)


def send_to(pid: int, signum: int) -> None:
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):
        return


def send_to_group(group: int, signum: int) -> bool:
    """Send a signal to a process group; False if nobody is in it."""
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill_all_below(root: int, patience_s: float = 1.0) -> None:
    """Kill every descendant, and those that they start meanwhile; for the very end."""
    deadline = time.monotonic() + patience_s
    while True:
        processes = below(root)
        if not processes or time.monotonic() > deadline:
            return
        send(processes, signal.SIGKILL)
        time.sleep(0.005)
