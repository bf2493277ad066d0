"""What each user chose in launch forms, kept over restarts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pydantic import Field, RootModel, ValidationError

from jupyter_ext.files import replace
from jupyter_ext.models import Model


class Choice(Model):
    """What a user chose for one kernelspec."""

    values: dict[str, Any] = Field(default={})
    ask: bool = True


class _Choices(RootModel[dict[str, dict[str, Choice]]]):
    """By Jupyter user and name of the kernelspec."""


class NoChoices:
    """What is chosen where nobody is asked."""

    def get(self, user: str, spec: str) -> Choice | None:
        """Give nothing."""
        return None

    def set(self, user: str, spec: str, choice: Choice | None) -> None:
        """Keep nothing."""


class Choices:
    """A small file of what was chosen; safe to use from several threads.

    A file that cannot be read counts as empty: it holds conveniences, nothing else.

    Parameters
    ----------
    path
        The file; made on demand.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, user: str, spec: str) -> Choice | None:
        """Give what a user chose, or None."""
        return self._read().get(user, {}).get(spec)

    def set(self, user: str, spec: str, choice: Choice | None) -> None:
        """Keep what a user chose; None forgets it."""
        with self._lock:
            found = self._read()
            mine = found.setdefault(user, {})
            if choice is None:
                mine.pop(spec, None)
            else:
                mine[spec] = choice
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(self._path, _Choices(found).model_dump_json(indent=2) + "\n")

    def _read(self) -> dict[str, dict[str, Choice]]:
        try:
            return _Choices.model_validate_json(self._path.read_bytes()).root
        except (OSError, ValidationError):
            return {}
