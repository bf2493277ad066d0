"""Free TCP ports of the loopback interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Mapping

from jupyter_ext.errors import Unavailable

RANGE = range(18000, 32000)
"""Below the ports that Linux hands out to outgoing connections, which come and go."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        # As servers do: a connection that lingers in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether a server accepts connections on this port of the loopback interface."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def assign(names: Iterable[str], known: Mapping[str, int], taken: Iterable[int]) -> dict[str, int]:
    """Give every name a free port.

    Parameters
    ----------
    names
        What needs a port.
    known
        The ports of the last time, kept where they are still free.
    taken
        Ports promised to others.

    Raises
    ------
    Unavailable
        If no port is free.
    """
    ports: dict[str, int] = {}
    promised = {*taken, *known.values()}
    candidates = (
        port for port in random.sample(RANGE, len(RANGE)) if port not in promised and is_free(port)
    )
    for name in names:
        port = known.get(name)
        if port is None or not is_free(port):
            port = next(candidates, None)
        if port is None:
            raise Unavailable(
                f"No free TCP port between {RANGE.start} and {RANGE.stop} on this machine.",
                hint="End programs that listen there, then start the sandbox again.",
            )
        ports[name] = port
    return ports
