"""Profiles that a kernel carries with it: those of the server that started it, somewhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.reader import CONF

VARIABLE = "JUPYTER_EXT_CREDENTIALS"
"""Environment variable that names the credential directory in kernels."""
INDEX = "clusters.json"
"""What is in that directory, see :mod:`jupyter_ext.credentials.directory`."""


def carried(directory: Path) -> dict[str, Profile]:
    """Read the profiles in a credential directory, with the files that are there for them.

    Returns
    -------
    dict
        By name, in its order; empty if the directory says nothing that can be understood.
    """
    try:
        entries = json.loads((directory / INDEX).read_bytes())["clusters"].items()
        return {name: _moved(entry["profile"], directory / name) for name, entry in sorted(entries)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        # Another version may have written it; the next login writes it anew.
        return {}


def _moved(profile: dict[str, Any], place: Path) -> Profile:
    """Let a profile name the files here instead of the server's."""
    files = {"krb5_conf": place / "krb5.conf", "ca_file": place / "ca.pem"}
    return Profile.model_validate(
        profile
        | {"directory": str(place), "conf_dir": str(place / CONF), "layer": "environment"}
        | {key: str(path) if path.exists() else None for key, path in files.items()}
    )
