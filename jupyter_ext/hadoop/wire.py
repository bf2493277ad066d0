"""Reading numbers and lists out of Hadoop's JSON, which is not always what it should be.

Its REST layer once mapped XML to JSON: a list of one may be an object, an empty list null or an
object without members; numbers may be strings, ``"NaN"`` among them, and -1 stands for unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jupyter_ext.hadoop.models import Resources

Json = Mapping[str, Any]


def number(found: Json, *keys: str) -> float:
    """First of the keys that is there, as a number; 0 if none is one."""
    for key in keys:
        if (value := found.get(key)) is not None:
            try:
                result = float(value)
            except (TypeError, ValueError):
                continue
            return result if math.isfinite(result) else 0.0
    return 0.0


def count(found: Json, *keys: str) -> int:
    """Give a number that can't be negative, as an integer."""
    return max(0, int(number(found, *keys)))


def text(found: Json, *keys: str) -> str:
    """First of the keys that is there, as a string; empty if none is."""
    return next((str(found[key]) for key in keys if found.get(key) is not None), "")


def member(found: Any, *path: str) -> Json:
    """Follow a path of objects; an empty object where it ends early."""
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def members(found: Any, *path: str) -> list[Json]:
    """Follow a path to a list of objects, whichever way it was written."""
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        return [found] if found else []
    return [item for item in found or [] if isinstance(item, Mapping)]


def resources(found: Any) -> Resources:
    """Read a ``ResourceInfo``: memory in MB, and virtual cores."""
    if not isinstance(found, Mapping):
        return Resources()
    return Resources(
        memory_mb=count(found, "memory", "memoryMB"), vcores=count(found, "vCores", "vcores")
    )


def strings(value: Any) -> list[str]:
    """Read what is a list, one string with commas, or nothing."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(item) for item in value or []]
