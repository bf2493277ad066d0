"""The agent's end of the tunnel: dials the hub, again and again, and goes on where it was."""

import random
import sys
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Union

from jupyter_ext_agent.dial import Connection, DialError, Dialled, dial
from jupyter_ext_agent.frames import (
    PING_S,
    SILENCE_S,
    TO_AGENT,
    TO_HUB,
    Closed,
    Event,
    LinkError,
    Message,
    Opened,
    Received,
    Room,
    Told,
)
from jupyter_ext_agent.handshake import Refused
from jupyter_ext_agent.link import Link
from jupyter_ext_agent.reactor import Reactor, Timer

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LONGEST_PAUSE_HERE_S = 0.5
"""The same if every hub is on this machine: looking for a socket costs next to nothing."""
_LAST_WORDS_S = 2.0
_READS_PER_TURN = 8


class Owner:
    """What a tunnel asks of whoever made it; all in the reactor's thread."""

    def tunnel_connected(self, resumed: bool) -> None:
        """Hear that there is a hub; one that was not resumed knows nothing and is told anew."""

    def tunnel_lost(self) -> None:
        """Hear that there is none; the tunnel goes on dialling."""

    def tunnel_refused(self, reason: str) -> None:
        """Hear that the hub, which proved itself, wants no such agent: there is another."""

    def told(self, message: Message) -> None:
        """Take a message of the hub."""

    def opened(self, stream: "Stream", options: Mapping[str, Any]) -> None:
        """Take a new stream, and say what is to be done with its data."""


def _nothing(*_: Any) -> None:
    pass


class Stream:
    """Bytes in both directions, within the windows."""

    def __init__(self, tunnel: "Tunnel", number: int, options: Mapping[str, Any]) -> None:
        self.number = number
        self.channel = str(options.get("channel"))
        self.on_data: Callable[[bytes], None] = _nothing
        self.on_close: Callable[[], None] = _nothing
        self.on_room: Callable[[], None] = _nothing
        """There is room again after there was none."""
        self._tunnel = tunnel

    @property
    def room(self) -> int:
        """How many bytes may be sent at the moment; none once it is closed."""
        return self._tunnel.link.room(self.number)

    def send(self, data: bytes) -> None:
        """Send bytes, not more than there is room for; nothing once it is closed."""
        self._tunnel.link.send(self.number, data)
        self._tunnel.flush_soon()

    def consumed(self, count: int) -> None:
        """Say that so many bytes of ``on_data`` have gone where they belong."""
        self._tunnel.link.consumed(self.number, count)
        self._tunnel.flush_soon()

    def close(self) -> None:
        """Close it when all that was sent has gone; ``on_close`` is not called."""
        self._tunnel.link.close(self.number)
        self._tunnel.forget(self.number)
        self._tunnel.flush_soon()


class Tunnel:
    """Dials the hubs of a bootstrap until one is there, and again whenever it is lost.

    Parameters
    ----------
    bootstrap
        See docs/kernels.md.
    instance
        Names this run of the agent.
    owner
        Is told what happens; needs the methods of :class:`Owner`.
    ping_s, silence_s
        See docs/kernels.md.
    """

    def __init__(
        self,
        reactor: Reactor,
        bootstrap: Mapping[str, Any],
        instance: str,
        owner: Any,
        ping_s: float = PING_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self.link = Link(TO_HUB, TO_AGENT)
        self.connected = False
        self.disconnected_since: Optional[float] = reactor.now()
        """On the reactor's clock; None while connected."""
        self.failures: List[str] = []
        """Why the last dialling was in vain, one line for each hub."""
        self._reactor = reactor
        self._bootstrap = bootstrap
        self._instance = instance
        self._owner = owner
        self._ping_s = ping_s
        self._silence_s = silence_s
        self._session = ""
        self._address = ""
        """Of the last hub that was there."""
        self._connection: Optional[Connection] = None
        self._streams: Dict[int, Stream] = {}
        self._pause_s = _FIRST_PAUSE_S
        is_here = all(hub.startswith("unix:") for hub in bootstrap["hubs"])
        self._longest_pause_s = _LONGEST_PAUSE_HERE_S if is_here else _LONGEST_PAUSE_S
        self._heard_at = 0.0
        self._is_dialling = False
        self._will_flush = False
        self._is_ending = False
        self._done: Optional[Callable[[], None]] = None
        self._pulse: Optional[Timer] = None

    # -- for the owner ------------------------------------------------------------------------

    def start(self) -> None:
        """Dial."""
        if not self._is_dialling:
            self._is_dialling = True
            threading.Thread(
                target=self._dial, args=(self._session, self.link.received), daemon=True
            ).start()

    def tell(self, message: Message) -> None:
        """Send a message; kept while there is no hub. Logs and figures may be left out then."""
        self.link.tell(message)
        self.flush_soon()

    def close(self, reason: str, done: Callable[[], None] = _nothing) -> None:
        """Say ``ended`` with a reason, and be silent when the hub has it, or after 2 s.

        Parameters
        ----------
        done
            Is called then; at once if there is no hub.
        """
        if self._is_ending:
            return
        self._is_ending = True
        self._done = done
        if self._connection is None:
            self._end()
            return
        self.link.hurry()
        self.tell({"type": "ended", "reason": reason})
        self._reactor.call_later(_LAST_WORDS_S, self._end)

    # -- for streams --------------------------------------------------------------------------

    def flush_soon(self) -> None:
        """Write what there is to write in this turn of the loop."""
        if not self._will_flush and self._connection is not None:
            self._will_flush = True
            self._reactor.call_soon(self._flush)

    def forget(self, number: int) -> None:
        """Tell a stream nothing any longer."""
        self._streams.pop(number, None)

    # -- dialling -----------------------------------------------------------------------------

    def _dial(self, session: str, received: int) -> None:
        """Run in a thread: try one hub after the other."""
        result: Union[Dialled, Refused, List[str]] = []
        failures = []
        # A port that is blocked costs seconds: begin with what was there the last time.
        for address in sorted(self._bootstrap["hubs"], key=lambda hub: hub != self._address):
            try:
                result = dial(address, self._bootstrap, self._instance, session, received)
                break
            except Refused as refused:
                result = refused
                break
            except DialError as error:
                failures.append(str(error))
            except Exception as error:  # nothing may end the dialling
                failures.append(f"{address}: {error!r}")
        self._reactor.call_threadsafe(self._dialled, result or failures)

    def _dialled(self, result: Union[Dialled, Refused, List[str]]) -> None:
        self._is_dialling = False
        if isinstance(result, Dialled):
            if self._is_ending:
                result.connection.close()
            else:
                self._connected(result)
        elif self._is_ending:
            return
        elif isinstance(result, Refused):
            self._owner.tunnel_refused(str(result))
        else:
            if result != self.failures:
                self.failures = result
                print("No hub: " + "; ".join(result), file=sys.stderr, flush=True)
            self._redial()

    def _redial(self) -> None:
        # Some chance, so that all agents of a server that comes back don't dial at once.
        self._reactor.call_later(self._pause_s * random.uniform(0.5, 1.5), self.start)  # noqa: S311
        self._pause_s = min(2 * self._pause_s, self._longest_pause_s)

    def _connected(self, dialled: Dialled) -> None:
        welcome = dialled.welcome
        resumed = welcome.resume and welcome.session == self._session
        ended: List[int] = []
        if resumed:
            try:
                self.link.resume(welcome.received)
            except LinkError:
                # It believes that it got what was never sent. Begin again, with nothing in common.
                self._session = ""
                dialled.connection.close()
                self._redial()
                return
        else:
            ended = self.link.reset(keep_messages=False)
        self._session = welcome.session
        self._address = dialled.address
        self._connection = dialled.connection
        self._pause_s = _FIRST_PAUSE_S
        self.failures = []
        self.connected = True
        self.disconnected_since = None
        self._heard_at = self._reactor.now()
        self._pulse = self._reactor.call_later(self._ping_s / 2, self._beat)
        self._watch()
        for number in ended:
            self._close(number)
        self._owner.tunnel_connected(resumed)
        if dialled.rest:
            self._take(dialled.rest)
        # TLS and a websocket may hold data of which the socket knows nothing any longer.
        self._reactor.call_soon(self._readable)
        self.flush_soon()

    def _lose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._reactor.unwatch(connection)
        connection.close()
        if self._pulse is not None:
            self._pulse.cancel()
        self.connected = False
        self.disconnected_since = self._reactor.now()
        if self._is_ending:
            self._end()
        else:
            self._owner.tunnel_lost()
            self._redial()

    def _end(self) -> None:
        done, self._done = self._done, None
        self._lose()
        if done is not None:
            done()

    # -- a connection -------------------------------------------------------------------------

    def _beat(self) -> None:
        silent_s = self._reactor.now() - self._heard_at
        if silent_s >= self._silence_s:
            self._lose()
            return
        if silent_s >= self._ping_s:
            self.link.ping()
            self.flush_soon()
        self._pulse = self._reactor.call_later(self._ping_s / 2, self._beat)

    def _watch(self) -> None:
        connection = self._connection
        if connection is not None:
            writable = self._flush if connection.is_full else None
            self._reactor.watch(connection, self._readable, writable)

    def _readable(self) -> None:
        for _ in range(_READS_PER_TURN):
            connection = self._connection
            if connection is None:
                return
            try:
                data = connection.read()
            except OSError:
                data = b""
            if data is None:
                return
            if not data:
                self._lose()
                return
            self._take(data)
        # Others have their turn; what TLS holds already would wake nobody.
        self._reactor.call_soon(self._readable)

    def _take(self, data: bytes) -> None:
        self._heard_at = self._reactor.now()
        try:
            for event in self.link.receive(data):
                self._dispatch(event)
        except LinkError as error:
            print(f"The hub makes no sense: {error}", file=sys.stderr, flush=True)
            self._session = ""
            self._lose()
            return
        if self._is_ending and self.link.is_settled:
            self._end()
        elif self.link.has_output:
            self.flush_soon()

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, Received):
            stream = self._streams.get(event.stream)
            if stream is not None:
                stream.on_data(event.data)
        elif isinstance(event, Told):
            self._owner.told(event.message)
        elif isinstance(event, Room):
            stream = self._streams.get(event.stream)
            if stream is not None:
                stream.on_room()
        elif isinstance(event, Opened):
            stream = Stream(self, event.stream, event.options)
            self._streams[event.stream] = stream
            self._owner.opened(stream, event.options)
        elif isinstance(event, Closed):
            self._close(event.stream)

    def _close(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.on_close()

    def _flush(self) -> None:
        self._will_flush = False
        connection = self._connection
        if connection is None:
            return
        try:
            connection.flush()
            while not connection.is_full and self.link.has_output:
                connection.write(self.link.take())
        except OSError:
            self._lose()
            return
        self._watch()
