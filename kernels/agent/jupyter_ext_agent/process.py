"""The kernel's process: any program that takes a connection file."""

import json
import os
import signal
import subprocess
import sys
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from jupyter_ext_agent import exits, linux, tree
from jupyter_ext_agent.cgroup import MemoryGroup
from jupyter_ext_agent.printed import Printed
from jupyter_ext_agent.reactor import Reactor, Timer

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
"""Their ipc "ports" are 1 to 5, in this order, at both ends of a tunnel."""
LEFTOVERS_S = 1.0
"""How long what a kernel started has to end after it, before it is killed."""


class Launch(NamedTuple):
    """What to run; see the message of this name in docs/kernels.md."""

    argv: List[str]
    env: Mapping[str, Optional[str]]
    cwd: str
    connection: Mapping[str, Any]
    memory_limit_mb: Optional[int]

    @staticmethod
    def of(message: Mapping[str, Any]) -> "Launch":
        """Check a message.

        Raises
        ------
        ValueError
            If there is no program in it.
        """
        argv = message.get("argv")
        if not isinstance(argv, list) or not argv:
            raise ValueError("The launch has no argv.")
        return Launch(
            argv=[str(each) for each in argv],
            env=message.get("env") or {},
            cwd=message.get("cwd") or "",
            connection=message.get("connection") or {},
            memory_limit_mb=message.get("memory_limit_mb"),
        )


class KernelProcess:
    """Starts, signals and ends one process after another in sessions of their own.

    Parameters
    ----------
    directory
        Private, with a short path.
    credentials
        Path that stands for ``{credentials}``.
    changed
        Called when it runs and when it has ended.
    """

    def __init__(
        self,
        reactor: Reactor,
        directory: str,
        credentials: str,
        printed: Printed,
        changed: Callable[[], None],
    ) -> None:
        self.state = "idle"
        self.pid: Optional[int] = None
        self.starts = 0
        self.exit: Optional[Dict[str, Any]] = None
        self.most_memory_mb: Optional[int] = None
        """Of this start, as whoever measures it says."""
        self._reactor = reactor
        self._directory = directory
        self._credentials = credentials
        self._printed = printed
        self._changed = changed
        self._memory = MemoryGroup()
        self._kills_before = 0
        self._limit_mb: Optional[int] = None
        self._popen: Optional[subprocess.Popen[bytes]] = None
        self._below: List[tree.Running] = []
        self._when_ended: List[Callable[[], None]] = []
        self._kill_timer: Optional[Timer] = None
        self.executable = ""
        """Program of the last launch, as it was found."""

    def socket(self, channel: str) -> str:
        """Path of the socket that the kernel binds for a channel."""
        return f"{self._directory}/k-{CHANNELS.index(channel) + 1}"

    def environment(self, launch: Optional[Launch]) -> Dict[str, str]:
        """Environment of a kernel and of terminals beside it."""
        variables = dict(os.environ)
        variables.pop("JPY_PARENT_PID", None)
        for name, value in (launch.env if launch else {}).items():
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = self._fill(value)
        home = variables.get("HOME", "")
        if not (os.path.isdir(home) and os.access(home, os.W_OK)):
            # YARN says /home/, Docker / for a user whom the image does not know.
            variables["HOME"] = f"{self._directory}/home"
            os.makedirs(variables["HOME"], mode=0o700, exist_ok=True)
        return variables

    def working_directory(self, launch: Optional[Launch]) -> str:
        """Directory of a kernel and of terminals beside it; the server's need not be there."""
        home = self.environment(launch)["HOME"]
        for path in (launch.cwd if launch else "", os.curdir, home):
            if path and os.path.isdir(path) and os.access(path, os.X_OK):
                return os.path.abspath(path)
        return "/"

    def limit_mb(self, launch: Optional[Launch]) -> Optional[int]:
        """Memory that the kernel may use, in MiB: what the hub says, or the control group."""
        return (launch.memory_limit_mb if launch else None) or self._memory.limit_mb()

    def start(self, launch: Launch) -> None:
        """Run it; one that cannot be run counts as ended at once."""
        self.starts += 1
        self.exit = None
        self.most_memory_mb = None
        self._kills_before = self._memory.kills()
        self._limit_mb = self.limit_mb(launch)
        self._write_connection_file(launch.connection)
        argv = [self._fill(each) for each in launch.argv]
        self.executable = argv[0]
        # ipykernel looks for its parent by this, and calls itself interactive without it.
        environment = dict(self.environment(launch), JPY_PARENT_PID=str(os.getpid()))
        reading, writing = os.pipe()
        try:
            # A session of its own: signals reach all that the kernel starts, and not the agent.
            self._popen = subprocess.Popen(
                argv,
                env=environment,
                cwd=self.working_directory(launch),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=linux.die_with_parent(),
            )
        except OSError as error:
            os.close(reading)
            self._ended(exits.of_error(error, argv[0], os.uname().nodename, self._last_lines()))
            return
        finally:
            os.close(writing)
        self._printed.attach(reading)
        self.state, self.pid = "running", self._popen.pid
        self._reactor.on_child(self._popen.pid, self._reaped)
        self._changed()

    def signal(self, signum: int) -> None:
        """Send a signal to the process group.

        Raises
        ------
        ProcessLookupError
            If there is none.
        """
        if self.pid is None:
            raise ProcessLookupError("The kernel is not running.")
        os.killpg(self.pid, signum)

    def end(self, grace_s: float, then: Callable[[], None]) -> None:
        """SIGTERM, then SIGKILL, and call ``then`` once it has ended; who waits less decides."""
        if self.pid is None:
            then()
            return
        self._when_ended.append(then)
        if self._kill_timer is None:
            self._below = tree.below(self.pid)
            if grace_s > 0:
                tree.send_to_group(self.pid, signal.SIGTERM)
                tree.send_to_group(self.pid, signal.SIGCONT)
        elif self._kill_timer.when <= self._reactor.now() + grace_s:
            return
        else:
            self._kill_timer.cancel()
        self._kill_timer = self._reactor.call_later(grace_s, self._kill)

    def _kill(self) -> None:
        if self.pid is not None:
            tree.send_to_group(self.pid, signal.SIGKILL)

    def _reaped(self, status: int) -> None:
        group = self.pid
        if self._popen is not None:
            self._popen.returncode = status  # the reactor has waited for it
            self._popen = None
        if self._kill_timer is not None:
            self._kill_timer.cancel()
            self._kill_timer = None
        if group is not None:
            self._end_leftovers(group, self._below)
        self._below = []
        starved = self._memory.kills() > self._kills_before
        used = self.most_memory_mb
        if starved and self._limit_mb:
            used = max(used or 0, min(self._memory.peak_mb() or 0, self._limit_mb)) or None
        self._ended(exits.of_status(status, self._last_lines(), used, self._limit_mb, starved))

    def _ended(self, report: Dict[str, Any]) -> None:
        self.state, self.pid, self.exit = "exited", None, report
        self._changed()
        waiting, self._when_ended = self._when_ended, []
        for each in waiting:
            each()

    def _end_leftovers(self, group: int, below: List[tree.Running]) -> None:
        """End what the kernel started and left behind: it holds memory, and nobody can reach it."""
        left = [process for process in tree.below(os.getpid()) if process.group == group]
        left += [process for process in below if process.group != group]
        tree.send(left, signal.SIGTERM)
        if left:
            self._reactor.call_later(LEFTOVERS_S, tree.send, left, signal.SIGKILL)

    def _last_lines(self) -> List[str]:
        return self._printed.last(exits.KEPT_LINES)

    def _write_connection_file(self, connection: Mapping[str, Any]) -> None:
        for channel in CHANNELS:
            _unlink(self.socket(channel))
        values = dict(connection, transport="ipc", ip=f"{self._directory}/k")
        values.update((f"{name}_port", CHANNELS.index(name) + 1) for name in CHANNELS)
        _unlink(self._connection_file)
        descriptor = os.open(self._connection_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(values, file)

    @property
    def _connection_file(self) -> str:
        return f"{self._directory}/kernel.json"

    def _fill(self, text: str) -> str:
        for name, value in (
            ("{connection_file}", self._connection_file),
            ("{credentials}", self._credentials),
            ("{python}", sys.executable or "python3"),
        ):
            text = str(text).replace(name, value)
        return text


def _unlink(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)
