"""The agent as a program: ``python3 agent.pyz --bootstrap FILE [--backend NAME]`` or ``--yarn``."""

import contextlib
import os
import sys
from typing import Any, Callable, List, Mapping, Optional

from jupyter_ext_agent.bootstrap import BootstrapError, check_bootstrap, read_bootstrap

USAGE = "Usage: agent.pyz --bootstrap FILE [--backend local|docker], or agent.pyz --yarn"
GRACE_S = 5.0
"""docker stop waits 10 s."""
YARN_GRACE_S = 0.1
"""A NodeManager waits 250 ms from SIGTERM to SIGKILL, which does not reach the kernel's session."""
TIDY_S = 1.0
"""After the start, which it must not hold up."""


def main(arguments: List[str]) -> int:
    """Run an agent until its end; gives the exit code."""
    sys.stderr = _Unbreakable(sys.stderr)
    options = dict(zip(arguments[::2], arguments[1::2]))
    try:
        if arguments == ["--yarn"]:
            return _in_yarn(os.environ)
        if "--bootstrap" in options and set(options) <= {"--bootstrap", "--backend"}:
            bootstrap = read_bootstrap(options["--bootstrap"])
            return run(bootstrap, options.get("--backend", "local"), GRACE_S)
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 2
    print(USAGE, file=sys.stderr)
    return 2


def run(
    bootstrap: Mapping[str, Any],
    backend: str,
    grace_s: float,
    credentials: Optional[str] = None,
    make_master: Optional[Callable[[Any], Any]] = None,
) -> int:
    """Supervise a kernel.

    Parameters
    ----------
    grace_s
        What a kernel gets to end when the agent is ended by a signal.
    credentials
        Path of the credential directory, if not in the agent's own.
    make_master
        Makes the ApplicationMaster, which lives as long as the kernel, for a reactor.
    """
    from jupyter_ext_agent import linux
    from jupyter_ext_agent.place import NoPlace, Place, remove
    from jupyter_ext_agent.reactor import Reactor
    from jupyter_ext_agent.supervisor import Supervisor, end_signals

    try:
        place = Place()
    except NoPlace as error:
        print(error, file=sys.stderr)
        return 1
    reasons: List[str] = []

    def ended(reason: str) -> None:
        reasons.append(reason)
        reactor.stop()

    reactor = Reactor()
    reactor.reap_strangers = linux.become_subreaper()
    folder = credentials or os.path.join(place.directory, "credentials")
    supervisor = Supervisor(reactor, bootstrap, place.directory, folder, backend, ended)
    end_signals(supervisor, reactor, grace_s)
    try:
        master = make_master(reactor) if make_master is not None else None
        if master is not None:
            master.on_end = supervisor.end
            master.start()
        supervisor.start()
        reactor.call_later(TIDY_S, place.tidy)
        reactor.run()
    finally:
        place.remove()
        if credentials is not None:
            remove(credentials)
    if master is not None:
        master.finish("SUCCEEDED" if supervisor.was_asked else "FAILED", reasons[0])
    print(f"The agent ends: {reasons[0]}", file=sys.stderr, flush=True)
    return 0


def _in_yarn(environ: Mapping[str, str]) -> int:
    from jupyter_ext_agent.yarn import container, master

    try:
        role = container.role(environ)
        if role == container.MASTER:
            return master.manage(environ)
        bootstrap = check_bootstrap(container.bootstrap(environ))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    # The NodeManager removes the container's directory, whatever becomes of the agent.
    credentials = os.path.join(os.getcwd(), "jupyter-ext-credentials")
    make_master = (
        (lambda reactor: master.ApplicationMaster(reactor, environ))
        if role == container.KERNEL
        else None
    )
    return run(bootstrap, "yarn", YARN_GRACE_S, credentials, make_master)


class _Unbreakable:
    """A text file that goes on when nobody reads it any longer."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)
            self._file.flush()
        return len(text)

    def flush(self) -> None:
        """Everything was flushed when it was written."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
