"""What the world sees of kernels: JSON of the REST API, the stream and the store."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from jupyter_ext.models import Model, StreamMessage

Backend = Literal["local", "docker", "yarn"]
PhaseName = Literal[
    "preparing",
    "uploading",
    "pulling",
    "submitted",
    "queued",
    "allocated",
    "starting",
    "ready",
]
KernelState = Literal[
    "starting",
    "running",
    "restarting",
    "unreachable",  # the agent is silent; the container may well live
    "failed",  # it never became ready, or ended by itself
    "orphan",  # it runs, and no server has it
]


class Phase(Model):
    """Where a start is."""

    name: PhaseName
    since: float
    """Epoch seconds."""
    detail: str = ""
    """One sentence: position and reason in a queue, host, bytes so far."""


class Failure(Model):
    """Why a kernel did not start, or ended."""

    cause: str
    """One sentence for a person: what happened to it."""
    hint: str = ""
    """What to do."""
    diagnostics: str = ""
    """The backend's own words, with the last lines of the log."""
    memory_mb: int | None = None
    """For a kernel that needed more memory: how much to restart it with."""


class Gpu(Model):
    """One GPU as a kernel sees it."""

    name: str
    percent: float
    memory_mb: int
    memory_total_mb: int


class Stats(Model):
    """What the kernel's processes use at the moment."""

    cpu_percent: float
    """100 is one core."""
    memory_mb: int
    memory_limit_mb: int | None = None
    gpus: list[Gpu] = []


class KernelView(Model):
    """One kernel, for the panel and the command line."""

    kernel_id: str
    spec: str
    """Name of its kernelspec."""
    title: str
    """As people see it: Python on prod (YARN)."""
    cluster: str | None
    backend: Backend
    state: KernelState
    phases: list[Phase] = []
    """Of the last start, in order; the last one is where it is."""
    host: str = ""
    container: str = ""
    """Application id, container name or process id."""
    url: str = ""
    """The container's own page (YARN's tracking URL)."""
    started_at: float
    """Epoch seconds of the request."""
    ready_at: float | None = None
    stats: Stats | None = None
    notebook: str | None = None
    """Path of the notebook or console; None for none."""
    failure: Failure | None = None
    restarts: int = 0
    owner: str = ""
    """The Jupyter user whom it belongs to."""
    values: dict[str, Any] = {}
    """Of the launch form, as it was started with."""
    adoptable: bool = False
    """Whether an orphan can be taken back; one that cannot can still be ended."""
    note: str = ""
    """One sentence that a person should know of it."""
    cull_at: float | None = None
    """Epoch seconds at which it ends unless it is used before; None while that is far off."""


class KernelList(Model):
    """All kernels of the viewer, the oldest first."""

    kernels: list[KernelView]


class KernelsMessage(StreamMessage):
    """On the stream: all kernels of the viewer, sent at first and whenever one changes."""

    type: Literal["kernels"] = "kernels"
    kernels: list[KernelView]


class RestartRequest(Model):
    """How to restart a kernel."""

    hard: bool = False
    """A new container instead of a new process in the old one."""
    values: dict[str, Any] = Field(default={})
    """Values of the launch form to change; they ask for a hard restart."""


class LaunchRequest(Model):
    """Values of a launch form, for a kernel that is about to start under a chosen id."""

    spec: str
    values: dict[str, Any] = Field(default={})
    remember: bool = False
    """Propose these values the next time."""
    ask: bool = True
    """False: start this kernelspec with these values from now on, without a form."""


class Preset(Model):
    """Values with a name, from the profile."""

    title: str
    values: dict[str, Any]


class Limit(Model):
    """What may be asked for at the moment."""

    field: str
    maximum: float | None = None
    free: float | None = None
    """What would start at once; more than this waits."""
    choices: list[str] = []
    """The only values that make sense, such as the queues; empty for any."""
    note: str = ""
    """One sentence, for example: queue research has 12 GB free."""


class LaunchForm(Model):
    """Everything that a form shows before a kernel starts."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    spec: str
    title: str
    backend: Backend
    cluster: str | None
    schema_: dict[str, Any] = Field(alias="schema", serialization_alias="schema")
    """JSON Schema (draft-07) of the values."""
    ui: dict[str, Any] = {}
    """uiSchema of rjsf."""
    values: dict[str, Any]
    """Remembered ones, else the profile's defaults."""
    presets: list[Preset] = []
    limits: list[Limit] = []
    limits_error: str = ""
    """Why there are no limits: the cluster does not answer, or wants a login first."""
    ask: bool = True
    """False once the user said not to be asked again."""


class LogText(Model):
    """The end of a kernel's log."""

    text: str
    complete: bool
    """False if the beginning was left off."""


class TerminalName(Model):
    """A terminal in a kernel's container, as Jupyter's terminal manager knows it."""

    name: str
