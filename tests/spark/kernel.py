"""What programs do that run where a kernel would, with PySpark on their path."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyspark
from IPython.core.interactiveshell import InteractiveShell
from pyspark.sql import SparkSession

from jupyter_ext.clusters.profiles import ProfileStore

JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Starts faster."""
OPTIONS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": JAVA,
    "spark.driver.host": "localhost",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

ON_YARN = {
    "spark.yarn.jars": f"local:{Path(pyspark.__file__).parent}/jars/*",
    "spark.pyspark.python": sys.executable,
    "spark.executor.instances": "1",
    "spark.executor.memory": "512m",
    # A connection is authenticated once, so none may outlive its call.
    "spark.hadoop.ipc.client.connection.maxidletime": "0",
    # The rest saves seconds.
    "spark.executor.extraJavaOptions": JAVA,
    "spark.yarn.am.extraJavaOptions": JAVA,
    "spark.yarn.report.interval": "100ms",
    "spark.yarn.scheduler.heartbeat.interval-ms": "200",
    "spark.yarn.scheduler.initial-allocation.interval": "50ms",
}


class Kernel:
    """A kernel whose user has typed two lines."""

    def __init__(self) -> None:
        self.shell = InteractiveShell.instance()
        self.shell.run_line_magic("load_ext", "jupyter_ext")
        self.shell.run_line_magic("cluster", "use prod")

    def spark(self, master: str, options: Mapping[str, str]) -> SparkSession:
        """Start Spark."""
        builder = SparkSession.builder.master(master).appName("test")
        for key, value in {**OPTIONS, **options}.items():
            builder = builder.config(key, value)
        return builder.getOrCreate()

    def filesystem(self, cluster: str) -> str:
        """URI of a cluster's HDFS."""
        return ProfileStore.from_jupyter_paths().get(cluster).endpoints.default_fs


def last_line(spark: SparkSession, path: str) -> str:
    """Read a small file."""
    return spark.read.text(path).collect()[-1].value


def refusal(work: Callable[[], Any]) -> str:
    """Say why something does not work."""
    try:
        return f"It works: {work()}"
    except Exception as error:
        return str(error)


def answer(**said: Any) -> None:
    """Tell the test."""
    print("ANSWER", json.dumps(said))
