"""How long an agent goes on without a hub."""

from typing import Callable, Optional

from jupyter_ext_agent.reactor import Reactor, Timer

LONGEST_TICK_S = 10.0


class Lease:
    """Calls ``over`` after so many seconds without a hub.

    It counts the time that the agent was there to see. A clock that is set changes nothing, and
    neither does a machine that slept: who wakes up after a night gets time to find the hub again.
    """

    def __init__(self, reactor: Reactor, seconds: float, over: Callable[[], None]) -> None:
        self.seconds = seconds
        self._reactor = reactor
        self._over = over
        self._alone_s = 0.0
        self._last = 0.0
        self._tick_s = 0.0
        self._timer: Optional[Timer] = None

    def lost(self) -> None:
        """Begin to count, unless it has begun."""
        if self._timer is None:
            self._alone_s = 0.0
            self._wait()

    def found(self) -> None:
        """Count no longer: there is a hub."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def change(self, seconds: float) -> None:
        """Take another length; what has passed counts."""
        self.seconds = seconds
        if self._timer is not None:
            self._timer.cancel()
            self._wait()

    def _wait(self) -> None:
        self._last = self._reactor.now()
        self._tick_s = max(0.0, min(LONGEST_TICK_S, self.seconds - self._alone_s))
        self._timer = self._reactor.call_later(self._tick_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._alone_s += min(self._reactor.now() - self._last, self._tick_s + 1.0)
        if self._alone_s >= self.seconds:
            self._over()
        else:
            self._wait()
