"""One Hadoop cluster of the sandbox: its JVMs, and when it is ready."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from jupyter_ext.errors import Unavailable
from jupyter_ext.sandbox.files import write
from jupyter_ext.sandbox.kdc import COMPLETE
from jupyter_ext.sandbox.people import PEOPLE
from jupyter_ext.sandbox.processes import Processes, Program, cause
from jupyter_ext.sandbox.requirements import installed
from jupyter_ext.sandbox.sample import PRIVATE
from jupyter_ext.sandbox.site import Cluster, render, server
from jupyter_ext.sandbox.wait import until

READY_S = 120.0
_HEAP_MB: Mapping[str, int] = {
    "namenode": 256,
    "datanode": 256,
    "resourcemanager": 384,
    "nodemanager": 256,
    "seed": 128,
}
_DAEMONS = ("namenode", "datanode", "resourcemanager", "nodemanager")


class HadoopCluster:
    """Starts what is wanted of one cluster and waits until users can work.

    Parameters
    ----------
    cluster
        What to build.
    hadoop
        Version of Hadoop.
    sample
        Local folder that becomes /data.
    environment
        For its JVMs, for example where the realm's configuration is.
    """

    def __init__(
        self,
        cluster: Cluster,
        hadoop: str,
        sample: Path,
        environment: Mapping[str, str],
        processes: Processes,
        lock: int,
    ) -> None:
        self.cluster = cluster
        self.name = cluster.name
        self._hadoop = hadoop
        self._sample = sample
        self._environment = environment
        self._processes = processes
        self._lock = lock
        self._markers = cluster.directory / "markers"
        self._ready = marker(cluster.directory)

    def configure(self) -> None:
        """Write the daemons' configuration."""
        for name, properties in server(self.cluster).items():
            write(self.cluster.directory / "conf" / name, render(properties))

    def programs(self, classpath: str) -> list[Program]:
        """List the JVMs that make up the cluster."""
        return [self._program(classpath, *jvm) for jvm in layout(self.cluster, self._hadoop)]

    async def start(self, classpath: str) -> bool:
        """Start what does not run yet, and wait until the cluster takes work.

        Returns
        -------
        bool
            Whether anything had to be started.

        Raises
        ------
        Unavailable
            If a daemon dies, or is not ready in time; with the cause line of its log.
        """
        wanted = self.programs(classpath)
        running = {
            program.name
            for program in wanted
            if (process := self._processes.get(program.name)) is not None
            and process.alive
            and process.fingerprint == program.fingerprint
        }
        if len(running) == len(wanted) and self._ready.exists():
            return False
        self._ready.unlink(missing_ok=True)
        missing = [program for program in wanted if program.name not in running]
        # Also ends the containers that a dead NodeManager left.
        await self._processes.end([program.name for program in missing])
        # What a broken-off format left; unless a JVM that runs is just about it.
        if not running and not (self._markers / "formatted").exists():
            shutil.rmtree(self.cluster.directory / "data", ignore_errors=True)
        for folder in (self._markers, self.cluster.directory / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for program in missing:
            (self._markers / f"started-{program.name}").unlink(missing_ok=True)
            shutil.rmtree(self._scratch(program.name), ignore_errors=True)
            self._scratch(program.name).mkdir(mode=0o700, parents=True)
            await self._processes.start(program, self._lock)
        names = [program.name for program in wanted]
        # The JVM that has the seed role does it when it starts; if it ran already, another must.
        if self.cluster.processes or self.name in running:
            seed = self._program(classpath, f"{self.name}-seed", ["seed"], [])
            await self._processes.end([seed.name])
            self._scratch(seed.name).mkdir(mode=0o700, parents=True, exist_ok=True)
            await self._processes.start(seed, self._lock)
            names.append(seed.name)
        await self._wait(names)
        await self._processes.end([f"{self.name}-seed"])
        return True

    async def activate(self, classpath: str, rm_id: str) -> None:
        """Make one ResourceManager of the pair the active one.

        Raises
        ------
        Unavailable
            If it refuses or does not answer.
        """
        program = self._program(classpath, f"{self.name}-seed", [f"activate:{rm_id}"], [])
        self._scratch(program.name).mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._processes.start(program, self._lock)
        await until(lambda: not self._processes.alive(program.name), READY_S)
        await self._processes.end([program.name])
        log = self._processes.log(program.name)
        if "sandbox: " in log.read_text(errors="replace"):
            raise Unavailable(
                f"ResourceManager {rm_id} of {self.name} did not become active: {cause(log)}",
                cluster=self.name,
            )

    def ready(self) -> str:
        """How long each part took, as the launcher measured it; empty while not ready."""
        try:
            return self._ready.read_text()
        except FileNotFoundError:
            return ""

    def _scratch(self, jvm: str) -> Path:
        return self.cluster.directory / "tmp" / jvm

    async def _wait(self, names: list[str]) -> None:
        def dead() -> list[str]:
            return [name for name in names if not self._processes.alive(name)]

        # A process that ends right after it made the marker has not failed.
        in_time = await until(lambda: self._ready.exists() or bool(dead()), READY_S)
        if self._ready.exists():
            return
        if in_time:
            raise self._died(dead()[0], "died while starting")
        raise self._died(names[-1], f"is not ready after {READY_S:.0f} s")

    def _died(self, name: str, what: str) -> Unavailable:
        log = self._processes.log(name)
        return Unavailable(
            f"{name} {what}: {cause(log)}", hint=f"Its log is {log}.", cluster=self.name
        )

    def _program(self, classpath: str, name: str, roles: list[str], settings: list[str]) -> Program:
        heap = 512 if "namenode" in roles and len(roles) > 1 else _HEAP_MB.get(roles[0], 128)
        conf = self.cluster.directory / "conf"
        options = [
            f"-Xmx{heap}m",
            "-Xss512k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.net.preferIPv4Stack=true",
            # Hadoop's web servers unpack their pages there, and never tidy up.
            f"-Djava.io.tmpdir={self._scratch(name)}",
            "-XX:-UsePerfData",
            # Guice before 5.1 (Hadoop 3.3) defines classes by reflection.
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
        ]
        if self.cluster.secure:
            options.append(f"-Djava.security.krb5.conf={self.cluster.secrets / 'krb5.conf'}")
        argv = (
            installed("java"),
            *options,
            "-cp",
            f"{conf}:{classpath}",
            "Launcher",
            str(self._markers),
            ",".join(roles),
            "sandbox.users=" + " ".join(person.name for person in PEOPLE),
            f"sandbox.sample={self._sample}",
            "sandbox.private=" + " ".join(f"{name}:{owner}" for name, owner in PRIVATE.items()),
            f"sandbox.name={name}",
            "sandbox.jvms=" + " ".join(jvm for jvm, _, _ in layout(self.cluster, self._hadoop)),
            *settings,
        )
        digest = hashlib.sha256("\0".join(argv).encode())
        files = sorted(conf.glob("*.xml"))
        if self.cluster.secure:
            files.append(self.cluster.secrets / COMPLETE)
        for path in files:
            digest.update(path.read_bytes())
        return Program(
            name, argv, self.cluster.directory, self._environment, digest.hexdigest()[:16]
        )


def marker(directory: Path) -> Path:
    """Name the file in a cluster's directory that is there while the cluster is ready."""
    return directory / "markers" / "ready"


def layout(cluster: Cluster, hadoop: str) -> list[tuple[str, list[str], list[str]]]:
    """Name, roles and settings of each JVM of a cluster."""
    name = cluster.name
    if cluster.processes:
        jvms = [(f"{name}-{role}", [role]) for role in _DAEMONS]
    elif _mixes_filters(hadoop):
        jvms = [(name, [*_DAEMONS[:3], "seed"]), (f"{name}-nodemanager", ["nodemanager"])]
    else:
        jvms = [(name, [*_DAEMONS, "seed"])]
    if cluster.rm_ha:
        jvms.append((f"{name}-resourcemanager2", ["resourcemanager"]))
    return [(jvm, roles, _ha_id(cluster, jvm, roles)) for jvm, roles in jvms]


def _ha_id(cluster: Cluster, jvm: str, roles: list[str]) -> list[str]:
    if not cluster.rm_ha or "resourcemanager" not in roles:
        return []
    return [f"yarn.resourcemanager.ha.id={'rm2' if jvm.endswith('2') else 'rm1'}"]


def _mixes_filters(hadoop: str) -> bool:
    """Whether ResourceManager and NodeManager cannot share a JVM.

    Before 3.5 each replaces the other's pages: Guice's web filter is a static field.
    """
    return tuple(map(int, hadoop.split(".")))[:2] < (3, 5)
