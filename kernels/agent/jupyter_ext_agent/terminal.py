"""A pseudo-terminal for a stream: a shell beside the kernel, with job control."""

import fcntl
import os
import pwd
import signal
import struct
import subprocess
import termios
from typing import Any, Callable, List, Mapping, Optional

from jupyter_ext_agent import tree
from jupyter_ext_agent.reactor import Reactor
from jupyter_ext_agent.tunnel import Stream

_READ = 1 << 16
HANG_UP_S = 2.0
"""How long programs have to end after a hang-up, before they are killed."""
_SYSTEM = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
# A login shell sets PATH anew, so the kernel's own programs are put in front of it afterwards.
_WITH_PATH = 'PATH="$1:$PATH"; export PATH; exec "$0" -i'


class Terminal:
    """Runs a program in a terminal; both end together with the stream.

    Parameters
    ----------
    options
        Of the stream: ``argv`` (none: a login shell), ``rows``, ``columns``.
    directory
        Where it starts.
    executable
        The kernel's program, so that its ``pip`` is the one that a shell finds.
    ended
        Called once nothing of it is left to be done.
    """

    def __init__(
        self,
        reactor: Reactor,
        stream: Stream,
        options: Mapping[str, Any],
        environment: Mapping[str, str],
        directory: str,
        executable: str,
        ended: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._stream = stream
        self._ended = ended
        self._unwritten = b""
        self._master, slave = os.openpty()
        self._is_open = True
        try:
            self.resize(options.get("rows"), options.get("columns"))
            variables = dict(environment, TERM="xterm-256color", PWD=directory)
            variables.pop("COLUMNS", None)
            variables.pop("LINES", None)
            self._popen = subprocess.Popen(
                list(options.get("argv") or ()) or shell(variables, executable),
                env=variables,
                cwd=directory,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=_control_terminal,
            )
        except OSError:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        stream.on_data, stream.on_close, stream.on_room = self._write, self.close, self._watch
        reactor.on_child(self._popen.pid, self._reaped)
        self._watch()

    def resize(self, rows: Any, columns: Any) -> None:
        """Take a new size; programs in the terminal are told by SIGWINCH."""
        size = [
            value if isinstance(value, int) and 0 < value < 1 << 16 else 0
            for value in (rows, columns)
        ]
        if all(size) and self._is_open:
            fcntl.ioctl(
                self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[0], size[1], 0, 0)
            )

    def close(self) -> None:
        """Hang up: SIGHUP to the programs, SIGKILL to those that stay."""
        if not self._is_open:
            return
        self._is_open = False
        self._reactor.unwatch(self._master)
        os.close(self._master)
        session = self._popen.pid
        left = [p for p in tree.below(os.getpid()) if p.pid == session or p.group == session]
        left += tree.below(session)
        tree.send(left, signal.SIGHUP)
        tree.send(left, signal.SIGCONT)
        self._reactor.call_later(HANG_UP_S, tree.send, left, signal.SIGKILL)
        self._ended()

    def _watch(self) -> None:
        if self._is_open:
            self._reactor.watch(
                self._master,
                self._read if self._stream.room > 0 else None,
                self._write_more if self._unwritten else None,
            )

    def _read(self) -> bool:
        """Pass on what there is; False if there is nothing more at the moment."""
        if not self._is_open or self._stream.room <= 0:
            return False
        try:
            data = os.read(self._master, min(_READ, self._stream.room))
        except BlockingIOError:
            return False
        except OSError:  # EIO: every program has closed the terminal
            data = b""
        if not data:
            self._end()
            return False
        self._stream.send(data)
        if self._stream.room <= 0:
            self._watch()
        return True

    def _end(self) -> None:
        self._stream.close()
        self.close()

    def _write(self, data: bytes) -> None:
        self._unwritten += data
        self._write_more()

    def _write_more(self) -> None:
        if not self._is_open:
            return
        try:
            count = os.write(self._master, self._unwritten)
        except BlockingIOError:
            count = 0
        except OSError:
            count = len(self._unwritten)  # reading tells the end
        self._unwritten = self._unwritten[count:]
        self._stream.consumed(count)
        self._watch()

    def _reaped(self, status: int) -> None:
        self._popen.returncode = status  # the reactor has waited for it
        while self._read():
            pass  # what the shell printed last
        if self._is_open:
            self._end()


def shell(variables: Mapping[str, str], executable: str) -> List[str]:
    """Give the command of the user's login shell, the kernel's programs first in its PATH."""
    program = next(path for path in _shells(variables) if path is not None)
    directory = os.path.dirname(executable)
    name = os.path.basename(program)
    if directory.startswith("/") and directory not in _SYSTEM and name in ("bash", "zsh", "ksh"):
        return [program, "-l", "-c", _WITH_PATH, program, directory]
    return [program, "-l"]


def _shells(variables: Mapping[str, str]) -> List[Optional[str]]:
    candidates = [variables.get("SHELL"), _of_account(), "/bin/bash", "/usr/bin/bash"]
    return [path for path in candidates if _is_shell(path)] + ["/bin/sh"]


def _of_account() -> Optional[str]:
    try:
        return pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        return None


def _is_shell(path: Optional[str]) -> bool:
    """Accounts of services have nologin or false for a shell."""
    if not path or os.path.basename(path) in ("nologin", "false"):
        return False
    return os.access(path, os.X_OK)


def _control_terminal() -> None:
    """Make the terminal the session's own, in the child."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
