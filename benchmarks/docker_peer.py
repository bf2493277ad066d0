"""gateway_provisioners starting the same kernel from the same image, in an environment of its own.

Run as a program by that environment's Python, it prints how long each of its starts took.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

VERSION = "0.5.0"
IMAGE = "jupyter-ext-test-peer:latest"
SPEC = "peer"
_DOCKERFILE = f"""\
ARG BASE
FROM ${{BASE}}
COPY . /usr/local/bin/
RUN pip install --no-index --find-links /usr/local/bin/wheels pycryptodomex
ENV KERNEL_LANGUAGE=python KERNEL_LAUNCHERS_DIR=/usr/local/bin/kernel-launchers
CMD ["/usr/local/bin/bootstrap-kernel.sh"]
# {VERSION}
"""


class Peer:
    """It, its kernelspec and its image; made when first needed, and kept in the cache."""

    def __init__(self, host: str, base: str) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self._root = cache / f"jupyter-ext/benchmarks/gateway_provisioners-{VERSION}"
        self._host = host
        self._base = base

    def prepare(self) -> None:
        """Install it; make its image as its own ``jupyter image-bootstrap`` would."""
        if not (self._root / "kernels/share").exists():
            shutil.rmtree(self._root, ignore_errors=True)
            venv.create(self._root, with_pip=True)
            pip = [self._python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
            _run(*pip, "install", f"gateway_provisioners=={VERSION}", "docker", "ipykernel")
            _run(*pip, "download", "--no-deps", "pycryptodomex", "--dest", self._context / "wheels")
            self._write_context()
            options = ("--image-name", IMAGE, "--prefix", self._root / "kernels")
            program = self._root / "bin/jupyter-docker-spec"
            _run(program, "install", *options, "--kernel-name", SPEC)
        command = ("build", "--tag", IMAGE, "--build-arg", f"BASE={self._base}")
        _run("docker", "--host", self._host, *command, self._context)

    def start(self, rounds: int) -> list[float]:
        """Seconds from request to answer."""
        environment = {
            "PATH": f"{self._root / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self._root),
            "DOCKER_HOST": self._host,
            "JUPYTER_PATH": str(self._root / "kernels/share/jupyter"),
            "KERNEL_USERNAME": "peer",
            "GP_DOCKER_MODE": "docker",
        }
        # -P: what is beside this file is not to be imported.
        command = [self._python, "-P", __file__, str(rounds)]
        output = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
        return json.loads(output)

    @property
    def _python(self) -> Path:
        return self._root / "bin/python"

    @property
    def _context(self) -> Path:
        return self._root / "image"

    def _write_context(self) -> None:
        [source] = self._root.glob("lib/python*/site-packages/gateway_provisioners")
        launchers = self._context / "kernel-launchers"
        shutil.copytree(source / "kernel-launchers", launchers)
        listener = "scripts/server_listener.py"
        shutil.copy(launchers / "shared" / listener, launchers / "python" / listener)
        # It is a template, in which $$ stands for $.
        script = (launchers / "bootstrap/bootstrap-kernel.sh").read_text().replace("$$", "$")
        target = self._context / "bootstrap-kernel.sh"
        target.write_text(script)
        target.chmod(0o755)
        (self._context / "Dockerfile").write_text(_DOCKERFILE)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


async def _start() -> float:
    from jupyter_client.manager import AsyncKernelManager

    manager = AsyncKernelManager(kernel_name=SPEC)
    began = time.perf_counter()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels(hb=False)
    client.kernel_info()
    await client.get_shell_msg(timeout=60)
    seconds = time.perf_counter() - began
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return seconds


async def _starts(rounds: int) -> list[float]:
    await _start()
    return [await _start() for _ in range(rounds)]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_starts(int(sys.argv[1])))))
