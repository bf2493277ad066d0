"""Reads two clusters and writes to one of them, in local mode."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_ext.credentials.java import JavaTokens
from jupyter_ext.hadoop.native import hdfs
from tests.spark.kernel import Kernel, answer, last_line, refusal

COPY = "/user/alice/spark-copy"

kernel = Kernel()
dev, prod = kernel.filesystem("dev"), kernel.filesystem("prod")
spark = kernel.spark("local[1]", {})

bikes = spark.read.csv(f"{dev}/data/bikes", header=True)
bikes.write.csv(prod + COPY, header=True)
written = spark.read.csv(prod + COPY, header=True).count()
hdfs("prod").delete(COPY, True)

answer(
    dev=dev,
    took_tokens=JavaTokens(Path(os.environ["HADOOP_TOKEN_FILE_LOCATION"])).give(),
    bikes=bikes.count(),
    written=written,
    own=[last_line(spark, f"{cluster}/data/alice-only.csv") for cluster in (dev, prod)],
    others=[
        refusal(lambda path=f"{cluster}/data/bob-only.csv": last_line(spark, path))
        for cluster in (dev, prod)
    ],
)
spark.stop()
