"""Launch forms: what may be asked for, what is proposed, and what was asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jupyter_ext.clusters.models import DockerDefaults, KernelPreset, Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import InvalidInput, JupyterExtError
from jupyter_ext.kernels.choices import Choice, Choices, NoChoices
from jupyter_ext.kernels.models import Backend, LaunchForm, LaunchRequest, Limit, Preset
from jupyter_ext.kernels.specs import Spec, find_spec
from jupyter_ext.kernels.values import MODELS, defaults_of, from_environment, resolve

KEPT_S = 600.0
"""Seconds that values wait for their kernel."""
MAX_KEPT = 200
"""Launches that may wait; the oldest gives way."""
LIMITS_S = 3.0
"""Seconds that a form waits for limits before it shows itself without them."""

FindSpec = Callable[[str], Spec]
"""Takes the name of a kernelspec, reads files; raises NotFound for one that is none of ours."""
AskLimits = Callable[[str, Spec, Profile], Awaitable[list[Limit]]]
"""Takes the Jupyter user, the kernelspec and the cluster; asks what may be had at the moment."""


class LaunchForms:
    """Makes forms, and keeps what was filled in until the kernel starts.

    Parameters
    ----------
    profiles
        Where the profiles are.
    choices
        What users chose before; None where nobody is asked, so that a program does today what it
        did yesterday.
    find_spec
        How a kernelspec is found by its name.
    ask_limits
        How the live limits are found.
    """

    def __init__(
        self,
        profiles: ProfileStore,
        choices: Choices | None,
        find_spec: FindSpec,
        ask_limits: AskLimits,
    ) -> None:
        self._profiles = profiles
        self._choices = choices or NoChoices()
        self._find_spec = find_spec
        self._ask_limits = ask_limits
        self._kept: dict[tuple[str, str], tuple[float, LaunchRequest]] = {}

    @classmethod
    def of_program(cls, profiles: ProfileStore) -> LaunchForms:
        """Make those of a program that starts kernels without asking anybody."""

        async def ask(user: str, spec: Spec, profile: Profile) -> list[Limit]:
            return []

        return cls(profiles, None, find_spec, ask)

    async def form(self, user: str, name: str) -> LaunchForm:
        """Give everything that a form shows.

        Raises
        ------
        NotFound
            If there is no such kernelspec of ours, or its cluster is gone.
        """
        spec, profile = await self._spec(name)
        choice = await asyncio.to_thread(self._choices.get, user, name)
        # Who is not asked waits for no cluster's answer.
        asked = choice is None or choice.ask
        limits, trouble = await self._limits(user, spec, profile) if asked else ([], "")
        values = self._resolve_kindly(spec, profile, choice)
        for limit in limits:
            # What cannot be had is not proposed.
            if limit.maximum is not None and values.get(limit.field, 0) > limit.maximum:
                values[limit.field] = int(limit.maximum)
        schema, ui = describe(spec.backend, profile, limits)
        return LaunchForm(
            spec=name,
            title=spec.title,
            backend=spec.backend,
            cluster=spec.cluster,
            schema_=schema,
            ui=ui,
            values={key: value for key, value in values.items() if key in schema["properties"]},
            presets=presets(spec.backend, profile),
            limits=limits,
            limits_error=trouble,
            ask=bool(schema["properties"]) and asked,
        )

    async def forget(self, user: str, name: str) -> None:
        """Forget what a user chose for a kernelspec; the form appears again."""
        await asyncio.to_thread(self._choices.set, user, name, None)

    async def keep(self, user: str, kernel_id: str, request: LaunchRequest) -> None:
        """Keep a form's values until a kernel starts under this id.

        Raises
        ------
        InvalidInput
            If they do not fit, naming what was expected.
        """
        spec, profile = await self._spec(request.spec)
        values = resolve(spec.backend, profile, request.values)
        now = time.monotonic()
        self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > now - KEPT_S}
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[user, kernel_id] = (now, request.model_copy(update={"values": values}))
        if request.remember or not request.ask:
            choice = Choice(values=request.values, ask=request.ask)
            await asyncio.to_thread(self._choices.set, user, request.spec, choice)

    async def values(
        self, user: str, kernel_id: str, name: str, environ: Mapping[str, str]
    ) -> dict[str, Any]:
        """Give the values that a kernel is started with, and forget them.

        They are the ones kept for it, else those of the environment, else what the user chose
        before, else the profile's.

        Raises
        ------
        InvalidInput
            If they do not fit, naming what was expected.
        """
        spec, profile = await self._spec(name)
        kept = self._kept.pop((user, kernel_id), None)
        if kept is not None and kept[0] > time.monotonic() - KEPT_S and kept[1].spec == name:
            return dict(kept[1].values)
        if asked := from_environment(environ):
            return resolve(spec.backend, profile, asked)
        choice = await asyncio.to_thread(self._choices.get, user, name)
        return self._resolve_kindly(spec, profile, choice)

    async def _spec(self, name: str) -> tuple[Spec, Profile | None]:
        spec = await asyncio.to_thread(self._find_spec, name)
        if spec.cluster is None:
            return spec, None
        return spec, await asyncio.to_thread(self._profiles.get, spec.cluster)

    async def _limits(
        self, user: str, spec: Spec, profile: Profile | None
    ) -> tuple[list[Limit], str]:
        if profile is None or spec.backend == "local":
            return [], ""
        try:
            async with asyncio.timeout(LIMITS_S):
                return await self._ask_limits(user, spec, profile), ""
        except TimeoutError:
            return [], f"{profile.title} did not say in {LIMITS_S:.0f} s what is free."
        except JupyterExtError as error:
            return [], f"{error.message} {error.hint}".strip()

    def _resolve_kindly(
        self, spec: Spec, profile: Profile | None, choice: Choice | None
    ) -> dict[str, Any]:
        """Leave out what was chosen once and does not fit any more."""
        if choice is not None:
            try:
                return resolve(spec.backend, profile, choice.values)
            except InvalidInput:
                pass
        return resolve(spec.backend, profile)


def presets(backend: Backend, profile: Profile | None) -> list[Preset]:
    """Give the profile's presets, with what the backend knows of their values."""
    known = MODELS[backend].model_fields

    def values(preset: KernelPreset) -> dict[str, Any]:
        said = preset.model_dump(exclude={"title"}, exclude_none=True)
        return {key: value for key, value in said.items() if key in known}

    return [
        Preset(title=preset.title, values=values(preset))
        for preset in defaults_of(backend, profile).presets
    ]


def describe(
    backend: Backend, profile: Profile | None, limits: list[Limit]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the JSON Schema (draft-07) of a form, and its uiSchema.

    A field that has nothing to choose from is left out; a limit becomes the field's maximum.
    """
    schema = MODELS[backend].model_json_schema()
    properties: dict[str, Any] = schema.setdefault("properties", {})
    ui: dict[str, Any] = {"ui:order": list(properties)}
    for limit in limits:
        if limit.field in properties and limit.maximum is not None:
            properties[limit.field]["maximum"] = int(limit.maximum)
        if limit.field in properties and limit.choices:
            properties[limit.field]["enum"] = limit.choices
    docker = profile.config.kernels.docker if profile and backend == "docker" else None
    if docker is not None:
        _describe_docker(docker, properties, ui)
    for name in [name for name in properties if _pointless(properties[name])]:
        del properties[name]
    ui["ui:order"] = [name for name in ui["ui:order"] if name in properties]
    for limit in limits:
        if limit.note and limit.field in properties:
            ui.setdefault(limit.field, {})["ui:help"] = limit.note
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }, ui


def _describe_docker(
    docker: DockerDefaults, properties: dict[str, Any], ui: dict[str, Any]
) -> None:
    if docker.images:
        images = [image for image in (docker.image, *docker.images) if image]
        properties["image"]["enum"] = list(dict.fromkeys(images))
    properties["volumes"] |= {
        "items": {"type": "string", "enum": docker.volumes},
        "uniqueItems": True,
    }
    ui["volumes"] = {"ui:widget": "checkboxes"}
    properties["network"]["enum"] = ["", docker.network] if docker.network else [""]


def _pointless(field: Mapping[str, Any]) -> bool:
    """Whether a field leaves no choice."""
    choices = field.get("enum", field.get("items", {}).get("enum"))
    if choices is not None:
        return not any(choices)
    return field.get("maximum") == 0
