"""A small event loop: sockets, timers, child processes and signals, in one thread.

asyncio would take longer to import than the agent may take to start.
"""

import contextlib
import errno
import heapq
import os
import selectors
import signal
import sys
import threading
import time
import traceback
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple, Union

Callback = Callable[..., Any]
Watched = Union[int, Any]
"""A file descriptor, or anything with ``fileno()``."""

_CHILD_POLL_S = 0.2


class Timer:
    """Something that is to be called later."""

    __slots__ = ("arguments", "call", "when")

    def __init__(self, when: float, call: Callback, arguments: Tuple[Any, ...]) -> None:
        self.when = when
        self.call: Optional[Callback] = call
        self.arguments = arguments

    def cancel(self) -> None:
        """Don't call it; does nothing once it was called."""
        self.call = None
        self.arguments = ()


class Reactor:
    """Calls back when a socket is ready, a timer is due, or a child has ended.

    An exception in a callback is printed and ends only what it was called for: a descriptor is not
    watched any longer. Everything but :meth:`call_threadsafe` belongs to the thread of :meth:`run`.
    """

    def __init__(self) -> None:
        self.reap_strangers = False
        """Whether to take away the remains of children that :meth:`on_child` knows nothing of."""
        self._selector = selectors.DefaultSelector()
        self._soon: Deque[Tuple[Callback, Tuple[Any, ...]]] = deque()
        self._timers: List[Tuple[float, int, Timer]] = []
        self._timer_count = 0
        self._children: Dict[int, Callback] = {}
        self._signals: Dict[int, Callback] = {}
        self._running = False
        self._wake_read, self._wake_write = os.pipe()
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)
        self.watch(self._wake_read, self._woken)
        self._has_child_signal = False
        self._old_wakeup = -1

    # -- time ---------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on a clock that nobody sets."""
        return time.monotonic()

    def call_soon(self, call: Callback, *arguments: Any) -> None:
        """Call in the next turn."""
        self._soon.append((call, arguments))

    def call_later(self, seconds: float, call: Callback, *arguments: Any) -> Timer:
        """Call after some seconds."""
        timer = Timer(self.now() + seconds, call, arguments)
        self._timer_count += 1
        heapq.heappush(self._timers, (timer.when, self._timer_count, timer))
        return timer

    def call_threadsafe(self, call: Callback, *arguments: Any) -> None:
        """Call in the next turn; for other threads."""
        self._soon.append((call, arguments))
        self._wake()

    # -- descriptors --------------------------------------------------------------------------

    def watch(
        self,
        watched: Watched,
        readable: Optional[Callback] = None,
        writable: Optional[Callback] = None,
    ) -> None:
        """Call when a descriptor can be read or written; replaces what was said of it before."""
        events = (selectors.EVENT_READ if readable else 0) | (
            selectors.EVENT_WRITE if writable else 0
        )
        if not events:
            self.unwatch(watched)
            return
        try:
            key = self._selector.get_key(watched)
        except KeyError:
            self._selector.register(watched, events, (readable, writable))
        else:
            if key.events != events or key.data != (readable, writable):
                self._selector.modify(watched, events, (readable, writable))

    def unwatch(self, watched: Watched) -> None:
        """Watch a descriptor no longer; to be called before it is closed. May be called again."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(watched)

    # -- processes ----------------------------------------------------------------------------

    def on_child(self, pid: int, call: Callback) -> None:
        """Call once with the status of ``os.waitpid`` when a child has ended."""
        self._children[pid] = call
        if not self._has_child_signal:
            self._has_child_signal = True
            if _in_main_thread():
                self.on_signal(signal.SIGCHLD, self._reap)
            else:
                self._poll_children()
        self.call_soon(self._reap)

    def on_signal(self, signum: int, call: Callback) -> None:
        """Call in a turn of the loop when the process gets a signal; only in the main thread."""
        if not self._signals:
            self._old_wakeup = signal.set_wakeup_fd(self._wake_write)
        self._signals[int(signum)] = call
        signal.signal(signum, _ignore)
        signal.siginterrupt(signum, False)

    def _poll_children(self) -> None:
        self._reap()
        self.call_later(_CHILD_POLL_S, self._poll_children)

    def _reap(self) -> None:
        for pid in list(self._children):
            try:
                found, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                found, status = pid, 0
            if found:
                self._call(self._children.pop(pid), status)
        while self.reap_strangers:
            try:
                found, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not found:
                return
            if found in self._children:
                self._call(self._children.pop(found), status)

    # -- the loop -----------------------------------------------------------------------------

    def run(self) -> None:
        """Call back until :meth:`stop`."""
        self._running = True
        while self._running:
            self.turn()

    def turn(self, longest_s: Optional[float] = None) -> None:
        """Wait for what comes next, at most ``longest_s`` seconds, and call for it."""
        for key, events in self._selector.select(self._patience(longest_s)):
            readable, writable = key.data
            if events & selectors.EVENT_READ and readable:
                self._call_watched(key, readable)
            # The first callback may have said that nobody is interested any longer.
            if events & selectors.EVENT_WRITE and writable and self._is_watched(key):
                self._call_watched(key, writable)
        now = self.now()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if timer.call is not None:
                self._call(timer.call, *timer.arguments)
        for _ in range(len(self._soon)):
            call, arguments = self._soon.popleft()
            self._call(call, *arguments)

    def stop(self) -> None:
        """Let :meth:`run` return after this turn."""
        self._running = False
        self._wake()

    def close(self) -> None:
        """Give back descriptors and signals."""
        if self._signals:
            signal.set_wakeup_fd(self._old_wakeup)
            for signum in self._signals:
                signal.signal(signum, signal.SIG_DFL)
            self._signals = {}
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _patience(self, longest_s: Optional[float]) -> Optional[float]:
        if self._soon:
            return 0.0
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return longest_s
        due = max(0.0, self._timers[0][0] - self.now())
        return due if longest_s is None else min(due, longest_s)

    def _is_watched(self, key: selectors.SelectorKey) -> bool:
        try:
            return bool(self._selector.get_key(key.fileobj).data == key.data)
        except (KeyError, ValueError):
            return False

    def _call_watched(self, key: selectors.SelectorKey, call: Callback) -> None:
        if not self._call(call):
            self.unwatch(key.fileobj)

    def _call(self, call: Callback, *arguments: Any) -> bool:
        try:
            call(*arguments)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return False
        return True

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            pass  # there is enough in the pipe to wake anybody
        except OSError as error:
            if error.errno != errno.EBADF:  # the loop is gone
                raise

    def _woken(self) -> None:
        try:
            data = os.read(self._wake_read, 4096)
        except BlockingIOError:
            return
        for signum in set(data):
            if signum in self._signals:
                self._call(self._signals[signum])


def _ignore(signum: int, frame: Any) -> None:
    """Stand in for a handler: the wake-up descriptor has the signal's number already."""


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
