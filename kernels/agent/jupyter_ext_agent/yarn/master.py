"""The ApplicationMaster: what the ResourceManager wants of every application, in a thread."""

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any, Callable, List, Mapping, Optional, Tuple

from jupyter_ext_agent.yarn import container, token_file
from jupyter_ext_agent.yarn.scheduler import FAILED, SUCCEEDED, Gone, Scheduler, Stopped
from jupyter_ext_agent.yarn.worker import Ended, Worker

FINISH_S = 8.0
"""Seconds that a good-bye may take."""
_ASKING_S = (0.1, 1.0)
"""Between two calls while a second container is waited for: at first, and after a while."""
_SOON = 100


class ApplicationMaster:
    """Registers the application, keeps it alive, and says how it ended.

    Parameters
    ----------
    reactor
        Where ``on_end`` is called; None for an ApplicationMaster that runs in this thread.
    environ
        Environment of the container.

    Attributes
    ----------
    on_end
        Called with a sentence if the ResourceManager wants the application to end.
    """

    def __init__(self, reactor: Any, environ: Mapping[str, str]) -> None:
        self.on_end: Optional[Callable[[str], None]] = None
        self._reactor = reactor
        self._task = container.read(environ)
        credentials = token_file.load(environ)
        self._stopping = threading.Event()
        self._ending: Optional[Tuple[str, str]] = None
        self._deadline = 0.0
        self._thread: Optional[threading.Thread] = None
        self._scheduler = Scheduler(
            self._task.schedulers,
            credentials.token(token_file.AM_TOKEN),
            container.log_page(environ, self._task.web),
            environ.get("NM_HOST") or socket.gethostname(),
            self._wait,
        )
        self._worker: Optional[Worker] = None
        if self._task.role == container.MASTER:
            self._worker = Worker(self._task, credentials)
            self._scheduler.ask(self._worker.request())

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="ApplicationMaster", daemon=True)
        self._thread.start()

    def finish(self, status: str, text: str = "") -> None:
        """Say how the application ended; waits a few seconds for it to be written down.

        Parameters
        ----------
        status
            SUCCEEDED, FAILED or KILLED.
        text
            For people; what ``yarn application -status`` shows.
        """
        self._end(status, text)
        if self._thread is not None:
            self._thread.join(FINISH_S + 1)

    def run(self) -> None:
        """Do all of it, in the calling thread."""
        try:
            self._live()
        except Stopped:
            pass
        except Gone as error:
            if self._worker is not None:
                self._worker.stop()
            self._tell(str(error))
        except Ended as error:
            self._end(SUCCEEDED if error.code == 0 else FAILED, str(error))
        if self._ending is not None:
            # Where it does not get to know, the end of the container tells.
            with suppress(Stopped, Gone):
                self._scheduler.finish(*self._ending)
        self._scheduler.close()

    # -- helpers --------------------------------------------------------------------------------

    def _live(self) -> None:
        self._scheduler.register()
        calls = 0
        release: List[bytes] = []
        while True:
            runs = self._worker is None or self._worker.runs
            reply = self._scheduler.allocate(0.5 if runs else 0.0, release)
            release = []
            if self._worker is not None:
                release = self._worker.heard(reply)
                if self._worker.runs and not runs:
                    self._scheduler.ask()
            calls += 1
            if self._stopping.wait(self._interval(calls)):
                return

    def _interval(self, calls: int) -> float:
        if self._worker is None:
            return self._task.heartbeat_s
        if self._worker.runs:
            # The end of the second container is heard of here only.
            return min(1.0, self._task.heartbeat_s)
        return _ASKING_S[calls > _SOON]

    def _wait(self, seconds: float) -> bool:
        if self._ending is None:
            return self._stopping.wait(seconds)
        time.sleep(seconds)
        return time.monotonic() > self._deadline

    def _end(self, status: str, text: str) -> None:
        if self._ending is None:
            self._deadline = time.monotonic() + FINISH_S
            self._ending = (status, text)
        self._stopping.set()

    def _tell(self, reason: str) -> None:
        print(f"The application is over: {reason}", file=sys.stderr, flush=True)
        if self._reactor is not None and self.on_end is not None:
            self._reactor.call_threadsafe(self.on_end, reason)


def manage(environ: Mapping[str, str] = os.environ) -> int:
    """Be an ApplicationMaster alone, for a kernel in a second container; gives the exit code."""

    def terminated(*_: object) -> None:
        raise Gone("It was terminated.")

    # Its container ends, and the other one would be alone until the ResourceManager knows.
    signal.signal(signal.SIGTERM, terminated)
    ApplicationMaster(None, environ).run()
    return 0
