"""What in a running kernel still belongs to another cluster after a switch.

Environment variables only reach what starts next. A Spark session, a file system or a Java
process that exists already keeps the cluster it was made for, and a switch that is silent about
them leads to data read from, or written to, the wrong place. So they are looked for and named.
Nothing is imported for that: a library that nobody loaded has no objects.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from jupyter_ext.clusters.models import Profile

_MAKE_ANEW = "Make a new one."


@dataclass(frozen=True)
class Leftover:
    """Something that a switch does not reach."""

    where: str
    """Variable that holds it, or what it is where none does."""
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where} {self.what}. {self.remedy}"


def leftovers(
    profile: Profile,
    namespace: Mapping[str, Any],
    magics: Mapping[str, Any],
    modules: Mapping[str, ModuleType] = sys.modules,
) -> list[Leftover]:
    """Find what does not work on the cluster that is current now.

    Parameters
    ----------
    profile
        The current cluster.
    namespace
        The user's variables.
    magics
        Instances of magics by class name, among which sparkmagic's sessions are.
    modules
        What is imported.
    """
    found = [
        Leftover(name, *seen)
        for name, value in namespace.items()
        if not name.startswith("_") and (seen := _inspect(value, profile))
    ]
    found += _unnamed_spark(found, profile, modules)
    found += _livy_sessions(magics, profile)
    found += _java(profile)
    return found


Seen = tuple[str, str]


def _inspect(value: Any, profile: Profile) -> Seen | None:
    """Say what a value is and what to do about it, if it belongs to another cluster."""
    for kind in type(value).__mro__:
        if inspect := _KINDS.get(f"{kind.__module__}.{kind.__qualname__}"):
            return inspect(value, profile)
    return None


def _spark(session: Any, profile: Profile) -> Seen | None:
    return _spark_context(session.sparkContext, profile)


def _spark_context(context: Any, profile: Profile) -> Seen | None:
    # pyspark clears this on stop(), and has no public way to ask.
    if getattr(context, "_jsc", None) is None:
        return None
    process = getattr(getattr(context, "_gateway", None), "proc", None)
    if process is not None and _conf_dir(_environment(process.pid)) in _conf_dirs(profile):
        return None
    return (
        f"is a live Spark session ({context.appName}, master {context.master}) that keeps the "
        "configuration it was started with",
        "Stop it and restart the kernel: Spark's Java process reads HADOOP_CONF_DIR only once.",
    )


def _spark_connect(session: Any, profile: Profile) -> Seen | None:
    if getattr(session.client, "is_closed", False):
        return None
    return f"is a Spark Connect session to {session.client.host}", _MAKE_ANEW


def _filesystem(value: Any, profile: Profile) -> Seen | None:
    options = getattr(value, "storage_options", {})
    host = options.get("host")
    address = f"{host}:{options['port']}" if host and options.get("port") else host
    if address and address in _addresses(profile):
        return None
    to = f" to {address}" if address else ""
    return f"is an HDFS file system{to} that was made before", _MAKE_ANEW


def _client(value: Any, profile: Profile) -> Seen | None:
    return "is an HDFS client that was made before and does not tell for which cluster", _MAKE_ANEW


def _own_client(value: Any, profile: Profile) -> Seen | None:
    if (name := value.connection.profile.name) == profile.name:
        return None
    return f"is a client of {name}", "Open a new one: Hadoop.here(current())"


_KINDS: Mapping[str, Callable[[Any, Profile], Seen | None]] = {
    "pyspark.sql.session.SparkSession": _spark,
    "pyspark.sql.connect.session.SparkSession": _spark_connect,
    "pyspark.context.SparkContext": _spark_context,
    "pyspark.core.context.SparkContext": _spark_context,
    "pyarrow._hdfs.HadoopFileSystem": _client,
    "hdfs_native.Client": _client,
    "hdfs_native.fsspec.HdfsFileSystem": _filesystem,
    "fsspec.implementations.arrow.HadoopFileSystem": _filesystem,
    "fsspec.implementations.webhdfs.WebHDFS": _filesystem,
    "jupyter_ext.hadoop.clients.Hadoop": _own_client,
}


def _unnamed_spark(
    found: list[Leftover], profile: Profile, modules: Mapping[str, ModuleType]
) -> Iterator[Leftover]:
    """Find the one Spark context of this process when no variable holds it."""
    kind = getattr(modules.get("pyspark"), "SparkContext", None)
    context = getattr(kind, "_active_spark_context", None)
    if context is None or any("live Spark session" in item.what for item in found):
        return
    if seen := _spark_context(context, profile):
        yield Leftover("SparkSession.getActiveSession()", *seen)


def _livy_sessions(magics: Mapping[str, Any], profile: Profile) -> Iterator[Leftover]:
    """Find sparkmagic's open sessions: %spark's have names, a wrapper kernel has one."""
    for magic in magics.values():
        manager = getattr(getattr(magic, "spark_controller", None), "session_manager", None)
        for name, session in (getattr(manager, "sessions", None) or {}).items():
            url = session.endpoint.url
            if url.rstrip("/") == (profile.config.livy or "").rstrip("/"):
                continue
            yield Leftover(
                f"sparkmagic's session {name!r}",
                f"runs on {url}",
                f"Go on with it, or end it: %spark delete -s {name}",
            )


def _java(profile: Profile) -> Iterator[Leftover]:
    """Find Java machines that read another configuration when they started (Linux only)."""
    for pid in _children():
        environment = _environment(pid)
        conf_dir = _conf_dir(environment)
        # One that has only just begun shows no environment at all yet.
        if environment and _name(pid) == "java" and conf_dir not in _conf_dirs(profile):
            yield Leftover(
                f"A Java process of this kernel (pid {pid})",
                f"has HADOOP_CONF_DIR={conf_dir}" if conf_dir else "has no HADOOP_CONF_DIR",
                "What it connects to stays as it was; end it, or restart the kernel.",
            )
    try:
        inside = "/libjvm.so" in Path("/proc/self/maps").read_text()
    except OSError:
        return
    if inside:
        yield Leftover(
            "The Java machine inside this kernel",
            "read its configuration when it started (libhdfs, JPype)",
            "Restart the kernel before you use it for this cluster.",
        )


def _addresses(profile: Profile) -> set[str]:
    """Every host:port by which a client may name this cluster's HDFS."""
    urls = [profile.endpoints.default_fs, *(node.url for node in profile.endpoints.namenodes)]
    return {urlsplit(url).netloc for url in urls} | {
        node.rpc for node in profile.endpoints.namenodes
    }


def _children() -> list[int]:
    """List the processes started by this one, whatever thread did it."""
    pids: list[int] = []
    for path in Path("/proc/self/task").glob("*/children"):
        pids += [int(pid) for pid in path.read_text().split()]
    return sorted(pids)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _environment(pid: int) -> dict[str, str]:
    try:
        block = os.fsdecode(Path(f"/proc/{pid}/environ").read_bytes())
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in block.split("\0") if "=" in entry)


def _conf_dirs(profile: Profile) -> set[str]:
    """Every HADOOP_CONF_DIR of the current cluster: its own, and that of whoever is logged in."""
    return {profile.conf_dir, _conf_dir(os.environ)}


def _conf_dir(environment: Mapping[str, str]) -> str:
    return environment.get("HADOOP_CONF_DIR", "")
