"""Hadoop's jars and our launcher, kept in a cache that all sandboxes of this user share.

``<cache>/jupyter-ext/hadoop/<version>/lib/*.jar`` come from Maven Central;
``<cache>/jupyter-ext/hadoop/<version>/launcher-<hash>.jar`` is compiled from ``java/`` beside this
file. Both appear by a rename when they are whole, so a killed download leaves nothing half done.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from jupyter_ext.errors import InvalidInput, Unavailable
from jupyter_ext.sandbox.lock import held
from jupyter_ext.sandbox.processes import Processes, Program, cause
from jupyter_ext.sandbox.requirements import installed
from jupyter_ext.sandbox.wait import until

ARTIFACTS = (
    "hadoop-common",
    "hadoop-hdfs",
    "hadoop-yarn-client",
    "hadoop-yarn-server-nodemanager",
    "hadoop-yarn-server-resourcemanager",
    "hadoop-yarn-server-timelineservice",
)
DOWNLOAD_S = 900.0
_SOURCES = Path(__file__).parent / "java"
# Pages that the NameNode's and the DataNode's web servers insist on and no jar has.
_WEBAPPS = ("webapps/", "webapps/hdfs/", "webapps/datanode/", "webapps/static/")
_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>jupyter-ext</groupId>
  <artifactId>sandbox</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
_DEPENDENCY = (
    "    <dependency><groupId>org.apache.hadoop</groupId>"
    "<artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
)


class Jars:
    """The cache of one Hadoop version.

    Parameters
    ----------
    version
        A release of Apache Hadoop, for example 3.5.0.
    processes
        Where a running download is recorded.
    say
        Told what is done.

    Raises
    ------
    InvalidInput
        If that is no version number.
    """

    def __init__(self, version: str, processes: Processes, say: Callable[[str], None]) -> None:
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            raise InvalidInput(f"{version!r} is no version of Apache Hadoop; 3.5.0 is one.")
        self.version = version
        self._processes = processes
        self._say = say
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self.directory = Path(cache) / "jupyter-ext" / "hadoop" / version

    async def classpath(self, lock: int) -> str:
        """Give the class path; fetch and compile what is not there yet.

        Parameters
        ----------
        lock
            Descriptor of the sandbox's held lock.

        Raises
        ------
        Unavailable
            If Maven Central has no such version or does not answer.
        """
        library = self.directory / "lib"
        launcher = self.directory / f"launcher-{_digest()}.jar"
        if not library.is_dir() or not launcher.is_file():
            async with held(self.directory / "lock", "download", DOWNLOAD_S) as descriptor:
                if not library.is_dir():
                    await self._download(library, lock, descriptor)
                if not launcher.is_file():
                    await asyncio.to_thread(self._compile, library, launcher)
        return f"{launcher}:{library}/*"

    async def _download(self, library: Path, lock: int, cache_lock: int) -> None:
        began = time.monotonic()
        for left in self.directory.glob("partial-*"):
            shutil.rmtree(left)
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=self.directory))
        self._say(f"Hadoop {self.version}: fetching its jars from Maven Central (100 MB, once)")
        dependencies = "\n".join(
            _DEPENDENCY.format(artifact=artifact, version=self.version) for artifact in ARTIFACTS
        )
        (partial / "pom.xml").write_text(_POM.format(dependencies=dependencies))
        name = "maven"
        maven = [
            installed("mvn"),
            "-B",
            "-q",
            "-Dstyle.color=never",
            "dependency:copy-dependencies",
        ]
        # The exit status of a process that is nobody's child is lost; a file tells instead.
        script = '"$@" && : > done'
        argv = ("/bin/sh", "-c", script, "sh", *maven, f"-DoutputDirectory={partial / 'lib'}")
        # It inherits the cache's lock: should this command be killed, others wait for Maven's end.
        await self._processes.start(Program(name, argv, partial), lock, keep=[cache_lock])
        try:
            if not await until(lambda: not self._processes.alive(name), DOWNLOAD_S, 0.1):
                raise Unavailable(
                    f"Fetching Hadoop {self.version} took longer than {DOWNLOAD_S:.0f} s.",
                    hint="See whether Maven Central can be reached (proxy, settings.xml).",
                )
        finally:
            await self._processes.end([name])
        done = (partial / "done").exists()
        if done:
            (partial / "lib").rename(library)
        shutil.rmtree(partial)
        if not done:
            log = self._processes.log(name)
            raise Unavailable(
                f"Hadoop {self.version} could not be fetched from Maven Central: {_reason(log)}",
                hint=f"See {log}; is the version right, and is Maven Central reachable?",
            )
        self._say(f"Hadoop {self.version}: fetched in {time.monotonic() - began:.1f} s")

    def _compile(self, library: Path, launcher: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="partial-", dir=self.directory) as folder:
            classes = Path(folder) / "classes"
            classes.mkdir()
            sources = map(str, _SOURCES.glob("*.java"))
            compiled = subprocess.run(
                [installed("javac"), "-nowarn", "-d", classes, "-cp", f"{library}/*", *sources],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            if compiled.returncode:
                reason = (compiled.stderr.splitlines() or ["no reason given"])[0]
                raise Unavailable(
                    f"The launcher does not compile against Hadoop {self.version}: {reason}",
                    hint="Versions 3.3 to 3.5 are known to work; 3.5 needs Java 17.",
                )
            jar = Path(folder) / "launcher.jar"
            with zipfile.ZipFile(jar, "w") as archive:
                for entry in _WEBAPPS:
                    archive.writestr(entry, "")
                archive.write(_SOURCES / "log4j.properties", "log4j.properties")
                for path in classes.rglob("*.class"):
                    archive.write(path, path.relative_to(classes))
            jar.rename(launcher)


def _reason(log: Path) -> str:
    """Maven's first error line; the others tell how to debug Maven."""
    errors = re.findall(r"\[ERROR\] (.+)", log.read_text(errors="replace"))
    return errors[0].partition(" -> [Help")[0] if errors else cause(log)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_SOURCES.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
