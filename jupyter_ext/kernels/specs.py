"""Kernelspecs: made from the profiles, one per cluster, backend and language."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from jupyter_ext.clusters.models import Language, Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.clusters.watch import ProfileWatcher
from jupyter_ext.errors import NotFound, Unavailable
from jupyter_ext.kernels import icons
from jupyter_ext.kernels.models import Backend
from jupyter_ext.kernels.values import defaults_of

log = logging.getLogger(__name__)

PROVISIONERS: Mapping[str, Backend] = {
    "jupyter-ext-local": "local",
    "jupyter-ext-docker": "docker",
    "jupyter-ext-yarn": "yarn",
}
"""Names of our provisioners' entry points."""
MARK = "jupyter_ext"
"""Key in a kernelspec's metadata that says that it was made here."""

LANGUAGES: Mapping[Language, tuple[str, list[str]]] = {
    "python": ("Python", ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
    "r": ("R", ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]),
    "bash": ("Bash", ["{python}", "-m", "bash_kernel", "-f", "{connection_file}"]),
}
"""Name for people, and the command; ``{python}`` is the Python that the agent is told to use."""
PLACES: Mapping[Backend, str] = {"local": "this machine", "docker": "Docker", "yarn": "YARN"}


@dataclass(frozen=True)
class Spec:
    """One kernelspec that names a provisioner of ours, made here or by hand."""

    name: str
    title: str
    """As people see it: Python on prod (YARN)."""
    backend: Backend
    cluster: str | None
    language: str

    @classmethod
    def read(cls, name: str, kernel_json: Mapping[str, Any]) -> Spec | None:
        """Understand a kernel.json; None for a kernelspec of somebody else's."""
        metadata = kernel_json.get("metadata")
        provisioner = metadata.get("kernel_provisioner") if isinstance(metadata, dict) else None
        if not isinstance(provisioner, dict):
            return None
        backend = PROVISIONERS.get(str(provisioner.get("provisioner_name")))
        if backend is None:
            return None
        return cls(
            name=name,
            title=str(kernel_json.get("display_name") or name),
            backend=backend,
            cluster=(provisioner.get("config") or {}).get("cluster"),
            language=str(kernel_json.get("language", "")),
        )


def find_spec(name: str) -> Spec:
    """Find a kernelspec of ours on Jupyter's path.

    Raises
    ------
    NotFound
        If there is none of that name, or it is not one of ours.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = Spec.read(name, KernelSpecManager().get_kernel_spec(name).to_dict())
    except NoSuchKernel:
        spec = None
    if spec is None:
        raise NotFound(
            f"There is no kernelspec {name} that starts kernels on clusters.",
            hint="jupyter cluster kernels sync makes them from the clusters' profiles.",
        )
    return spec


def kernel_json(
    backend: Backend, profile: Profile | None, language: Language
) -> tuple[str, dict[str, Any]]:
    """Make a kernelspec: its name, and what its kernel.json says."""
    spoken, command = LANGUAGES[language]
    cluster = profile.name if profile else None
    if profile is None:
        name, title = f"{backend}-{language}", f"{spoken} (outlives the server)"
    else:
        name = f"{profile.name}-{backend}-{language}"
        title = f"{spoken} on {profile.title} ({PLACES[backend]})"
    argv = list(command)
    if backend == "local" and language == "python":
        # Elsewhere this package need not be installed.
        argv.append("--ext=jupyter_ext")
    metadata: dict[str, Any] = {
        "kernel_provisioner": {
            "provisioner_name": f"jupyter-ext-{backend}",
            "config": {"cluster": cluster},
        },
        MARK: {"generated": True},
    }
    if language == "python":
        metadata["debugger"] = True
    defaults = defaults_of(backend, profile)
    if defaults.cull_idle_s is not None:
        metadata["cull_idle_timeout"] = defaults.cull_idle_s
    return name, {
        "argv": argv,
        "display_name": title,
        "language": {"r": "R"}.get(language, language),
        "metadata": metadata,
    }


def wanted(profiles: Iterable[Profile]) -> Iterator[tuple[str, dict[str, str]]]:
    """Give every kernelspec there should be: its name, and its files by name."""
    yield _files("local", None, "python")
    for profile in profiles:
        if profile.broken:
            continue
        for backend in get_args(Backend):
            defaults = defaults_of(backend, profile)
            # What is missing behind a gateway, the profile's problems say.
            if defaults.offered and (backend, profile.auth) != ("yarn", "gateway"):
                for language in dict.fromkeys(defaults.languages):
                    yield _files(backend, profile, language)


def _files(
    backend: Backend, profile: Profile | None, language: Language
) -> tuple[str, dict[str, str]]:
    name, value = kernel_json(backend, profile, language)
    icon = icons.draw(language, backend, profile.color if profile else "grey")
    return name, {
        "kernel.json": json.dumps(value, indent=1, ensure_ascii=False) + "\n",
        "logo-svg.svg": icon,
    }


@dataclass(frozen=True)
class Changes:
    """What a synchronisation did, by names of kernelspecs."""

    written: list[str]
    removed: list[str]
    kept: list[str]
    """Names at which somebody else's kernelspec is, which was left alone."""

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


class KernelSpecs:
    """The kernelspecs that this product keeps in the user's data directory.

    They are files, not only made up in the server, because papermill, nbclient and jupyter console
    have to find them too. A directory without our mark in its kernel.json is never touched.

    Parameters
    ----------
    directory
        Jupyter's user directory of kernelspecs.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @classmethod
    def of_user(cls) -> KernelSpecs:
        """Take ``kernels`` below Jupyter's data directory."""
        from jupyter_core.paths import jupyter_data_dir

        return cls(Path(jupyter_data_dir(), "kernels"))

    def sync(self, profiles: Iterable[Profile]) -> Changes:
        """Make the kernelspecs say what the profiles say; remove those of ours that are stale.

        Raises
        ------
        Unavailable
            If the directory cannot be written.
        """
        written, kept = [], []
        try:
            names = set()
            for name, files in wanted(profiles):
                names.add(name)
                target = self._directory / name
                if target.exists() and not self._ours(target):
                    log.warning("%s is somebody else's kernelspec and stays as it is.", target)
                    kept.append(name)
                elif _content(target) != files:
                    self._write(target, files)
                    written.append(name)
            removed = [
                path.name for path in self._present() if path.name not in names and self._ours(path)
            ]
            for name in removed:
                self._remove(self._directory / name)
        except OSError as error:
            raise Unavailable(
                f"The kernelspecs in {self._directory} cannot be written: {error.strerror}."
            ) from None
        return Changes(written, removed, kept)

    def _present(self) -> list[Path]:
        try:
            return sorted(path for path in self._directory.iterdir() if path.is_dir())
        except FileNotFoundError:
            return []

    def _ours(self, directory: Path) -> bool:
        try:
            value = json.loads((directory / "kernel.json").read_bytes())
            return bool(value["metadata"][MARK]["generated"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _write(self, target: Path, files: Mapping[str, str]) -> None:
        """Put a whole directory in place; a reader sees the old one, the new one or none."""
        self._directory.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=self._directory, prefix=f".{target.name}."))
        try:
            for name, content in files.items():
                (staging / name).write_text(content, encoding="utf-8")
            staging.chmod(0o755)
            if target.exists():
                self._remove(target)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _remove(self, target: Path) -> None:
        doomed = Path(tempfile.mkdtemp(dir=self._directory, prefix=f".{target.name}."))
        target.rename(doomed / target.name)
        shutil.rmtree(doomed)


async def keep(specs: KernelSpecs, profiles: ProfileStore, changed: Callable[[], None]) -> None:
    """Synchronise now and whenever a profile changes, for ever.

    Parameters
    ----------
    changed
        Called each time, for what else kernels get of profiles.
    """
    async for found in ProfileWatcher(profiles):
        changed()
        try:
            await asyncio.to_thread(specs.sync, found)
        except Unavailable as error:
            log.warning("%s %s", error.message, error.hint)


def _content(directory: Path) -> dict[str, str] | None:
    try:
        return {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()}
    except (OSError, UnicodeDecodeError):
        return None
