"""Another version of Hadoop, by the same code."""

from __future__ import annotations

from tests.hadoop_sandbox import rest


def test_hadoop_3_3_6(own):
    own.run("up", "--only", "dev", "--hadoop", "3.3.6")
    status = own.status()
    assert status.state == "running"
    assert status.clusters[0].hadoop == "3.3.6"
    info = rest("GET", f"{own.resourcemanager('dev')}/ws/v1/cluster/info")["clusterInfo"]
    assert info["resourceManagerVersion"] == "3.3.6"
    rm = f"{own.resourcemanager('dev')}/ws/v1/cluster/metrics"
    assert rest("GET", rm)["clusterMetrics"]["activeNodes"] == 1
    nn = f"{own.namenode('dev')}/webhdfs/v1/data/bikes?op=LISTSTATUS&user.name=alice"
    assert len(rest("GET", nn)["FileStatuses"]["FileStatus"]) == 3


def test_a_version_that_does_not_exist(own):
    failed = own.run("up", "--only", "stage", "--hadoop", "3.3.99", check=False)
    assert failed.returncode == 1
    assert "Hadoop 3.3.99 could not be fetched from Maven Central: " in failed.stderr
    assert "is the version right" in failed.stderr


def test_no_version_at_all(own):
    failed = own.run("up", "--only", "stage", "--hadoop", "latest", check=False)
    assert failed.returncode == 1
    assert "'latest' is no version of Apache Hadoop" in failed.stderr
