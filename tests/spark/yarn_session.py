"""Counts and reads on executors, before and after the tokens were replaced.

python -m tests.spark.yarn_session LATER    file of the tokens that replace the first ones
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from jupyter_ext.credentials.java import JavaTokens
from jupyter_ext.hadoop.native import hdfs
from tests.spark.kernel import ON_YARN, Kernel, answer, last_line, refusal

kernel = Kernel()
prod = kernel.filesystem("prod")
spark = kernel.spark("yarn", ON_YARN)
context = spark.sparkContext
java = context._gateway.jvm


def read(user: str) -> str:
    """Read a file that only this user may read."""
    return last_line(spark, f"{prod}/data/{user}-only.csv")


def cancel() -> None:
    """Make the HDFS token worthless that Java has."""
    held = java.org.apache.hadoop.security.UserGroupInformation.getCurrentUser().getTokens()
    tokens = held.iterator()
    while (token := tokens.next()).getKind().toString() != "HDFS_DELEGATION_TOKEN":
        pass
    token.cancel(context._jsc.hadoopConfiguration())


def replace_tokens() -> None:
    """Do what the server does, and what this kernel does when it sees that."""
    path = Path(os.environ["HADOOP_TOKEN_FILE_LOCATION"])
    shutil.copy(sys.argv[1], path.with_name("new"))
    path.with_name("new").rename(path)
    JavaTokens(path).give()


said = {
    "ticket": kernel.shell.getoutput("klist -s && echo yes || echo no").l,
    "counted": spark.range(1000).count(),
    "digits": context.range(1000).map(lambda number: number % 10).distinct().count(),
    "executors": len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1,
    "own": read("alice"),
    "other": refusal(lambda: read("bob")),
    "user": context.sparkUser(),
    "app": context.applicationId,
}
cancel()
said["cancelled"] = refusal(lambda: read("alice"))
replace_tokens()
said["renewed"] = read("alice")
spark.stop()
hdfs("prod").delete("/user/alice/.sparkStaging", True)
answer(**said)
