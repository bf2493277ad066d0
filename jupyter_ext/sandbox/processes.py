"""The sandbox's processes: started, found again after anything, and ended.

Nothing resident watches them. Each one is known by a record file holding its process id, its start
time and the boot id of the kernel, which together name one process and never another one that
got the same number later. The record is written by the process itself before it becomes the
daemon, while it still holds the sandbox's lock, so there is no moment in which a daemon runs and
the next ``up`` or ``down`` would not know of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_ext.errors import NotFound, Unavailable
from jupyter_ext.sandbox.wait import until

COOKIE = "JUPYTER_EXT_SANDBOX"
"""Environment variable by which a daemon's own children (YARN containers) are known."""

# Standard output is the lock until the very end; /proc/self is whoever opens it, so this subshell.
# Fields of /proc/<pid>/stat: 1 pid, 5 process group, 22 start time (proc(5)).
_START = r"""
record=$1 fingerprint=$2
shift 2
(
  read -r pid _ _ _ group _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ < /proc/self/stat
  read -r boot < /proc/sys/kernel/random/boot_id
  printf '%s\n' "$pid $start $group $boot $fingerprint" > "$record.new"
  mv "$record.new" "$record"
  exec "$@" >&2
) &
"""
_RECORD_S = 10.0
_TERM_S = 1.2
_KILL_S = 5.0


@dataclass(frozen=True)
class Program:
    """What to run."""

    name: str
    """Of the record and the log."""
    argv: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the little that every program of the sandbox gets."""
    fingerprint: str = "-"
    """Changes when the program must be started anew to be what is wanted."""


@dataclass(frozen=True)
class Process:
    """A recorded process."""

    name: str
    pid: int
    start: str
    group: int
    boot: str
    fingerprint: str

    @property
    def alive(self) -> bool:
        """Whether this very process runs."""
        return _runs(self.pid, self.start, self.boot)

    @property
    def memory_mb(self) -> float:
        """Resident memory, from /proc/<pid>/status."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return round(int(line.split()[1]) / 1024, 1)
        return 0.0

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and what it runs in its own group."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.group, number)


class Processes:
    """All processes of one sandbox.

    Parameters
    ----------
    directory
        Where ``run/`` and ``log/`` are.
    cookie
        Value by which descendants are recognised, unique to this sandbox.
    """

    def __init__(self, directory: Path, cookie: str) -> None:
        self._run = directory / "run"
        self._log = directory / "log"
        self._cookie = cookie

    def log(self, name: str) -> Path:
        """Path of a program's log; the one of its previous start is beside it, as ``.log.1``."""
        return self._log / f"{name}.log"

    def get(self, name: str) -> Process | None:
        """Look up the recorded process of that name, alive or not."""
        try:
            pid, start, group, boot, fingerprint = (self._run / name).read_text().split()
        except (OSError, ValueError):
            return None
        return Process(name, int(pid), start, int(group), boot, fingerprint)

    def alive(self, name: str) -> bool:
        """Whether the program of that name runs."""
        process = self.get(name)
        return process is not None and process.alive

    def all(self) -> list[Process]:
        """List every recorded process, dead ones too."""
        names = sorted(path.name for path in self._run.glob("*") if path.suffix != ".new")
        return [process for name in names if (process := self.get(name)) is not None]

    async def start(self, program: Program, lock: int, keep: Iterable[int] = ()) -> None:
        """Start a program in a session of its own.

        Parameters
        ----------
        lock
            Descriptor of the held lock; it stays held until the record is written.
        keep
            Further descriptors the program inherits.

        Raises
        ------
        Unavailable
            If it could not be recorded.
        """
        for folder in (self._run, self._log):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._run / program.name
        path.unlink(missing_ok=True)
        log = self.log(program.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        environment = {
            **{key: os.environ[key] for key in ("PATH", "HOME", "JAVA_HOME") if key in os.environ},
            "LANG": "C.UTF-8",
            COOKIE: f"{self._cookie}:{program.name}",
            **program.environment,
        }
        with log.open("wb") as stderr:
            await asyncio.to_thread(
                subprocess.run,
                ["/bin/sh", "-c", _START, "sh", str(path), program.fingerprint, *program.argv],
                check=True,
                cwd=program.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=lock,
                stderr=stderr,
                pass_fds=tuple(keep),
                start_new_session=True,
                timeout=_RECORD_S,
            )
        if not await until(path.exists, _RECORD_S, 0.01):
            raise Unavailable(
                f"The sandbox could not start {program.name}: {cause(log)}",
                hint=f"Its log is {log}.",
            )

    async def end(self, names: Iterable[str]) -> list[str]:
        """End programs and everything they started; forget them.

        Returns
        -------
        list of str
            Names of those that ran.
        """
        processes = [process for name in names if (process := self.get(name)) is not None]
        cookies = {f"{COOKIE}={self._cookie}:{process.name}".encode() for process in processes}
        return await self._end(processes, lambda entry: entry in cookies)

    async def end_all(self) -> list[str]:
        """End every program of this sandbox, also one whose record was lost."""
        prefix = f"{COOKIE}={self._cookie}:".encode()
        return await self._end(self.all(), lambda entry: entry.startswith(prefix))

    async def _end(self, processes: list[Process], descends: Callable[[bytes], bool]) -> list[str]:
        running = [process for process in processes if process.alive]

        def gone() -> bool:
            return not any(process.alive for process in running)

        for process in running:
            process.signal(signal.SIGTERM)
        if not await until(gone, _TERM_S, 0.02):
            for process in running:
                process.signal(signal.SIGKILL)
            await until(gone, _KILL_S, 0.02)
        # The containers of a NodeManager: it gives each a session of its own, and leaves them.
        if not await until(lambda: not _kill(descends), _KILL_S, 0.02):
            raise Unavailable(
                "Processes of the sandbox do not end although they were killed.",
                hint="They may hang in the kernel, for example on a dead disk; look with ps.",
            )
        for process in processes:
            (self._run / process.name).unlink(missing_ok=True)
        return [process.name for process in running]


def boot_id() -> str:
    """Id of the running kernel's boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def identity(pid: int) -> str:
    """Name a process as no later one with its number will be named.

    Raises
    ------
    NotFound
        If there is no such process.
    """
    start = _start_time(pid)
    if not start:
        raise NotFound(f"There is no process {pid}.")
    return f"{pid} {start} {boot_id()}"


def own_id() -> str:
    """Name the calling process."""
    return identity(os.getpid())


def same_process(identity: str) -> int | None:
    """Find the process that ``identity`` named, if that very one still runs; its process id."""
    try:
        pid, start, boot = identity.split()
    except ValueError:
        return None
    return int(pid) if _runs(int(pid), start, boot) else None


def _runs(pid: int, start: str, boot: str) -> bool:
    return boot == boot_id() and _start_time(pid) == start


def _start_time(pid: int) -> str:
    """Clock ticks from boot to the start of a process; empty when it is over."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field is a name in parentheses and may itself hold spaces.
    fields = stat[stat.rindex(")") + 2 :].split()
    # Its first thread may be a zombie while another still holds files and ports.
    over = fields[0] in "ZX" and int(fields[17]) <= 1
    return "" if over else fields[19]


def cause(log: Path) -> str:
    """Find the one line of a log that says why its program died.

    The launcher's own summary if there is one, else the innermost cause of the last exception,
    else the last error line, else the last line.
    """
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    lines = [line.strip() for line in lines if line.strip()]
    for test in (
        lambda line: line.startswith("sandbox: "),
        lambda line: line.startswith("Caused by: "),
        lambda line: " FATAL " in line or " ERROR " in line or "Error" in line,
        lambda line: True,
    ):
        if found := [line for line in lines if test(line)]:
            return found[-1].removeprefix("sandbox: ").removeprefix("Caused by: ")[:500]
    return "its log is empty"


def _kill(descends: Callable[[bytes], bool]) -> bool:
    """Kill every process whose environment tells where it comes from; whether there was one."""
    found = False
    for name in os.listdir("/proc"):
        if name.isdigit() and any(map(descends, _environment(int(name)))):
            found = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(name), signal.SIGKILL)
    return found


def _environment(pid: int) -> list[bytes]:
    """Environment of another process of this user; empty for a zombie and for ourselves."""
    if pid == os.getpid():
        return []
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
