"""The base of everything that travels as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value; unknown keys are refused, so a misspelt one is never silently ignored."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        # What we send always has every field, and its TypeScript type says so.
        json_schema_serialization_defaults_required=True,
    )


class StreamMessage(Model):
    """What goes over the one websocket; the type says what it is."""

    type: str


class ServerInfo(Model):
    """Who answers: the front end compares this with itself before it shows anything."""

    version: str
    """Version of the installed distribution."""
    protocol: int
    """Number of the wire protocol; raised when a message changes incompatibly."""


class ErrorReply(Model):
    """Body of every failed REST call."""

    code: str
    message: str
    hint: str = ""
    cluster: str | None = None
    error_id: str
    """Also in the server's log, beside the cause."""
