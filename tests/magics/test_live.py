"""What a switch can't reach is named. The classes here have the names and the attributes that the
real libraries' have; nothing of those is imported."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from jupyter_ext.clusters.live import leftovers
from jupyter_ext.clusters.models import ClusterConfig, Daemon, Endpoints
from tests.profiles import profile

PROFILE = profile(
    config=ClusterConfig(livy="http://livy.dev:8998"),
    endpoints=Endpoints(
        default_fs="hdfs://dev.example:9000",
        namenodes=[Daemon(url="http://dev.example:9870", rpc="dev.example:9000")],
    ),
)


def instance(name: str, **attributes: Any) -> Any:
    """An object whose class has a qualified name."""
    module, _, kind = name.rpartition(".")
    value = type(kind, (), {"__module__": module})()
    vars(value).update(attributes)
    return value


def spark_context(**attributes: Any) -> Any:
    return instance(
        "pyspark.context.SparkContext",
        **{"_jsc": object(), "appName": "etl", "master": "yarn"} | attributes,
    )


def found(namespace: dict[str, Any], **options: Any) -> list[str]:
    return [str(item) for item in leftovers(PROFILE, namespace, {}, **options)]


@pytest.fixture
def java(tmp_path: Path):
    """A child process that looks like Java from outside."""
    binary = tmp_path / "java"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", binary)
    environment = {**os.environ, "HADOOP_CONF_DIR": "/clusters/prod/conf"}
    with subprocess.Popen([binary, "60"], env=environment) as process:
        while not Path(f"/proc/{process.pid}/environ").read_bytes():
            assert process.poll() is None
        yield process
        process.kill()


def test_nothing_live_nothing_said():
    assert found({"x": 1, "df": [1, 2], "_oh": {}}) == []


def test_a_spark_session_is_named_with_its_variable():
    session = instance("pyspark.sql.session.SparkSession", sparkContext=spark_context())
    [line] = found({"spark": session})
    assert line.startswith("spark is a live Spark session (etl, master yarn)")
    assert "restart the kernel" in line


def test_a_stopped_spark_session_is_not():
    session = instance("pyspark.sql.session.SparkSession", sparkContext=spark_context(_jsc=None))
    assert found({"spark": session}) == []


def test_a_spark_context_that_no_variable_holds_is_found():
    module = ModuleType("pyspark")
    module.SparkContext = SimpleNamespace(_active_spark_context=spark_context())
    [line] = found({}, modules={"pyspark": module})
    assert line.startswith("SparkSession.getActiveSession() is a live Spark session")
    assert len(found({"sc": spark_context()}, modules={"pyspark": module})) == 1, "told once"


def test_spark_connect_says_where_it_is_connected():
    session = instance(
        "pyspark.sql.connect.session.SparkSession", client=SimpleNamespace(host="gw.example")
    )
    assert found({"spark": session}) == [
        "spark is a Spark Connect session to gw.example. Make a new one."
    ]


@pytest.mark.parametrize("name", ["pyarrow._hdfs.HadoopFileSystem", "hdfs_native.Client"])
def test_clients_that_keep_their_address_to_themselves(name):
    assert found({"client": instance(name)}) == [
        "client is an HDFS client that was made before and does not tell for which cluster. "
        "Make a new one."
    ]


@pytest.mark.parametrize(
    "name",
    [
        "fsspec.implementations.webhdfs.WebHDFS",
        "fsspec.implementations.arrow.HadoopFileSystem",
        "hdfs_native.fsspec.HdfsFileSystem",
    ],
)
def test_file_systems_are_compared_with_the_new_cluster(name):
    other = instance(name, storage_options={"host": "prod.example", "port": 9000})
    ours = instance(name, storage_options={"host": "dev.example", "port": 9000})
    assert found({"a": other, "b": ours}) == [
        "a is an HDFS file system to prod.example:9000 that was made before. Make a new one."
    ]


def test_our_own_client_says_its_cluster():
    def client(name: str) -> Any:
        connection = SimpleNamespace(profile=SimpleNamespace(name=name))
        return instance("jupyter_ext.hadoop.clients.Hadoop", connection=connection)

    assert found({"old": client("prod"), "new": client("dev")}) == [
        "old is a client of prod. Open a new one: Hadoop.here(current())"
    ]


def test_a_derived_class_is_recognised():
    base = type("HadoopFileSystem", (), {"__module__": "pyarrow._hdfs"})
    assert len(found({"fs": type("Mine", (base,), {})()})) == 1


def test_sparkmagic_sessions_elsewhere_are_named():
    def session(url: str) -> Any:
        return SimpleNamespace(endpoint=SimpleNamespace(url=url))

    manager = SimpleNamespace(
        sessions={"etl": session("http://livy.prod:8998"), "here": session("http://livy.dev:8998/")}
    )
    magics = {
        "RemoteSparkMagics": SimpleNamespace(
            spark_controller=SimpleNamespace(session_manager=manager)
        ),
        "OSMagics": object(),
    }
    assert [str(item) for item in leftovers(PROFILE, {}, magics)] == [
        "sparkmagic's session 'etl' runs on http://livy.prod:8998. "
        "Go on with it, or end it: %spark delete -s etl"
    ]


def test_a_java_child_with_another_configuration_is_named(java):
    [line] = found({})
    assert line.startswith(f"A Java process of this kernel (pid {java.pid}) has ")
    assert "HADOOP_CONF_DIR=/clusters/prod/conf" in line


def test_a_java_child_with_this_configuration_is_fine(java):
    there = PROFILE.model_copy(update={"conf_dir": "/clusters/prod/conf"})
    assert leftovers(there, {}, {}) == []


def test_a_java_child_with_the_configuration_of_a_login_is_fine(java, monkeypatch):
    monkeypatch.setenv("HADOOP_CONF_DIR", "/clusters/prod/conf")
    assert found({}) == []


def test_spark_whose_java_has_this_configuration_is_fine(java):
    there = PROFILE.model_copy(update={"conf_dir": "/clusters/prod/conf"})
    context = spark_context(_gateway=SimpleNamespace(proc=java))
    assert leftovers(there, {"sc": context}, {}) == []
