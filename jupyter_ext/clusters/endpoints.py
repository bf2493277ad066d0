"""Where a cluster's daemons are, and how they learn who you are, from its Hadoop XML.

Key names, defaults and fallbacks are those of ``yarn-default.xml``, ``hdfs-default.xml``,
``HAUtil`` and ``DFSUtil``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jupyter_ext.clusters.models import AuthType, Daemon, Endpoints, Problem
from jupyter_ext.clusters.xml import Configuration

RM = "yarn.resourcemanager"
RM_RPC_PORT = 8032
RM_HTTP_PORT = 8088
RM_HTTPS_PORT = 8090
NN_RPC_PORT = 8020
NN_HTTP_PORT = 9870
NN_HTTPS_PORT = 9871

WILDCARDS = ("", "0.0.0.0", "::", "[::]")  # noqa: S104 - recognised, never bound
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass
class Discovery:
    """What the XML says, and what is wrong with it."""

    endpoints: Endpoints
    auth: AuthType
    realm: str | None
    problems: list[Problem] = field(default_factory=list)


def discover(configuration: Configuration) -> Discovery:
    """Find the daemons of a cluster; never raises for what the XML lacks."""
    return _Finder(configuration).find()


class _Finder:
    def __init__(self, configuration: Configuration) -> None:
        self.conf = configuration
        self.problems: list[Problem] = []

    def find(self) -> Discovery:
        default_fs = self.conf.get("fs.defaultFS").rstrip("/")
        scheme, authority = self._parse(default_fs)
        namenodes = self.namenodes(default_fs, scheme, authority)
        # With everything on one machine, Hadoop's own guide sets no ResourceManager host.
        host = split_address(authority, 0)[0]
        resourcemanagers = self.resourcemanagers(host if host in LOOPBACK else "")
        # Last, because asking for values is what finds variables in them.
        auth, realm = self.auth(), self.realm()
        return Discovery(
            Endpoints(
                default_fs=default_fs, resourcemanagers=resourcemanagers, namenodes=namenodes
            ),
            auth,
            realm,
            [*self.conf.problems, *self.problems],
        )

    def _parse(self, default_fs: str) -> tuple[str, str]:
        try:
            parts = urlsplit(default_fs)
            split_address(parts.netloc, 0)
        except ValueError:
            self.error(
                "fs.defaultFS",
                f"Is {default_fs!r}; expected hdfs://nameservice or hdfs://host:port.",
                "core-site.xml",
            )
            return "", ""
        return parts.scheme, parts.netloc

    def error(self, key: str, message: str, file: str) -> None:
        self._report("error", key, message, file)

    def warn(self, key: str, message: str, file: str) -> None:
        self._report("warning", key, message, file)

    def _report(self, severity: str, key: str, message: str, file: str) -> None:
        if any(problem.key == key for problem in self.problems):
            return  # one key is asked for several times; what it lacks is said once
        self.problems.append(
            Problem.model_validate(
                {
                    "severity": severity,
                    "file": self.conf.file_of(key, file),
                    "key": key,
                    "message": message,
                }
            )
        )

    # -- identity -----------------------------------------------------------------------------

    def auth(self) -> AuthType:
        key = "hadoop.security.authentication"
        value = self.conf.get(key, "simple").lower()
        if value == "kerberos":
            return "kerberos"
        if value != "simple":
            self.error(key, f"Is {value!r}; expected simple or kerberos.", "core-site.xml")
        return "simple"

    def realm(self) -> str | None:
        for key in (f"{RM}.principal", "dfs.namenode.kerberos.principal"):
            _, _, realm = self.conf.get(key).partition("@")
            if realm and "$" not in realm:
                return realm
        return None

    # -- YARN ---------------------------------------------------------------------------------

    def resourcemanagers(self, last_resort: str) -> list[Daemon]:
        file = "yarn-site.xml"
        if file not in self.conf.files:
            self._missing(file, "YARN is not shown.")
            return []
        if self.conf.get(f"{RM}.ha.enabled") == "true":
            ids = self.conf.list(f"{RM}.ha.rm-ids")
            if not ids:
                self.error(
                    f"{RM}.ha.rm-ids",
                    f"Is missing although {RM}.ha.enabled is true; expected for example rm1,rm2.",
                    file,
                )
            return [daemon for id in ids if (daemon := self.resourcemanager(id)) is not None]
        if len(self.conf.list(f"{RM}.ha.rm-ids")) > 1:
            self.warn(f"{RM}.ha.rm-ids", f"Is ignored because {RM}.ha.enabled is not true.", file)
        daemon = self.resourcemanager("", last_resort)
        return [] if daemon is None else [daemon]

    def resourcemanager(self, id: str, last_resort: str = "") -> Daemon | None:
        suffix = f".{id}" if id else ""
        scheme = self.policy("yarn.http.policy", "yarn-site.xml")
        name = "webapp.https.address" if scheme == "https" else "webapp.address"
        port = RM_HTTPS_PORT if scheme == "https" else RM_HTTP_PORT
        web = self.address(f"{RM}.{name}{suffix}", port)
        rpc = self.address(f"{RM}.address{suffix}", RM_RPC_PORT)
        hosts = [
            self.conf.get(f"{RM}.hostname{suffix}"),
            rpc[0],
            self.address(f"{RM}.scheduler.address{suffix}", 0)[0],
            last_resort,
        ]
        host = first_real([web[0], *hosts])
        if not host:
            report = self.error if id else self.warn
            report(
                f"{RM}.hostname{suffix}",
                f"Is missing, and neither {RM}.{name}{suffix} nor {RM}.address{suffix} names a "
                "host; expected the ResourceManager's host name.",
                "yarn-site.xml",
            )
            return None
        return Daemon(
            id=id,
            url=f"{scheme}://{host}:{web[1]}",
            rpc=f"{first_real([rpc[0], *hosts, host])}:{rpc[1]}",
        )

    # -- HDFS ---------------------------------------------------------------------------------

    def namenodes(self, default_fs: str, scheme: str, authority: str) -> list[Daemon]:
        file = "core-site.xml"
        if file not in self.conf.files:
            self._missing(file, "HDFS is not shown.")
            return []
        if scheme != "hdfs" or not authority:
            shown = default_fs or "not set"
            self.warn("fs.defaultFS", f"Is {shown}; HDFS is shown for hdfs:// only.", file)
            return []
        known = self.conf.list("dfs.nameservices")
        unknown = self._check_nameservices(authority, known)
        # A client's file also names other clusters' nameservices, for copies between them; this
        # key, where set, tells which ones are this cluster's own.
        names = self.conf.list("dfs.internal.nameservices") or known
        names = sorted(names, key=lambda name: name != authority)
        daemons = [daemon for name in names for daemon in self.nameservice(name)]
        if authority not in known and not unknown:
            single = self._single(authority)
            daemons = [single, *(daemon for daemon in daemons if daemon.url != single.url)]
        return daemons

    def _check_nameservices(self, authority: str, known: list[str]) -> bool:
        """Report keys of unlisted nameservices; True if the default file system is on one."""
        listed = ", ".join(known)
        host_like = ":" in authority or "." in authority
        unknown = bool(known) and authority not in known and not host_like
        if unknown:
            self.error(
                "fs.defaultFS",
                f"Names the nameservice {authority}, which dfs.nameservices ({listed}) does not "
                "list; expected one of these, or host:port.",
                "core-site.xml",
            )
        prefix = "dfs.ha.namenodes."
        for key in self.conf.properties:
            if key.startswith(prefix) and key.removeprefix(prefix) not in known:
                self.warn(
                    key,
                    f"Belongs to the nameservice {key.removeprefix(prefix)}, which "
                    f"dfs.nameservices ({listed or 'not set'}) does not list.",
                    "hdfs-site.xml",
                )
        return unknown

    def _single(self, authority: str) -> Daemon:
        host, port = split_address(authority, NN_RPC_PORT)
        key = f"dfs.namenode.{self.hdfs_scheme}-address"
        web = self.address(key, self.hdfs_port)
        return Daemon(
            url=f"{self.hdfs_scheme}://{first_real([web[0], host])}:{web[1]}",
            rpc=f"{host}:{port}",
        )

    def nameservice(self, name: str) -> list[Daemon]:
        """Find the NameNodes of one nameservice."""
        ids = self.conf.list(f"dfs.ha.namenodes.{name}")
        daemons = []
        for id in ids or [""]:
            suffix = f".{name}.{id}" if id else f".{name}"
            key = f"dfs.namenode.{self.hdfs_scheme}-address"
            web = self.address(f"{key}{suffix}", self.hdfs_port)
            rpc = self.address(f"dfs.namenode.rpc-address{suffix}", NN_RPC_PORT)
            if not ids:
                web = web if web[0] else self.address(key, self.hdfs_port)
                rpc = rpc if rpc[0] else self.address("dfs.namenode.rpc-address", NN_RPC_PORT)
            host = first_real([web[0], rpc[0]])
            if not host:
                self.error(
                    f"{key}{suffix}",
                    f"Is missing, and dfs.namenode.rpc-address{suffix} names no host either; "
                    "expected host:port.",
                    "hdfs-site.xml",
                )
                continue
            daemons.append(
                Daemon(
                    id=id,
                    nameservice=name,
                    url=f"{self.hdfs_scheme}://{host}:{web[1]}",
                    rpc=f"{first_real([rpc[0], host])}:{rpc[1]}",
                )
            )
        return daemons

    @property
    def hdfs_scheme(self) -> str:
        return self.policy("dfs.http.policy", "hdfs-site.xml")

    @property
    def hdfs_port(self) -> int:
        return NN_HTTPS_PORT if self.hdfs_scheme == "https" else NN_HTTP_PORT

    # -- shared -------------------------------------------------------------------------------

    def policy(self, key: str, file: str) -> str:
        """``http`` or ``https``; clients take http where a daemon serves both, as DFSUtil does."""
        value = self.conf.get(key, "HTTP_ONLY")
        if value not in ("HTTP_ONLY", "HTTPS_ONLY", "HTTP_AND_HTTPS"):
            expected = "HTTP_ONLY, HTTPS_ONLY or HTTP_AND_HTTPS"
            self.error(key, f"Is {value!r}; expected {expected}.", file)
        return "https" if value == "HTTPS_ONLY" else "http"

    def address(self, key: str, default_port: int) -> tuple[str, int]:
        """Host and port of a key; an empty host if the key is missing or unusable."""
        value = self.conf.get(key)
        try:
            host, port = split_address(value, default_port)
        except ValueError:
            self.error(key, f"Is {value!r}; expected host:port.", "hdfs-site.xml")
            return "", default_port
        return host, port

    def _missing(self, file: str, consequence: str) -> None:
        self.problems.append(
            Problem(severity="warning", file=f"conf/{file}", message=f"Not found; {consequence}")
        )


def split_address(value: str, default_port: int) -> tuple[str, int]:
    """Host and port of ``host``, ``host:port``, ``[v6]:port`` or ``:port``.

    Raises
    ------
    ValueError
        If it is none of these, or the port is no port number.
    """
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]*)(?::(\d{1,5}))?", value)
    if match is None:
        raise ValueError(value)
    port = int(match[2]) if match[2] else default_port
    if port > 65535:
        raise ValueError(value)
    return match[1], port


def first_real(hosts: list[str]) -> str:
    """Take the first host that is not a bind-to-everything address; empty if there is none."""
    return next((host for host in hosts if host not in WILDCARDS), "")
