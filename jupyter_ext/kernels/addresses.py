"""Addresses at which other machines find this one."""

from __future__ import annotations

import socket

_EVERYWHERE = ("0.0.0.0", "[::]", "::", "*", "")  # noqa: S104 - compared with, not bound to


def is_remote(address: str) -> bool:
    """Whether a hub's address can be dialled from elsewhere."""
    return not address.startswith("unix://")


def to_dial(address: str) -> list[str]:
    """Give what agents dial for an address on which a hub listens."""
    scheme, _, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme == "unix" or host not in _EVERYWHERE:
        return [address]
    hosts = dict.fromkeys((_outward(), socket.getfqdn()))
    return [f"{scheme}://{host}:{port}" for host in hosts]


def _outward() -> str:
    """Give the address that others see when this machine speaks to them; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # for documentation: it belongs to nobody
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
