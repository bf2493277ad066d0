"""Starting one cluster with everything it needs: realm, directory, Hadoop, profile."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_ext.errors import JupyterExtError, Unavailable
from jupyter_ext.sandbox import ldap, site, spec
from jupyter_ext.sandbox.hadoop import HadoopCluster
from jupyter_ext.sandbox.kdc import Kdc
from jupyter_ext.sandbox.ldap import Ldap
from jupyter_ext.sandbox.ports import listens
from jupyter_ext.sandbox.processes import Processes, Program, cause
from jupyter_ext.sandbox.publish import Publication
from jupyter_ext.sandbox.state import ClusterState
from jupyter_ext.sandbox.tls import Authority
from jupyter_ext.sandbox.wait import until

LISTEN_S = 15.0
Say = Callable[[str], None]


class Start:
    """One start of one cluster.

    Parameters
    ----------
    directory
        Of the sandbox.
    state
        Shape and ports.
    lock
        Descriptor of the sandbox's held lock.
    say
        Told each step.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        state: ClusterState,
        processes: Processes,
        lock: int,
        say: Say,
    ) -> None:
        self.name = name
        self.state = state
        self._kind = spec.kind(name)
        self._processes = processes
        self._lock = lock
        self._say = say
        self._cluster = spec.cluster(directory, name, state)
        self._kdc: Kdc | None = None
        self._ldap: Ldap | None = None
        self._authority = Authority(self._cluster.directory / "tls")
        environment: Mapping[str, str] = {}
        if self._kind.secure:
            self._kdc = Kdc(self._cluster.secrets, state.ports, name=name)
            self._ldap = Ldap(
                self._cluster.directory / "ldap", state.ports, self._authority, self._kdc
            )
            environment = {"KRB5_CONFIG": str(self._kdc.krb5_conf)}
        self.hadoop = HadoopCluster(
            self._cluster,
            state.shape.hadoop,
            directory / "sample",
            environment,
            processes,
            lock,
        )

    async def run(self, classpath: asyncio.Future[str | JupyterExtError]) -> float | None:
        """Start what does not run.

        Parameters
        ----------
        classpath
            Will have the class path, or say why there is none.

        Returns
        -------
        float or None
            Seconds until it was ready; None when it was ready before.

        Raises
        ------
        Unavailable
            If something fails; then nothing stays that was started here.
        """
        before = {member.name for member in spec.members(self.name, self._processes)}
        before = {name for name in before if self._processes.alive(name)}
        began = time.monotonic()
        try:
            if self._kdc and self._ldap:
                await self._secure(self._kdc, self._ldap)
            self.hadoop.configure()
            path = await asyncio.shield(classpath)
            if isinstance(path, JupyterExtError):
                raise path  # noqa: TRY301 - ends what was started, like any other failure
            jars = time.monotonic()
            if not await self.hadoop.start(path):
                self._say(f"{self.name}: runs already")
                return None
        except BaseException:
            started = {member.name for member in spec.members(self.name, self._processes)} - before
            await asyncio.shield(asyncio.ensure_future(self._processes.end(started)))
            raise
        self._say(f"{self.name}: ready ({self.hadoop.ready()} after its JVM began)")
        return round(time.monotonic() - max(began, jars), 1)

    def publication(self) -> Publication:
        """Describe the profile."""
        tables: dict[str, dict[str, object]] = {}
        files: dict[str, bytes] = {}
        if self._kdc and self._ldap:
            tables["kerberos"] = {"realm": self._kdc.realm, "kdc": [self._kdc.address]}
            tables["ldap"] = {
                "url": self._ldap.url,
                "base_dn": ldap.PEOPLE_DN,
                "group_dn": ldap.GROUPS_DN,
            }
            files["krb5.conf"] = self._kdc.krb5_conf.read_bytes()
            files["ca.pem"] = self._authority.ca.read_bytes()
        else:
            tables["auth"] = {"type": "simple"}
        return Publication(
            name=self.name,
            title=self._kind.title,
            color=self._kind.color,
            site=site.client(self._cluster),
            production=self._kind.production,
            user=None if self._kind.secure else "alice",
            # Its nodes are this machine.
            python=sys.executable,
            tables=tables,
            files=files,
        )

    async def _secure(self, kdc: Kdc, directory: Ldap) -> None:
        began = time.monotonic()
        await asyncio.to_thread(self._authority.prepare)
        await asyncio.gather(
            asyncio.to_thread(kdc.prepare, self._lock),
            asyncio.to_thread(directory.prepare, self._lock),
        )
        programs = [*kdc.programs(), *directory.programs()]
        fresh = [program for program in programs if not self._current(program)]
        await self._processes.end([program.name for program in fresh])
        for program in fresh:
            await self._processes.start(program, self._lock)
        for name in ("kdc", "kadmin", "ldaps"):
            await self._listening(f"{self.name}-{name.removesuffix('s')}", self.state.ports[name])
        if fresh:
            seconds = time.monotonic() - began
            self._say(f"{self.name}: KDC and LDAP server answer ({seconds:.1f} s)")

    def _current(self, program: Program) -> bool:
        process = self._processes.get(program.name)
        return bool(process and process.alive and process.fingerprint == program.fingerprint)

    async def _listening(self, name: str, port: int) -> None:
        def dead() -> bool:
            return not self._processes.alive(name)

        in_time = await until(lambda: dead() or listens(port), LISTEN_S, 0.03)
        if in_time and not dead():
            return
        what = "died while starting" if dead() else f"does not listen after {LISTEN_S:.0f} s"
        log = self._processes.log(name)
        raise Unavailable(
            f"{name} {what}: {cause(log)}", hint=f"Its log is {log}.", cluster=self.name
        )
