"""What an agent needs to find its hub: the only secret that travels outside a tunnel."""

import json
import os
import stat
from typing import Any, Dict, List, Optional

SIZE = 32
"""Bytes of a secret and of a fingerprint."""
SCHEMES = ("unix://", "tls://", "wss://")


class BootstrapError(Exception):
    """The bootstrap cannot be used; the text says why, and holds nothing secret."""


Bootstrap = Dict[str, Any]
"""The keys of docs/kernels.md, checked; ``ca`` and ``fingerprint`` may be None."""


def read_bootstrap(path: str) -> Bootstrap:
    """Read a file that nobody but its owner can read.

    Raises
    ------
    BootstrapError
        If it is not there, if others could read it, or if it holds something else.
    """
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BootstrapError(f"Cannot read the bootstrap {path}: {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BootstrapError(
            f"Others could read the secret in {path}: its mode is {stat.S_IMODE(mode):o}, not 600."
        )
    try:
        values = json.loads(text)
    except ValueError:
        raise BootstrapError(f"The bootstrap {path} is not JSON.") from None
    return check_bootstrap(values)


def check_bootstrap(values: Any) -> Bootstrap:
    """Check what the JSON of a bootstrap says.

    Raises
    ------
    BootstrapError
        With the key that is wrong, and what was expected.
    """
    if not isinstance(values, dict):
        raise BootstrapError("The bootstrap is not a JSON object.")
    return {
        "kernel_id": _text(values, "kernel_id"),
        "secret": _hexadecimal(values, "secret"),
        "hubs": _hubs(values),
        "fingerprint": _fingerprint(values),
        "ca": _text(values, "ca") if values.get("ca") else None,
        "lease_s": _seconds(values, "lease_s"),
    }


def _text(values: Dict[str, Any], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise BootstrapError(f"The bootstrap's {key} is not a text.")
    return value


def _hexadecimal(values: Dict[str, Any], key: str) -> str:
    value = _text(values, key).lower()
    if len(value) != 2 * SIZE or value.strip("0123456789abcdef"):
        raise BootstrapError(f"The bootstrap's {key} is not {SIZE} bytes in hexadecimal.")
    return value


def _hubs(values: Dict[str, Any]) -> List[str]:
    hubs = values.get("hubs")
    if not isinstance(hubs, list) or not hubs:
        raise BootstrapError("The bootstrap names no hubs.")
    for hub in hubs:
        if not isinstance(hub, str) or not hub.startswith(SCHEMES):
            raise BootstrapError(
                "The bootstrap's hub {!r} is none of {}.".format(hub, " ".join(SCHEMES))
            )
    return hubs


def _fingerprint(values: Dict[str, Any]) -> Optional[str]:
    if values.get("fingerprint"):
        return _hexadecimal(values, "fingerprint")
    if any(hub.startswith("tls://") for hub in values["hubs"]):
        raise BootstrapError("The bootstrap has a tls hub, and no fingerprint to know it by.")
    return None


def _seconds(values: Dict[str, Any], key: str) -> float:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise BootstrapError(f"The bootstrap's {key} is not a number of seconds.")
    return float(value)
