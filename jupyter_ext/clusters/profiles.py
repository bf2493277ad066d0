"""The profiles on the Jupyter config path: listing, adding, editing and removing them."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from jupyter_ext.clusters import config as toml
from jupyter_ext.clusters.carried import INDEX, VARIABLE, carried
from jupyter_ext.clusters.models import ClusterConfig, Layer, Profile
from jupyter_ext.clusters.reader import (
    CONF,
    EXTRAS,
    Stamp,
    check_name,
    login_name,
    read_profile,
    stamp_of,
    stamps,
)
from jupyter_ext.clusters.xml import SITE_FILES, Configuration
from jupyter_ext.errors import Conflict, InvalidInput, NotFound, TooLarge, Unavailable

log = logging.getLogger(__name__)

MAX_CONF_FILES = 1000
MAX_CONF_BYTES = 20 * 2**20


class ProfileStore:
    """Every profile that this user can see.

    Safe to use from several threads. Reading is cached by file signature, so asking often costs a
    few ``stat`` calls per profile.

    Parameters
    ----------
    layers
        Directories that hold profiles, the one that wins first. Those of the layer ``user`` are
        the only ones written to; the first of them, created on demand.
    credentials
        A kernel's credential directory: where no layer has any profile, as in a container, the
        clusters are those of the server that started the kernel.
    """

    def __init__(
        self, layers: Sequence[tuple[Layer, Path]], credentials: Path | None = None
    ) -> None:
        self._layers = list(layers)
        self._credentials = credentials
        # Once, and now: a kernel that switches clusters sets HADOOP_USER_NAME for its children.
        self._login = login_name()
        self._lock = threading.RLock()
        self._cache: dict[str, tuple[tuple[Stamp, ...], Profile]] = {}

    @classmethod
    def from_jupyter_paths(cls) -> ProfileStore:
        """Take the user's configuration directory over the environment's over the system's.

        A kernel on a machine that has none of them knows the clusters of its server.
        """
        from jupyter_core.paths import SYSTEM_CONFIG_PATH, jupyter_config_dir, jupyter_config_path

        user = jupyter_config_dir()
        layers: list[tuple[Layer, Path]] = [("user", Path(user, "clusters"))]
        for directory in jupyter_config_path():
            if directory != user:
                layer: Layer = "system" if directory in SYSTEM_CONFIG_PATH else "environment"
                layers.append((layer, Path(directory, "clusters")))
        credentials = os.environ.get(VARIABLE)
        return cls(layers, Path(credentials) if credentials else None)

    # -- reading ------------------------------------------------------------------------------

    def list(self) -> list[Profile]:
        """Every profile by name, broken ones included with what is wrong with them."""
        with self._lock:
            names = self._names()
            self._cache = {name: entry for name, entry in self._cache.items() if name in names}
            if not names:
                return [*self._carried().values()]
            return [self._load(name) for name in sorted(names)]

    def get(self, name: str) -> Profile:
        """One profile.

        Raises
        ------
        NotFound
            If there is none of that name, with the closest name as a hint.
        """
        with self._lock:
            names = self._names()
            if name in names:
                return self._load(name)
            found = {} if names else self._carried()
        if name in found:
            return found[name]
        names = names or {*found}
        close = get_close_matches(name, names, 1)
        if close:
            hint = f"Did you mean {close[0]}?"
        elif names:
            hint = f"There are: {', '.join(sorted(names))}."
        else:
            hint = "There is no cluster yet; add one, or start the sandbox."
        raise NotFound(f"There is no cluster named {name}.", hint=hint, cluster=name)

    def signature(self) -> tuple[Stamp, ...]:
        """Give a value that changes whenever a file of any profile does; cheap, ``stat`` only."""
        with self._lock:
            names = sorted(self._names())
            if not names and self._credentials is not None:
                return tuple(stamp_of(str(self._credentials / INDEX)))
            return tuple(stamp for name in names for stamp in self._stamps(name))

    def _carried(self) -> dict[str, Profile]:
        return {} if self._credentials is None else carried(self._credentials)

    def _names(self) -> set[str]:
        names: set[str] = set()
        for _, root in self._layers:
            try:
                with os.scandir(root) as entries:
                    names.update(
                        entry.name
                        for entry in entries
                        if not entry.name.startswith(".") and entry.is_dir()
                    )
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                log.warning("Cannot list the clusters in %s: %s.", root, error.strerror)
        return names

    def _stamps(self, name: str) -> tuple[Stamp, ...]:
        return tuple(stamp for _, root in self._layers for stamp in stamps(root / name))

    def _load(self, name: str) -> Profile:
        signature = self._stamps(name)
        cached = self._cache.get(name)
        if cached is not None and cached[0] == signature:
            return cached[1]
        profile = read_profile(
            name, [(layer, root / name) for layer, root in self._layers], self._login
        )
        self._cache[name] = (signature, profile)
        return profile

    # -- writing ------------------------------------------------------------------------------

    @property
    def _user_root(self) -> Path:
        return next(root for layer, root in self._layers if layer == "user")

    def add(self, name: str, source_dir: Path, config: ClusterConfig) -> Profile:
        """Make a profile in the user's layer from a directory of Hadoop XML.

        Only ``*.xml``, ``krb5.conf`` and ``ca.pem`` are copied.

        Raises
        ------
        InvalidInput
            If the name is none, or the directory holds no readable Hadoop configuration.
        Conflict
            If there is a profile of that name.
        """
        check_name(name)
        with self._lock:
            if name in self._names():
                raise Conflict(
                    f"There is a cluster named {name} already.",
                    hint="Choose another name, or remove the old one first.",
                    cluster=name,
                )
            root = self._make_root()
            staging = Path(tempfile.mkdtemp(dir=root, prefix=f".{name}."))
            try:
                copy_conf(source_dir, staging)
                check_readable(staging / CONF)
                wanted = toml.difference(config, toml.merge([]), name)
                toml.write(staging / toml.FILE, wanted)
                staging.rename(root / name)
            except OSError as error:
                raise Unavailable(
                    f"The cluster {name} cannot be saved in {root}: {error.strerror}.",
                    cluster=name,
                ) from None
            finally:
                shutil.rmtree(staging, ignore_errors=True)
            return self._load(name)

    def edit(self, name: str, config: ClusterConfig) -> Profile:
        """Make ``config`` what the profile says; only what lower layers don't say is written.

        Raises
        ------
        NotFound
            If there is no such profile.
        Conflict
            If a lower layer locks what would change.
        InvalidInput
            If the user's cluster.toml is too broken to be rewritten.
        """
        with self._lock:
            self.get(name)
            wanted = toml.difference(config, self.below(name), name)
            directory = self._make_root() / name
            try:
                if wanted or directory.exists():
                    directory.mkdir(mode=0o700, exist_ok=True)
                    toml.write(directory / toml.FILE, wanted)
            except OSError as error:
                raise Unavailable(
                    f"The cluster {name} cannot be saved in {directory}: {error.strerror}.",
                    cluster=name,
                ) from None
            return self._load(name)

    def remove(self, name: str) -> None:
        """Remove the user's part of a profile.

        Raises
        ------
        NotFound
            If there is no such profile.
        Conflict
            If it belongs to a layer that this user does not own.
        """
        with self._lock:
            profile = self.get(name)
            directory = self._user_root / name
            if not directory.is_dir():
                raise Conflict(
                    f"{name} comes from the {profile.layer} layer ({profile.directory}) and "
                    "cannot be removed from here.",
                    hint="Ask whoever maintains the shared profiles.",
                    cluster=name,
                )
            try:
                # Out of sight in one step; what follows may take its time or fail half way.
                doomed = Path(tempfile.mkdtemp(dir=self._user_root, prefix=f".{name}."))
                directory.rename(doomed / name)
                shutil.rmtree(doomed)
            except OSError as error:
                raise Unavailable(
                    f"The cluster {name} cannot be removed: {error.strerror}.", cluster=name
                ) from None
            self._cache.pop(name, None)

    def below(self, name: str) -> toml.Merged:
        """Read what a profile says without the user's own layer, and what it locks."""
        return toml.merge(
            [
                toml.LayerConfig()
                if root == self._user_root
                else toml.read_layer(root / name / toml.FILE)
                for _, root in self._layers
            ]
        )

    def _make_root(self) -> Path:
        root = self._user_root
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{root} cannot be created: {error.strerror}.") from None
        return root


def is_conf_dir(directory: Path) -> bool:
    """Whether a directory holds at least one of Hadoop's site files."""
    return any(os.path.isfile(directory / name) for name in SITE_FILES)


def copy_conf(source: Path, target: Path) -> None:
    """Copy a configuration directory into a profile that is being made.

    Raises
    ------
    InvalidInput
        If there is nothing of Hadoop in it.
    """
    if not is_conf_dir(source):
        raise InvalidInput(
            f"{source} holds no Hadoop configuration.",
            hint=f"Looked for {', '.join(SITE_FILES)}; on a cluster's node they are usually in "
            "/etc/hadoop/conf.",
        )
    conf = target / CONF
    conf.mkdir(mode=0o700)
    # One level below too, because files include each other; not more, since nothing says that a
    # directory given by hand is small.
    found = (path for pattern in ("*.xml", "*/*.xml") for path in source.glob(pattern))
    files = [path for path in found if path.is_file()]
    if len(files) > MAX_CONF_FILES or sum(path.stat().st_size for path in files) > MAX_CONF_BYTES:
        raise TooLarge(
            f"{source} holds more than {MAX_CONF_FILES} XML files or {MAX_CONF_BYTES >> 20} MB.",
            hint="Choose the directory that holds the cluster's *-site.xml and little else.",
        )
    for path in files:
        copy = conf / path.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy_private(path, copy)
    for name in EXTRAS:
        if (source / name).is_file():
            _copy_private(source / name, target / name)


def _copy_private(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o600)


def check_readable(conf_dir: Path) -> None:
    """Refuse a configuration that Hadoop itself could not load.

    Raises
    ------
    InvalidInput
        Naming each file and what is wrong with it.
    """
    errors = [p for p in Configuration.read(conf_dir).problems if p.severity == "error"]
    if errors:
        raise InvalidInput(
            " ".join(f"{Path(p.file).relative_to(CONF)}: {p.message}" for p in errors)
        )
