"""A container registry (Docker Registry HTTP API v2) with one small image, or with a bad answer."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
NAME = "thing"
_PIECE = 64 * 1024


@dataclass
class Registry:
    """On a port of loopback, where daemons accept plain HTTP."""

    port: int = 0
    status: int = 200
    """Of every answer about an image; an error has ``code``."""
    code: str = ""
    login: str = ""
    """Authorization header that is asked for, if any."""
    requests: list[str] = field(default_factory=list)
    pause: threading.Event = field(default_factory=threading.Event)
    """Not set: a layer stops half way until it is."""

    @property
    def image(self) -> str:
        return f"127.0.0.1:{self.port}/{NAME}:1"


@contextmanager
def registry(megabytes: int = 1, **options: Any) -> Iterator[Registry]:
    """Serve an image with one file of random bytes."""
    found = Registry(**options)
    blobs = _blobs(megabytes)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            found.requests.append(self.path)
            if found.login and self.headers.get("Authorization") != found.login:
                headers = {"WWW-Authenticate": 'Basic realm="test"'}
                self._error(401, "UNAUTHORIZED", headers)
            elif self.path.rstrip("/") == "/v2":
                self._answer(b"{}", "application/json")
            elif found.status != 200:
                self._error(found.status, found.code, {})
            else:
                key = self.path.rpartition("/")[2]
                self._answer(*blobs[key], slow=self.path.endswith(blobs["layer"][1]))

        def _answer(self, body: bytes, kind: str, *, slow: bool = False) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", _digest(body))
            self.end_headers()
            if self.command == "HEAD":
                return
            half = len(body) // 2 if slow else 0
            self.wfile.write(body[:half])
            if slow:
                found.pause.wait(30)
            self.wfile.write(body[half:])

        def _error(self, status: int, code: str, headers: dict[str, str]) -> None:
            body = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.pause.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _blobs(megabytes: int) -> dict[str, tuple[bytes, str]]:
    """By tag or digest; the digest of the layer is the second of ``layer``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("noise")
        entry.size = megabytes * 2**20
        tar.addfile(entry, io.BytesIO(os.urandom(entry.size)))
    layer = gzip.compress(packed.getvalue(), 1)
    config = json.dumps(
        {
            "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64",
            "os": "linux",
            "config": {"Cmd": ["/noise"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(packed.getvalue())]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": _digest(config)},
            "layers": [{"mediaType": LAYER, "size": len(layer), "digest": _digest(layer)}],
        }
    ).encode()
    return {
        "1": (manifest, MANIFEST),
        _digest(manifest): (manifest, MANIFEST),
        _digest(config): (config, "application/octet-stream"),
        _digest(layer): (layer, "application/octet-stream"),
        "layer": (b"", _digest(layer)),
    }


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
