"""The agent's end of the tunnel: dials the hub, again and again, and goes on where it was."""

from typing import Any, Callable, Dict, Mapping, Optional

from jupyter_ext_agent.reactor import Reactor

Message = Dict[str, Any]


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


class Stream:
    """Bytes in both directions, within the windows."""

    number: int
    channel: str
    room: int
    """How many bytes may be sent at the moment."""
    on_data: Callable[[bytes], None]
    on_close: Callable[[], None]
    on_room: Callable[[], None]
    """There is room again after there was none."""

    def send(self, data: bytes) -> None:
        """Send bytes, not more than there is room for; nothing once it is closed."""
        raise NotImplementedError

    def consumed(self, count: int) -> None:
        """Say that so many bytes of ``on_data`` have gone where they belong."""
        raise NotImplementedError

    def close(self) -> None:
        """Close it when all that was sent has gone; ``on_close`` is not called."""
        raise NotImplementedError


class Tunnel:
    """Redials for ever, resumes."""

    connected: bool
    disconnected_since: Optional[float]
    """On the reactor's clock; None while connected."""

    def __init__(
        self, reactor: Reactor, bootstrap: Mapping[str, Any], instance: str, owner: Owner
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Dial."""

    def tell(self, message: Message) -> None:
        """Send a message; kept while there is no hub. Logs and figures may be left out then."""

    def close(self, reason: str) -> None:
        """Say ``ended`` with a reason and wait shortly until the hub has it; then be silent."""
