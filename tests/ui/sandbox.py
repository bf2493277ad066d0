"""What the browser tests do with the real clusters: ``python -m tests.ui.sandbox ROOT VERB ...``.

Everything lives below ROOT. Whatever a verb gives is printed as JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests import hadoop_sandbox
from tests.hadoop_sandbox import RunningSandbox


def archive(sandbox: RunningSandbox, cluster: str, target: str) -> str:
    """Pack a cluster's configuration as its administrator would hand it out."""
    return shutil.make_archive(target, "gztar", sandbox.conf_dir(cluster).parent, "conf")


def submit(sandbox: RunningSandbox, cluster: str, name: str, queue: str) -> str:
    """Submit an application that runs for five minutes."""
    command = sandbox.application_master(cluster)
    return hadoop_sandbox.submit(
        sandbox.resourcemanager(cluster), name=name, queue=queue, command=command, memory_mb=256
    )


def main(root: str, verb: str, *arguments: str) -> None:
    """Run one verb."""
    sandbox = RunningSandbox.below(Path(root))
    verbs = {"archive": archive, "submit": submit}
    if verb in verbs:
        print(json.dumps(verbs[verb](sandbox, *arguments)))
    elif verb == "kill":
        sandbox.kill(*arguments)
    else:
        print(sandbox.run(verb, *arguments).stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
