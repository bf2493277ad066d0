"""Hadoop's own Java on token files: TokenFile.java, compiled against the sandbox's jars."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from jupyter_ext.clusters.models import Profile
from tests.hadoop_sandbox import RunningSandbox

NO_TICKET = {"KRB5_CONFIG": "/dev/null", "KRB5CCNAME": "FILE:/dev/null/krb5cc"}


class TokenFile:
    """Runs it; ``directory`` is for the compiled classes."""

    def __init__(self, sandbox: RunningSandbox, directory: Path) -> None:
        version = sandbox.status().clusters[0].hadoop
        cache = Path(sandbox.environment["XDG_CACHE_HOME"])
        self._jars = f"{cache}/jupyter-ext/hadoop/{version}/lib/*"
        self._classes = directory
        source = Path(__file__).with_name("TokenFile.java")
        command = ["javac", "-nowarn", "-d", directory, "-cp", self._jars, source]
        subprocess.run(command, check=True, timeout=60)

    def copy(self, data: bytes, version: str = "copy") -> bytes:
        """Let Hadoop read a token file and write it again; ``protobuf`` for version 1."""
        read, written = self._classes / "read.hdts", self._classes / "copy.hdts"
        read.write_bytes(data)
        self._run(version, read, written)
        return written.read_bytes()

    def write(self) -> tuple[bytes, list[list[str]]]:
        """A file that Hadoop wrote; and alias, URL string and identifier's fields of each token."""
        place = self._classes / "written.hdts"
        said = self._run("write", place).stdout
        return place.read_bytes(), [line.split("\t") for line in said.splitlines()]

    def list(self, path: str, made: Profile, tokens: Path) -> subprocess.CompletedProcess[str]:
        """List a directory with the tokens of a file alone; first says whether it has a ticket."""
        environment = {"HADOOP_TOKEN_FILE_LOCATION": str(tokens), **NO_TICKET}
        return self._run("list", path, made=made, environment=environment, check=False)

    def _run(
        self,
        *arguments: str | Path,
        made: Profile | None = None,
        environment: dict[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        java = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8"]
        java += ["-Dstdout.encoding=UTF-8"]
        path = f"{self._classes}:{self._jars}"
        if made is not None:
            # Without a realm it does not even read its configuration.
            java.append(f"-Djava.security.krb5.conf={made.krb5_conf}")
            path = f"{made.conf_dir}:{path}"
        return subprocess.run(
            [*java, "-cp", path, "TokenFile", *arguments],
            env={**os.environ, **(environment or {})},
            text=True,
            encoding="utf-8",
            capture_output=True,
            check=check,
            timeout=60,
        )
