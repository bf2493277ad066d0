"""Write the API description and the schema that the TypeScript types are made from.

Both come from the handlers' own models, so a field renamed on one side shows up as a difference
in a committed file. Run by ``make types``; ``make lint`` fails when it would change anything.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from jupyter_ext.app import routes
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.handlers import Endpoint, Route
from jupyter_ext.kernels.models import KernelsMessage
from jupyter_ext.kernels.values import DockerValues, YarnValues
from jupyter_ext.models import ErrorReply
from jupyter_ext.status.models import (
    BoardMessage,
    IdentityMessage,
    StatusMessage,
    WatchMessage,
)

ROOT = Path(__file__).parent.parent
VERBS = ("get", "post", "put", "patch", "delete")


def endpoints(table: list[Route]) -> list[tuple[str, str, Endpoint]]:
    """Every (path, verb, description) of the route table."""
    return [
        (route.path, verb, described)
        for route in table
        for verb in VERBS
        if (described := getattr(getattr(route.handler, verb), "endpoint", None))
    ]


def models_of(annotation: Any) -> list[type[BaseModel]]:
    """Give the models inside a type such as ``list[Profile]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_of(part)]


def plain(node: Any) -> Any:
    """Drop titles and defaults: beside a ``$ref`` each would become one more TypeScript type."""
    if isinstance(node, dict):
        properties = node.get("properties", {})
        kept = {key: plain(node[key]) for key in node if key not in ("title", "default")}
        return kept | (
            {"properties": {key: plain(value) for key, value in properties.items()}}
            if properties
            else {}
        )
    return [plain(item) for item in node] if isinstance(node, list) else node


def definitions(found: list[tuple[str, str, Endpoint]]) -> dict[str, Any]:
    """JSON Schema of every model that crosses the wire, by name."""
    models = {
        ErrorReply,
        BoardMessage,
        IdentityMessage,
        KernelsMessage,
        StatusMessage,
        WatchMessage,
        DockerValues,
        YarnValues,
    }
    for _, _, described in found:
        models |= {*models_of(described.request), *models_of(described.response)}
    ordered = sorted(models, key=lambda model: model.__name__)
    # The serialised form, in which a field with a default is always present.
    schema = models_json_schema([(model, "serialization") for model in ordered])[1]
    return dict(sorted(plain(schema["$defs"]).items()))


def openapi(found: list[tuple[str, str, Endpoint]], schemas: dict[str, Any]) -> dict[str, Any]:
    """Describe the REST half in OpenAPI 3.1."""

    def body(annotation: Any) -> dict[str, Any]:
        template = "#/components/schemas/{model}"
        schema = TypeAdapter(annotation).json_schema(mode="serialization", ref_template=template)
        schema.pop("$defs", None)
        if models_of(annotation) == [annotation]:
            schema = {"$ref": template.format(model=annotation.__name__)}
        return {"content": {"application/json": {"schema": plain(schema)}}}

    error = {"description": "What failed and what to do", **body(ErrorReply)}
    paths: dict[str, Any] = {}
    for path, verb, described in found:
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ] + [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in described.query.items()
        ]
        answer = (
            {"204": {"description": "Done"}}
            if described.response is None
            else {"200": {"description": "Done", **body(described.response)}}
        )
        operation: dict[str, Any] = {"summary": described.summary}
        if parameters:
            operation["parameters"] = parameters
        if described.request is not None:
            operation["requestBody"] = {"required": True, **body(described.request)}
        operation["responses"] = answer | {"default": error}
        paths.setdefault(f"/jupyter-ext/{path}", {})[verb] = operation
    codes = sorted({error.code for error in subclasses(JupyterExtError)})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter-ext",
            "version": json.loads((ROOT / "package.json").read_text())["version"],
            "description": f"Error codes: {', '.join(codes)}. "
            "jupyter-ext/status/stream is a websocket: the server sends BoardMessage, "
            "StatusMessage, IdentityMessage and KernelsMessage, the client sends WatchMessage.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def subclasses(kind: type[JupyterExtError]) -> set[type[JupyterExtError]]:
    """Give a class and everything derived from it."""
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def refer(node: Any, old: str, new: str) -> Any:
    """Move every ``$ref`` from one place to another."""
    return json.loads(json.dumps(node).replace(old, new))


def main() -> int:
    """Write both files."""
    services: Any = None
    found = endpoints(routes(*[services] * 8, ""))
    schemas = definitions(found)
    types = {
        "title": "Api",
        "description": "Every value that crosses the wire, by name.",
        "type": "object",
        "additionalProperties": False,
        "required": list(schemas),
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in schemas},
        "$defs": schemas,
    }
    described = openapi(found, refer(schemas, "#/$defs/", "#/components/schemas/"))
    for path, value in (
        (ROOT / "labextension" / "api.schema.json", types),
        (ROOT / "docs" / "openapi.json", described),
    ):
        path.write_text(json.dumps(value, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
