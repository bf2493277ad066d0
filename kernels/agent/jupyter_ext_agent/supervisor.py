"""Does what the hub says, and tells it what happens: the kernel, its terminals, its credentials."""

import os
import signal
import sys
from typing import Any, Callable, Dict, Mapping, Optional

from jupyter_ext_agent import tree
from jupyter_ext_agent.frames import Message
from jupyter_ext_agent.lease import Lease
from jupyter_ext_agent.printed import Printed
from jupyter_ext_agent.process import CHANNELS, KernelProcess, Launch
from jupyter_ext_agent.reactor import Reactor
from jupyter_ext_agent.tunnel import Owner, Stream, Tunnel

GRACE_S = 5.0
RESTART_GRACE_S = 1.0
"""A restart comes after the kernel was asked to shut down."""
MOST_LINES = 10000


class Supervisor(Owner):
    """One kernel and what belongs to it.

    Parameters
    ----------
    directory
        Of the agent, private and with a short path.
    credentials
        Path of the credential directory.
    backend
        Who started the agent: local, docker, yarn.
    ended
        Called once, with a reason, when the kernel is gone and the hub knows.
    """

    def __init__(
        self,
        reactor: Reactor,
        bootstrap: Mapping[str, Any],
        directory: str,
        credentials: str,
        backend: str,
        ended: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._directory = directory
        self._credentials = credentials
        self._backend = backend
        self._ended = ended
        self._launch: Optional[Launch] = None
        self._stats: Any = None
        self._terminals: Dict[int, Any] = {}
        self._is_ending = False
        self.was_asked = False
        """Whether the hub asked for the end."""
        self._tunnel = Tunnel(reactor, bootstrap, os.urandom(16).hex(), self)
        self._lease = Lease(reactor, bootstrap["lease_s"], self._lease_over)
        self._printed = Printed(reactor, self._tell_log, copy_to=1)
        self._kernel = KernelProcess(
            reactor, directory, credentials, self._printed, self._kernel_changed
        )
        self._handlers: Dict[Any, Callable[[Message], Optional[Message]]] = {
            "launch": self._do_launch,
            "credentials": self._do_credentials,
            "signal": self._do_signal,
            "restart": self._do_restart,
            "stop": self._do_stop,
            "resize": self._do_resize,
            "logs": self._do_logs,
            "lease": self._do_lease,
        }

    def start(self) -> None:
        """Look for the hub."""
        self._lease.lost()
        self._tunnel.start()

    def end(self, reason: str, grace_s: float = GRACE_S) -> None:
        """End the kernel, then tell the hub, then say that all is over."""
        if self._is_ending:
            self._kernel.end(grace_s, lambda: None)
            return
        self._is_ending = True
        for terminal in list(self._terminals.values()):
            terminal.close()
        self._kernel.end(grace_s, lambda: self._say_goodbye(reason))

    def _say_goodbye(self, reason: str) -> None:
        self._printed.close()
        # What left the kernel's session would otherwise outlive the agent.
        tree.kill_all_below(os.getpid())
        self._tunnel.close(reason, lambda: self._ended(reason))

    # -- of the tunnel ------------------------------------------------------------------------

    def tunnel_connected(self, resumed: bool) -> None:
        """Introduce the agent to a hub that does not know it."""
        self._lease.found()
        if not resumed:
            self._tunnel.tell(
                {
                    "type": "agent",
                    "host": os.uname().nodename,
                    "pid": os.getpid(),
                    "python": ".".join(str(number) for number in sys.version_info[:3]),
                    "directory": self._directory,
                    "backend": self._backend,
                }
            )
            self._tell_kernel()

    def tunnel_lost(self) -> None:
        """Count the time without a hub."""
        self._lease.lost()

    def tunnel_refused(self, reason: str) -> None:
        """End: the hub knows another agent of this kernel."""
        self.end(f"The hub refuses this agent: {reason}", grace_s=0)

    def opened(self, stream: Stream, options: Mapping[str, Any]) -> None:
        """Connect a stream with what it is for."""
        if stream.channel in CHANNELS:
            from jupyter_ext_agent.relay import Relay

            Relay(self._reactor, stream, self._kernel.socket(stream.channel))
        elif stream.channel == "terminal" and not self._is_ending:
            self._open_terminal(stream, options)
        else:
            stream.close()

    def told(self, message: Message) -> None:
        """Do what a message says, and answer one that has an id."""
        try:
            handler = self._handlers.get(message.get("type"), self._do_unknown)
            answer = handler(message) or {}
        except Exception as error:  # a message that makes no sense must not cost the tunnel
            text = (
                str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            )
            answer = {"error": text}
            if "id" not in message:
                print(f"{message.get('type')}: {text}", file=sys.stderr, flush=True)
        if "id" in message:
            self._tunnel.tell(dict({"type": "done", "id": message["id"], "error": None}, **answer))

    # -- messages -----------------------------------------------------------------------------

    def _do_launch(self, message: Message) -> None:
        launch = Launch.of(message)
        if self._kernel.state == "running" or self._is_ending:
            return
        self._launch = launch
        self._kernel.start(launch)

    def _do_credentials(self, message: Message) -> None:
        from jupyter_ext_agent import credentials

        credentials.write(self._credentials, message["files"])

    def _do_signal(self, message: Message) -> None:
        self._kernel.signal(int(message["signum"]))

    def _do_restart(self, message: Message) -> None:
        if self._launch is None:
            raise ValueError("There was no launch that could be repeated.")
        if not self._is_ending:
            self._kernel.end(float(message.get("grace_s", RESTART_GRACE_S)), self._start_again)

    def _start_again(self) -> None:
        if self._kernel.state != "running" and self._launch is not None and not self._is_ending:
            self._kernel.start(self._launch)

    def _do_stop(self, message: Message) -> None:
        self.was_asked = True
        self.end("The kernel was stopped.", float(message.get("grace_s", GRACE_S)))

    def _do_resize(self, message: Message) -> None:
        terminal = self._terminals.get(message["stream"])
        if terminal is not None:
            terminal.resize(message.get("rows"), message.get("columns"))

    def _do_logs(self, message: Message) -> Message:
        count = min(int(message.get("lines", MOST_LINES)), MOST_LINES)
        return {"text": "\n".join(self._printed.last(count))}

    def _do_lease(self, message: Message) -> None:
        seconds = float(message["seconds"])
        if not seconds > 0:
            raise ValueError("A lease has more than 0 seconds.")
        self._lease.change(seconds)

    def _do_unknown(self, message: Message) -> None:
        raise ValueError(f"This agent does not know {message.get('type')!r}.")

    # -- what happens -------------------------------------------------------------------------

    def _kernel_changed(self) -> None:
        if self._tunnel.connected:
            self._tell_kernel()
        if self._kernel.state == "running":
            self._measure()
        elif self._stats is not None:
            self._stats.stop()

    def _tell_kernel(self) -> None:
        self._tunnel.tell(
            {
                "type": "kernel",
                "state": self._kernel.state,
                "pid": self._kernel.pid,
                "starts": self._kernel.starts,
                "exit": self._kernel.exit,
            }
        )

    def _tell_log(self, text: str) -> None:
        if self._tunnel.connected:
            self._tunnel.tell({"type": "log", "text": text})

    def _measure(self) -> None:
        if self._stats is None:
            from jupyter_ext_agent.stats import Stats

            self._stats = Stats(
                self._reactor, self._tell_stats, lambda: self._kernel.limit_mb(self._launch)
            )
        self._stats.start()

    def _tell_stats(self, stats: Message) -> None:
        most = self._kernel.most_memory_mb or 0
        self._kernel.most_memory_mb = max(most, stats["memory_mb"])
        if self._tunnel.connected:
            self._tunnel.tell(stats)

    def _open_terminal(self, stream: Stream, options: Mapping[str, Any]) -> None:
        from jupyter_ext_agent.terminal import Terminal

        number = stream.number
        try:
            self._terminals[number] = Terminal(
                self._reactor,
                stream,
                options,
                self._kernel.environment(self._launch),
                self._kernel.working_directory(self._launch),
                self._kernel.executable,
                lambda: self._terminals.pop(number, None),
            )
        except OSError as error:
            stream.send(f"There is no terminal to be had here: {error}\r\n".encode()[: stream.room])
            stream.close()

    def _lease_over(self) -> None:
        self.end(f"No hub for {self._lease.seconds:g} seconds.")


def end_signals(supervisor: Supervisor, reactor: Reactor, grace_s: float) -> None:
    """End in good order when whoever started the agent wants it to end."""
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        reason = f"The agent got {signal.Signals(signum).name}."
        reactor.on_signal(signum, lambda reason=reason: supervisor.end(reason, grace_s))
