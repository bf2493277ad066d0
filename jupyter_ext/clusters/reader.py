"""Reading one profile from its layers."""

from __future__ import annotations

import getpass
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from jupyter_ext.clusters import config as toml
from jupyter_ext.clusters.endpoints import Discovery, discover
from jupyter_ext.clusters.models import (
    PROFILE_NAME,
    Color,
    Daemon,
    Endpoints,
    Layer,
    Problem,
    Profile,
)
from jupyter_ext.clusters.xml import SITE_FILES, Configuration
from jupyter_ext.errors import InvalidInput

CONF = "conf"
EXTRAS = ("krb5.conf", "ca.pem")
"""Files beside conf/ that a profile may have. Keytabs are deliberately not among them."""

Stamp = tuple[str, int, int, int]
"""Path, modification time in ns, size in bytes and inode of one file."""


def stamps(directory: Path) -> Iterator[Stamp]:
    """Signatures of the files that make up one layer's part of a profile."""
    base = str(directory)
    for path in (base, f"{base}/{toml.FILE}", *(f"{base}/{name}" for name in EXTRAS)):
        yield from stamp_of(path)
    pending = [f"{base}/{CONF}"]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith(".xml"):
                        yield from stamp_of(entry.path)
                    elif entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue


def stamp_of(path: str) -> Iterator[Stamp]:
    """Give the signature of one file; nothing if it is not there."""
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
    # None at all if another process removed it this very moment: then its conf/ is missing.
    top_layer, top = next((at for at in layers if os.path.isdir(at[1])), layers[0])
    texts = [_read_layer(layer, directory) for layer, directory in layers]
    merged = toml.merge(texts)
    config = merged.config
    problems = list(merged.problems)
    try:
        check_name(name)
    except InvalidInput as error:
        problems.append(Problem(severity="error", file="", message=error.message))

    directories = [directory for _, directory in layers]
    locking = max((i for i, text in enumerate(texts) if toml.CONF_LOCK in text.locks), default=0)
    owners = directories[locking:]
    if first_existing(directories[:locking], CONF):
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
    if auth == "gateway" and config.kernels.yarn.offered:
        problems.append(
            Problem(
                severity="warning",
                file=toml.FILE,
                key="kernels.yarn",
                message="Kernels on YARN are not offered: a kernel's container has to reach the "
                "ResourceManager and HDFS by themselves, and with Kerberos it needs a token, which "
                "a gateway does not give.",
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


def _read_layer(layer: Layer, directory: Path) -> toml.LayerConfig:
    """Read a layer's cluster.toml; a keytab in it counts only if an administrator wrote it."""
    text = toml.read_layer(directory / toml.FILE)
    auth = text.data.get("auth", {})
    if layer == "user" and "keytab" in auth:
        del auth["keytab"]
        message = "Ignored: a keytab counts in the environment's and the system's layer only."
        text.problems.append(
            Problem(severity="warning", file=toml.FILE, key="auth.keytab", message=message)
        )
    return text


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
    return next((path for d in directories if os.path.exists(path := d / name)), None)


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
