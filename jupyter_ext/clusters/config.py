"""``cluster.toml``: reading it in layers, saying what is wrong with it, and writing it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from jupyter_ext.clusters.models import PLACE_OR_URL, ClusterConfig, Problem
from jupyter_ext.errors import Conflict, InvalidInput
from jupyter_ext.files import replace

FILE = "cluster.toml"
CONF_LOCK = "conf"
"""Value of ``locked`` that stands for the Hadoop XML, krb5.conf and ca.pem."""

MAX_FILE_BYTES = 2**20

EXPECTED = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "a string in quotes",
    "list_type": "a list in [ ]",
    "model_type": "a table of keys",
    "model_attributes_type": "a table of keys",
}
"""What pydantic's error types mean to someone who writes TOML."""


@dataclass(frozen=True)
class LayerConfig:
    """One layer's cluster.toml, already cleaned of what cannot be used."""

    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def locks(self) -> list[str]:
        """Dotted keys that this layer keeps from those above it."""
        locks: list[str] = self.data.get("locked", [])
        return locks


@dataclass(frozen=True)
class Merged:
    """The layers of a profile taken together."""

    config: ClusterConfig
    locked: list[str]
    """Dotted keys that the layers below the topmost one lock."""
    problems: list[Problem]


def read_layer(path: Path) -> LayerConfig:
    """Read one cluster.toml; a missing file is an empty one. Never raises."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            return _unreadable(f"Is larger than {MAX_FILE_BYTES >> 20} MB.")
        data = tomllib.loads(raw.decode())
    except FileNotFoundError:
        return LayerConfig()
    except OSError as error:
        return _unreadable(f"Cannot be read: {error.strerror}.")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unreadable(f"Is not UTF-8 in line {line}.")
    except tomllib.TOMLDecodeError as error:
        return _unreadable(f"Is not TOML: {error}.")
    _, problems = _validate(data, partial=True)
    return LayerConfig(data, problems)


def _unreadable(message: str) -> LayerConfig:
    return LayerConfig(problems=[Problem(severity="error", file=FILE, message=message)])


def _validate(data: dict[str, Any], *, partial: bool) -> tuple[ClusterConfig | None, list[Problem]]:
    """Give what ``data`` says; else remove what does not fit, and say what was expected instead.

    Parameters
    ----------
    partial
        Whether another layer may supply the keys that are missing here.
    """
    try:
        return ClusterConfig.model_validate(data), []
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            location = tuple(str(part) for part in item["loc"])
            missing = item["type"] == "missing"
            if missing and partial:
                continue
            key = ".".join(part for part in location if not part.isdecimal())
            message = _expectation(item["type"], location, item)
            problems.append(Problem(severity="error", file=FILE, key=key, message=message))
            _remove(data, tuple(key.split("."))[: -1 if missing else None])
        return None, problems


def change(
    config: ClusterConfig, below: ClusterConfig, assign: Mapping[str, str], unset: Iterable[str]
) -> ClusterConfig:
    """Set and unset dotted keys, values given as text.

    Parameters
    ----------
    below
        What lower layers say: a key that is unset gets its value from there.

    Raises
    ------
    InvalidInput
        If a key is unknown or a value does not fit, naming what was expected.
    """
    values = flatten(config.model_dump(exclude_none=True))
    lower = flatten(below.model_dump())
    for key in unset:
        path = tuple(key.split("."))
        if key not in _fields():
            raise InvalidInput(f"{key}: {_expectation('extra_forbidden', path, {})}")
        for name in [name for name in values if is_locked(name, [key])]:
            del values[name]
        values.update(
            (name, value)
            for name, value in lower.items()
            if is_locked(name, [key]) and value is not None
        )
    for key, text in assign.items():
        is_list = isinstance(_default(key), list)
        values[key] = [part.strip() for part in text.split(",")] if is_list else text
    data = unflatten(values)
    changed, problems = _validate(data, partial=False)
    if changed is None:
        raise InvalidInput(" ".join(f"{problem.key}: {problem.message}" for problem in problems))
    return changed


def _expectation(kind: str, location: tuple[str, ...], item: Mapping[str, Any]) -> str:
    if kind == "extra_forbidden":
        siblings = keys_at(location[:-1])
        close = get_close_matches(location[-1], siblings, 1)
        if close:
            return f"Is no known key; did you mean {'.'.join((*location[:-1], close[0]))}?"
        return f"Is no known key; expected one of {', '.join(siblings)}."
    if kind == "missing":
        return f"Is missing; {'.'.join(location[:-1])} needs it."
    field = ".".join(part for part in location if not part.isdecimal())
    description = _fields().get(field, "")
    if kind in EXPECTED:
        expected = EXPECTED[kind]
    elif kind == "literal_error":
        expected = f"one of {item['ctx']['expected']}"
    elif kind == "string_pattern_mismatch":
        pattern = item["ctx"]["pattern"]
        if pattern == PLACE_OR_URL:
            expected = "host:port, or an http:// or https:// URL"
        else:
            expected = "an http:// or https:// URL" if pattern.startswith("^https?") else pattern
    else:
        expected = str(item["msg"])
    return f"Expected {expected}" + (f" ({description.rstrip('.')})." if description else ".")


def merge(layers: list[LayerConfig]) -> Merged:
    """Put layers together, topmost first: key by key a higher one wins unless a lower one locks."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    locked: list[str] = []
    inherited: list[str] = []
    for layer in reversed(layers):
        problems.extend(layer.problems)
        inherited = list(locked)
        for key, value in flatten(layer.data).items():
            if key == "locked":
                locked.extend(lock for lock in value if lock not in locked)
                problems.extend(_unknown_locks(value))
            elif is_locked(key, inherited):
                if values.get(key, _default(key)) != value:
                    message = "Ignored: an administrator's layer locks it."
                    problems.append(
                        Problem(severity="warning", file=FILE, key=key, message=message)
                    )
            else:
                values[key] = value
    data = unflatten(values)
    data["locked"] = locked
    config, incomplete = _validate(data, partial=False)
    if config is None:
        config = ClusterConfig.model_validate(data)
    return Merged(config, inherited, problems + incomplete)


def _unknown_locks(locks: Iterable[str]) -> list[Problem]:
    known = _fields()
    return [
        Problem(
            severity="warning", file=FILE, key="locked", message=f"Locks the unknown key {lock}."
        )
        for lock in locks
        if lock != CONF_LOCK and lock not in known
    ]


def is_locked(key: str, locks: Iterable[str]) -> bool:
    """Whether a dotted key, or a table it is in, is among the locks."""
    return any(key == lock or key.startswith(f"{lock}.") for lock in locks)


def flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys; lists are values."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def unflatten(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Undo :func:`flatten`."""
    data: dict[str, Any] = {}
    for key, value in flat.items():
        *tables, leaf = key.split(".")
        table = data
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise InvalidInput(f"{name} in {key} is not a table.")
        table[leaf] = value
    return data


def _remove(data: dict[str, Any], path: tuple[str, ...]) -> None:
    *tables, leaf = path
    table: Any = data
    for name in tables:
        if isinstance(table.get(name), list):
            # A list of tables goes as a whole: which of them it was is not in the path.
            leaf = name
            break
        table = table.get(name)
        if not isinstance(table, dict):
            return
    table.pop(leaf, None)


def _fields(model: type[BaseModel] = ClusterConfig, prefix: str = "") -> dict[str, str]:
    """Every dotted key with its description, tables included."""
    found: dict[str, str] = {}
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        found[key] = info.description or ""
        if (table := _table(info.annotation)) is not None:
            found.update(_fields(table, f"{key}."))
    return found


def _table(annotation: Any) -> type[BaseModel] | None:
    """Find the model behind ``Model`` or ``Model | None``."""
    for candidate in getattr(annotation, "__args__", (annotation,)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def keys_at(path: tuple[str, ...]) -> list[str]:
    """Names of the keys of a table."""
    prefix = "".join(f"{name}." for name in path)
    names = (key.removeprefix(prefix) for key in _fields() if key.startswith(prefix))
    return [name for name in names if "." not in name]


def _default(key: str) -> Any:
    return flatten(ClusterConfig().model_dump()).get(key)


def difference(wanted: ClusterConfig, below: Merged, cluster: str) -> dict[str, Any]:
    """Find what the topmost layer must say so that the layers together say ``wanted``.

    Raises
    ------
    Conflict
        If that needs a locked key, or taking back what a lower layer sets.
    """
    lower = flatten(below.config.model_dump())
    flat = flatten(wanted.model_dump())
    # A table that is left out altogether, such as ldap, takes its keys with it.
    flat.update(dict.fromkeys(lower.keys() - flat.keys()))
    changes: dict[str, Any] = {}
    for key, value in flat.items():
        before = lower.get(key)
        if key == "locked":
            if own := [lock for lock in wanted.locked if lock not in below.config.locked]:
                changes[key] = own
        elif value == before:
            continue
        elif is_locked(key, below.locked):
            raise Conflict(
                f"{key} of {cluster} is locked by an administrator.",
                hint="Ask whoever maintains the cluster's shared profile to change it.",
                cluster=cluster,
            )
        elif value is None:
            raise Conflict(
                f"{key} of {cluster} is set in a shared profile; it can be replaced, not removed.",
                cluster=cluster,
            )
        else:
            changes[key] = value
    return changes


def write(path: Path, flat: Mapping[str, Any]) -> None:
    """Make a cluster.toml say exactly ``flat``; comments and order of what stays are kept.

    Raises
    ------
    InvalidInput
        If the present file is not TOML: rewriting it would lose what its author wrote.
    """
    # Imported here: only whoever edits a profile needs it, and it takes longer than reading does.
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        document = tomlkit.document()
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise InvalidInput(
            f"{path} cannot be edited: {error}.", hint="Repair the file by hand first."
        ) from None
    present = flatten(document.unwrap())
    for key in present.keys() - flat.keys():
        _remove(document, tuple(key.split(".")))
    for key, value in flat.items():
        if key in present and present[key] == value:
            continue
        *tables, leaf = key.split(".")
        table: Any = document
        for name in tables:
            if name not in table:
                table[name] = tomlkit.table()
            table = table[name]
        table[leaf] = value
    replace(path, tomlkit.dumps(document))
