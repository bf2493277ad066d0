"""The values of a launch form: what they are per backend, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import Field, ValidationError

from jupyter_ext.clusters.models import KernelDefaults, Profile
from jupyter_ext.errors import InvalidInput
from jupyter_ext.kernels.models import Backend
from jupyter_ext.models import Model

VARIABLE = "JUPYTER_EXT_KERNEL_VALUES"
"""JSON object of values, for programs that start kernels without a form, such as papermill."""


class LocalValues(Model):
    """A kernel on the Jupyter server's own machine takes what the machine has."""


class ContainerValues(Model):
    """What every container is given."""

    memory_mb: int = Field(
        default=2048,
        ge=128,
        title="Memory (MB)",
        description="A kernel that needs more is ended.",
    )
    vcores: int = Field(
        default=1, ge=1, title="Virtual cores", description="How many cores it may keep busy."
    )
    gpus: int = Field(default=0, ge=0, title="GPUs")


class DockerValues(ContainerValues):
    """Of a kernel in a Docker container."""

    image: str = Field(default="", title="Image", description="Name of a container image.")
    shm_mb: int = Field(
        default=64, ge=1, title="Shared memory (MB)", description="Size of /dev/shm."
    )
    volumes: list[str] = Field(default=[], title="Volumes", description="What is mounted.")
    network: str = Field(default="", title="Network", description="Docker's own if left empty.")


class YarnValues(ContainerValues):
    """Of a kernel in a YARN container."""

    queue: str = Field(default="", title="Queue", description="The cluster's default if empty.")
    node_label: str = Field(
        default="", title="Node label", description="Run only on nodes with this label."
    )
    python: str = Field(
        default="", title="Python", description="Path on the nodes, or within the archive."
    )
    archive: str = Field(
        default="", title="Environment archive", description="HDFS path of a packed environment."
    )
    image: str = Field(
        default="", title="Image", description="Container image, where the nodes run Docker."
    )


MODELS: Mapping[Backend, type[Model]] = {
    "local": LocalValues,
    "docker": DockerValues,
    "yarn": YarnValues,
}


def defaults_of(backend: Backend, profile: Profile | None) -> KernelDefaults:
    """Give what a profile says about a backend; the product's own words without a profile."""
    if profile is None:
        return KernelDefaults()
    defaults: KernelDefaults = getattr(profile.config.kernels, backend)
    return defaults


def proposed(backend: Backend, profile: Profile | None) -> dict[str, Any]:
    """Give the values that a kernel gets if nobody says otherwise."""
    model = MODELS[backend]
    said = defaults_of(backend, profile).model_dump(exclude_none=True)
    return model.model_validate(
        {key: value for key, value in said.items() if key in model.model_fields}
    ).model_dump()


def resolve(
    backend: Backend, profile: Profile | None, *given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Put values together: the profile's, then each of ``given`` over those before it.

    Raises
    ------
    InvalidInput
        If a key is unknown or a value does not fit, naming what was expected.
    """
    cluster = profile.name if profile else None
    values = proposed(backend, profile)
    for more in given:
        values |= more or {}
    try:
        resolved = MODELS[backend].model_validate(values).model_dump()
    except ValidationError as error:
        raise InvalidInput(
            f"The kernel's values do not fit: {_explain(error, backend)}", cluster=cluster
        ) from None
    _check_choices(backend, profile, resolved)
    return resolved


def from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read the values that a program's environment asks for.

    Raises
    ------
    InvalidInput
        If the variable holds no JSON object.
    """
    text = environ.get(VARIABLE, "")
    if not text.strip():
        return {}
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"{VARIABLE} is no JSON: {error}.", hint='For example {"memory_mb": 4096}.'
        ) from None
    if not isinstance(values, dict):
        raise InvalidInput(
            f"{VARIABLE} is no JSON object.", hint='For example {"memory_mb": 4096}.'
        )
    return values


def _explain(error: ValidationError, backend: Backend) -> str:
    known = list(MODELS[backend].model_fields)
    sentences = []
    for item in error.errors(include_url=False):
        key = ".".join(map(str, item["loc"]))
        if item["type"] == "extra_forbidden":
            close = get_close_matches(key, known, 1)
            expected = f"did you mean {close[0]}?" if close else _one_of(known)
            sentences.append(f"{key} is no value of a {backend} kernel; {expected}")
        else:
            message = item["msg"]
            sentences.append(f"{key}: {message[:1].lower()}{message[1:]}, not {item['input']!r}.")
    return " ".join(sentences)


def _one_of(known: list[str]) -> str:
    return f"expected one of {', '.join(known)}." if known else "it has none."


def _check_choices(backend: Backend, profile: Profile | None, values: Mapping[str, Any]) -> None:
    """Refuse what only the profile may decide: mounts reach the machine of the Docker daemon."""
    if backend != "docker":
        return
    docker = profile.config.kernels.docker if profile else None
    allowed = docker.volumes if docker else []
    if foreign := [volume for volume in values["volumes"] if volume not in allowed]:
        raise InvalidInput(
            f"volumes: {', '.join(foreign)} is not among those of the profile.",
            hint="Name it under [kernels.docker] volumes in cluster.toml.",
            cluster=profile.name if profile else None,
        )
    network = docker.network if docker else None
    if values["network"] not in ("", network):
        raise InvalidInput(
            f"network: {values['network']} is not that of the profile.",
            hint="Name it under [kernels.docker] network in cluster.toml.",
            cluster=profile.name if profile else None,
        )
    images = [docker.image, *docker.images] if docker and docker.images else []
    if images and values["image"] not in images:
        raise InvalidInput(
            f"image: {values['image']} is not among those of the profile.",
            hint="Name it under [kernels.docker] images in cluster.toml.",
            cluster=profile.name if profile else None,
        )
