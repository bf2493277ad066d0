"""Spark in a kernel: HDFS of two clusters in one session, with nothing set by hand."""

from __future__ import annotations

import pytest


@pytest.mark.timeout(700)  # PySpark may have to be fetched
def test_one_session_reads_both_clusters_and_is_alice_on_each(alice):
    said = alice.run("local_session", alice.login())
    assert said["dev"] == "hdfs://development"
    assert said["own"] == ["for alice's eyes only"] * 2
    assert said["took_tokens"]
    assert said["written"] == said["bikes"] > 1000
    for refused in said["others"]:
        assert "Permission denied: user=alice, access=READ" in refused
