"""How often somebody may try to log in."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from jupyter_ext.errors import RateLimited

WINDOW_S = 60.0


class LoginLimit:
    """Counts the logins of each Jupyter user to each cluster within the last minute.

    A KDC or directory locks an account after some wrong passwords, so trying many of them has to
    be slow even where that is not set up. A refused try does not count.

    Parameters
    ----------
    per_minute
        Logins that are allowed within any 60 seconds.
    clock
        Seconds that only grow.
    """

    def __init__(self, per_minute: int = 5, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._tries: dict[tuple[str, str], deque[float]] = {}

    def check(self, user: str, cluster: str) -> None:
        """Count one login, and refuse it if there were too many.

        Raises
        ------
        RateLimited
            If there were too many, with the seconds until the next one is allowed.
        """
        now = self._clock()
        self._forget(now - WINDOW_S)
        tries = self._tries.setdefault((user, cluster), deque())
        if len(tries) >= self._per_minute:
            wait_s = math.ceil(tries[0] + WINDOW_S - now)
            raise RateLimited(
                f"Too many logins to {cluster}: {self._per_minute} a minute are allowed.",
                hint=f"Try again in {wait_s} s.",
                cluster=cluster,
            )
        tries.append(now)

    def _forget(self, before: float) -> None:
        for key, tries in list(self._tries.items()):
            while tries and tries[0] <= before:
                tries.popleft()
            if not tries:
                del self._tries[key]
