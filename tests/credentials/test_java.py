"""A Java machine that runs already learns of tokens that come later."""

from __future__ import annotations

import subprocess
import sysconfig
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from py4j.java_gateway import GatewayParameters, JavaGateway

from jupyter_ext.credentials.hdts import DelegationToken, write_file_bytes
from jupyter_ext.credentials.java import JavaTokens
from jupyter_ext.files import replace
from tests.conftest import eventually


def token(number: int) -> DelegationToken:
    return DelegationToken(
        bytes([number]), b"secret", "HDFS_DELEGATION_TOKEN", f"10.0.0.{number}:1"
    )


@pytest.fixture
def gateway(sandbox):
    """A gateway to a Java machine with Hadoop's classes, as pyspark makes one."""
    version = sandbox.status().clusters[0].hadoop
    jars = Path(sandbox.environment["XDG_CACHE_HOME"]) / "jupyter-ext" / "hadoop" / version / "lib"
    [py4j] = Path(sysconfig.get_path("data"), "share", "py4j").glob("py4j*.jar")
    java = subprocess.Popen(
        [
            *("java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{py4j}:{jars}/*"),
            *("py4j.GatewayServer", "--die-on-broken-pipe", "0"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    port = int(java.stdout.readline())
    made = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    yield made
    made.close()
    java.kill()
    java.communicate(timeout=20)


def held(gateway: JavaGateway) -> int:
    ugi = gateway.jvm.org.apache.hadoop.security.UserGroupInformation
    return ugi.getCurrentUser().getCredentials().numberOfTokens()


def pyspark(gateway: JavaGateway | None) -> dict[str, object]:
    return {"pyspark": SimpleNamespace(SparkContext=SimpleNamespace(_gateway=gateway))}


async def test_new_tokens_are_handed_over_while_a_session_lives(gateway, tmp_path):
    path = tmp_path / "tokens"
    replace(path, write_file_bytes({"one": token(1)}))
    modules = pyspark(None)
    java = JavaTokens(path, modules, look_s=0.05)
    java.start()
    try:
        assert held(gateway) == 0
        modules.update(pyspark(gateway))
        await eventually(lambda: held(gateway) == 1)
        replace(path, write_file_bytes({"one": token(1), "two": token(2)}))
        await eventually(lambda: held(gateway) == 2)
    finally:
        java.stop()
    assert "java-tokens" not in {thread.name for thread in threading.enumerate()}


def test_the_same_tokens_are_handed_over_once(gateway, tmp_path):
    path = tmp_path / "tokens"
    replace(path, write_file_bytes({"one": token(1)}))
    java = JavaTokens(path, pyspark(gateway))
    assert java.give()
    assert not java.give()


def test_without_a_session_nothing_is_looked_at(tmp_path):
    assert not JavaTokens(tmp_path / "missing", {}).give()
    assert not JavaTokens(tmp_path / "missing", pyspark(None)).give()
