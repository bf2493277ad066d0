"""What the doctor says of networks that lead nowhere, and of peers that hide."""

from __future__ import annotations

import errno
import os

from jupyter_ext.hadoop import probe
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import raw_server, silence
from tests.hadoop.examined import checks, profile


async def test_name_servers_that_do_not_answer(monkeypatch):
    async def silent(host, port, timeout_s):
        raise TimeoutError

    monkeypatch.setattr(probe, "resolve", silent)
    found = await checks(profile(["http://rm.example.com:8088"]), connect_timeout_s=2)
    assert found["dns"].verdict == "failed"
    assert found["dns"].message == "The name servers do not answer in 2 s."
    assert "VPN" in found["dns"].remedy
    assert "tcp" not in found


async def test_a_network_without_a_route(monkeypatch):
    async def nowhere(host, port, timeout_s):
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    monkeypatch.setattr(probe, "connect", nowhere)
    found = await checks(profile(["http://localhost:8088"]))
    assert found["tcp"].verdict == "failed"
    assert found["tcp"].message == "Network is unreachable."
    assert "route" in found["tcp"].remedy
    assert "auth" not in found


async def test_a_certificate_that_is_refused_and_shown_once(tmp_path, monkeypatch):
    async def gone(host, port, timeout_s):
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    monkeypatch.setattr(probe, "read_certificate", gone)
    async with raw_server(silence, Authority(tmp_path).server()) as server:
        found = await checks(profile([server.url(scheme="https")]))
    assert found["tls"].verdict == "failed"
    assert found["tls"].message.startswith("The certificate is refused: unable to get local issuer")
    assert "auth" not in found
