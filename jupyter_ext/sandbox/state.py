"""What a sandbox remembers between two commands."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import Field, ValidationError

from jupyter_ext.errors import Misconfigured
from jupyter_ext.models import Model
from jupyter_ext.sandbox.files import write

DEFAULT_HADOOP = "3.5.0"


class Shape(Model):
    """How a cluster is built."""

    hadoop: str = DEFAULT_HADOOP
    processes: bool = False
    """One JVM per daemon instead of one per cluster."""
    rm_ha: bool = False
    """Two ResourceManagers."""


class ClusterState(Model):
    """What is remembered of one cluster."""

    shape: Shape = Shape()
    ports: dict[str, int] = Field(default={})
    data_hadoop: str = ""
    """Version of Hadoop that formatted its HDFS."""
    up: bool = False
    """Whether it is meant to run."""
    ready_s: float | None = None
    """Seconds from start to ready, the last time."""
    error: str = ""
    """Why the last start failed."""


class SandboxMemory(Model):
    """The content of ``state.json``."""

    id: str = Field(default_factory=lambda: secrets.token_hex(16))
    """By which descendants of its daemons are known."""
    clusters: dict[str, ClusterState] = Field(default={})

    def with_cluster(self, name: str, **changes: object) -> SandboxMemory:
        """Change one cluster's values."""
        cluster = self.clusters.get(name, ClusterState()).model_copy(update=changes)
        return self.model_copy(update={"clusters": {**self.clusters, name: cluster}})


class Memory:
    """The file ``state.json``.

    Parameters
    ----------
    path
        Where it is; 0600.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> SandboxMemory:
        """Recall; a fresh memory if there is none.

        Raises
        ------
        Misconfigured
            If the file is not one of ours.
        """
        try:
            return SandboxMemory.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return SandboxMemory()
        except ValidationError as error:
            raise Misconfigured(
                f"{self._path} is damaged or from another version: {error.error_count()} errors.",
                hint="jupyter cluster sandbox down --purge removes it with all the sandbox's data.",
            ) from None

    def write(self, memory: SandboxMemory) -> None:
        """Remember."""
        write(self._path, memory.model_dump_json(indent=1))
