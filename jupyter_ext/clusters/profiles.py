"""The profiles on the Jupyter config path: listing, adding, editing and removing them."""

from __future__ import annotations

import getpass
import logging
import os
import re
import shutil
import tempfile
import threading
import zlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from jupyter_ext.clusters import config as toml
from jupyter_ext.clusters.endpoints import Discovery, discover
from jupyter_ext.clusters.models import (
    PROFILE_NAME,
    ClusterConfig,
    Color,
    Daemon,
    Endpoints,
    Layer,
    Problem,
    Profile,
)
from jupyter_ext.clusters.xml import SITE_FILES, Configuration
from jupyter_ext.errors import Conflict, InvalidInput, NotFound, Unavailable

log = logging.getLogger(__name__)

CONF = "conf"
EXTRAS = ("krb5.conf", "ca.pem")
"""Files beside conf/ that a profile may have. Keytabs are deliberately not among them."""

MAX_CONF_FILES = 1000

Stamp = tuple[str, int, int, int]
"""Path, modification time in ns, size in bytes and inode of one file."""


class ProfileStore:
    """Every profile that this user can see.

    Safe to use from several threads. Reading is cached by file signature, so asking often costs a
    few ``stat`` calls per profile.

    Parameters
    ----------
    layers
        Directories that hold profiles, the one that wins first. Those of the layer ``user`` are
        the only ones written to; the first of them, created on demand.
    """

    def __init__(self, layers: Sequence[tuple[Layer, Path]]) -> None:
        self._layers = list(layers)
        # Once, and now: a kernel that switches clusters sets HADOOP_USER_NAME for its children.
        self._login = login_name()
        self._lock = threading.RLock()
        self._cache: dict[str, tuple[tuple[Stamp, ...], Profile]] = {}

    @classmethod
    def from_jupyter_paths(cls) -> ProfileStore:
        """Take the user's configuration directory over the environment's over the system's."""
        from jupyter_core.paths import SYSTEM_CONFIG_PATH, jupyter_config_dir, jupyter_config_path

        user = jupyter_config_dir()
        layers: list[tuple[Layer, Path]] = [("user", Path(user, "clusters"))]
        for directory in jupyter_config_path():
            if directory != user:
                layer: Layer = "system" if directory in SYSTEM_CONFIG_PATH else "environment"
                layers.append((layer, Path(directory, "clusters")))
        return cls(layers)

    # -- reading ------------------------------------------------------------------------------

    def list(self) -> list[Profile]:
        """Every profile by name, broken ones included with what is wrong with them."""
        with self._lock:
            names = self._names()
            self._cache = {name: entry for name, entry in self._cache.items() if name in names}
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
            return tuple(stamp for name in sorted(self._names()) for stamp in self._stamps(name))

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


def stamps(directory: Path) -> Iterator[Stamp]:
    """Signatures of the files that make up one layer's part of a profile."""
    base = str(directory)
    for path in (base, f"{base}/{toml.FILE}", *(f"{base}/{name}" for name in EXTRAS)):
        yield from _stamp(path)
    pending = [f"{base}/{CONF}"]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith(".xml"):
                        yield from _stamp(entry.path)
                    elif entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue


def _stamp(path: str) -> Iterator[Stamp]:
    try:
        status = os.stat(path)
    except OSError:
        return
    # A directory's time changes with every temporary file in it; that it exists is what counts.
    changed = 0 if os.path.isdir(path) else status.st_mtime_ns
    yield path, changed, status.st_size if changed else 0, status.st_ino


def read_profile(
    name: str, layers: Sequence[tuple[Layer, Path]], login: str | None = None
) -> Profile:
    """Read a profile from its layers, topmost first; what is wrong in its files never raises.

    ``login`` is who you are on a simple-auth cluster whose profile doesn't say.
    """
    present = [(layer, directory) for layer, directory in layers if directory.is_dir()]
    # Removed this very moment, by another process: then its conf directory is what is missing.
    top_layer, top = present[0] if present else layers[0]
    merged = toml.merge([toml.read_layer(directory / toml.FILE) for _, directory in layers])
    config = merged.config
    problems = list(merged.problems)
    try:
        check_name(name)
    except InvalidInput as error:
        problems.append(Problem(severity="error", file="", message=error.message))

    directories = [directory for _, directory in present]
    owners = directories
    if toml.is_locked(toml.CONF_LOCK, merged.locked):
        owners = [d for d in directories if d != layers[0][1]] or directories
        if top in directories and top not in owners and (top / CONF).is_dir():
            message = "Ignored: an administrator's layer locks it."
            problems.append(Problem(severity="warning", file=CONF, key=CONF, message=message))
    conf_dir = first_existing(owners, CONF) or top / CONF
    unusable = list(_conf_problems(conf_dir))
    if unusable:
        found = Discovery(Endpoints(), "simple", None, unusable)
    else:
        found = discover(Configuration.read(conf_dir))
    problems.extend(found.problems)

    auth = config.auth.type or found.auth
    endpoints = found.endpoints
    gateway = config.gateway
    if gateway.resourcemanager:
        daemon = Daemon(url=gateway.resourcemanager.rstrip("/"))
        endpoints = endpoints.model_copy(update={"resourcemanagers": [daemon]})
    if gateway.namenode:
        daemon = Daemon(url=gateway.namenode.rstrip("/"))
        endpoints = endpoints.model_copy(update={"namenodes": [daemon]})
    if auth == "gateway" and not (gateway.resourcemanager or gateway.namenode):
        problems.append(
            Problem(
                severity="error",
                file=toml.FILE,
                key="gateway",
                message="Is missing although auth.type is gateway; expected the gateway's URLs.",
            )
        )
    krb5_conf = first_existing(owners, "krb5.conf")
    ca_file = first_existing(owners, "ca.pem")
    return Profile(
        name=name,
        title=config.title or name,
        color=config.color or color_of(name),
        production=config.production,
        layer=top_layer,
        directory=str(top),
        conf_dir=str(conf_dir),
        auth=auth,
        user=config.auth.user or (login if auth == "simple" else None),
        realm=config.kerberos.realm or found.realm or default_realm(krb5_conf),
        krb5_conf=str(krb5_conf) if krb5_conf else None,
        ca_file=str(ca_file) if ca_file else None,
        endpoints=endpoints,
        config=config,
        locked=merged.locked,
        problems=problems,
    )


def _conf_problems(conf_dir: Path) -> Iterator[Problem]:
    """Say what keeps a configuration directory as a whole from being read."""
    try:
        names = os.listdir(conf_dir)
    except FileNotFoundError:
        message = "Is missing; expected a directory with Hadoop's *-site.xml."
    except OSError as error:
        message = f"Cannot be read: {error.strerror}."
    else:
        if any(name in SITE_FILES for name in names):
            return
        message = f"Holds no Hadoop configuration; expected {', '.join(SITE_FILES)}."
    yield Problem(severity="error", file=CONF, message=message)


def first_existing(directories: Sequence[Path], name: str) -> Path | None:
    """Find the topmost of several directories' files of one name."""
    return next((path for d in directories if (path := d / name).exists()), None)


def color_of(name: str) -> Color:
    """Give a colour that stays the same for a name, on every machine."""
    colors: tuple[Color, ...] = get_args(Color)
    return colors[zlib.crc32(name.encode()) % len(colors)]


def login_name() -> str | None:
    """Who a simple-auth Hadoop client says you are (``UserGroupInformation``)."""
    try:
        return os.environ.get("HADOOP_USER_NAME") or getpass.getuser()
    except (KeyError, OSError):
        return None  # a container's user id without a name


def default_realm(krb5_conf: Path | None) -> str | None:
    """``default_realm`` of a krb5.conf, if it says so directly."""
    if krb5_conf is None:
        return None
    try:
        text = krb5_conf.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r"^\s*default_realm\s*=\s*([^\s#;]+)", text, re.MULTILINE)
    return found[1] if found else None


def check_name(name: str) -> None:
    """Refuse what is no profile name.

    Raises
    ------
    InvalidInput
        Saying which characters are allowed.
    """
    if not re.fullmatch(PROFILE_NAME, name):
        raise InvalidInput(
            f"{name[:80]!r} is no cluster name.",
            hint="Use lower-case letters, digits, dots, hyphens and underscores; start with a "
            "letter or digit; 63 characters at most.",
        )


def is_conf_dir(directory: Path) -> bool:
    """Whether a directory holds at least one of Hadoop's site files."""
    return any((directory / name).is_file() for name in SITE_FILES)


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
    # Below the directory too, because files include each other.
    files = sorted(path for path in source.rglob("*.xml") if path.is_file())
    if len(files) > MAX_CONF_FILES:
        raise InvalidInput(f"{source} holds more than {MAX_CONF_FILES} XML files.")
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
