"""What the browser tests do with the real clusters: ``python -m tests.ui.sandbox ROOT VERB ...``.

Everything lives below ROOT. Whatever a verb gives is printed as JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import hadoop_sandbox
from tests.hadoop_sandbox import Login, RunningSandbox


def archive(sandbox: RunningSandbox, cluster: str, target: str) -> str:
    """Pack a cluster's configuration as its administrator would hand it out."""
    return shutil.make_archive(target, "gztar", sandbox.conf_dir(cluster).parent, "conf")


def submit(sandbox: RunningSandbox, cluster: str, name: str, queue: str) -> str:
    """Submit an application that runs for five minutes."""
    command = sandbox.application_master(cluster)
    return hadoop_sandbox.submit(
        sandbox.resourcemanager(cluster), name=name, queue=queue, command=command, memory_mb=256
    )


def kill_app(sandbox: RunningSandbox, cluster: str, app: str) -> None:
    """End an application, if it has not ended by itself."""
    hadoop_sandbox.kill_app(sandbox.resourcemanager(cluster), app)


def submit_as(sandbox: RunningSandbox, user: str, cluster: str, name: str) -> str:
    """Submit an application to a secure cluster, where it waits until it is killed."""
    rm = f"{sandbox.resourcemanager(cluster)}/ws/v1/cluster/apps"
    with TemporaryDirectory() as folder:
        login = Login(sandbox, user, Path(folder), cluster=cluster)
        app: str = login.rest("POST", f"{rm}/new-application")[1]["application-id"]
        submission = {
            "application-id": app,
            "application-name": name,
            "resource": {"memory": 128, "vCores": 1},
            "am-container-spec": {"commands": {"command": "sleep 300"}},
        }
        status, answer = login.rest("POST", rm, submission)
        assert status == 202, answer
    return app


def kill_app_as(sandbox: RunningSandbox, user: str, cluster: str, app: str) -> None:
    """End an application of a secure cluster."""
    url = f"{sandbox.resourcemanager(cluster)}/ws/v1/cluster/apps/{app}/state"
    with TemporaryDirectory() as folder:
        login = Login(sandbox, user, Path(folder), cluster=cluster)
        status, answer = login.rest("PUT", url, {"state": "KILLED"})
    assert status in (200, 202), answer


def reset(sandbox: RunningSandbox, user: str) -> None:
    """Give a user of prod the password and the condition that the sandbox's page tells."""
    sandbox.reset(user)


def main(root: str, verb: str, *arguments: str) -> None:
    """Run one verb."""
    sandbox = RunningSandbox.below(Path(root))
    verbs = {
        "archive": archive,
        "submit": submit,
        "kill-app": kill_app,
        "submit-as": submit_as,
        "kill-app-as": kill_app_as,
        "reset": reset,
    }
    if verb in verbs:
        print(json.dumps(verbs[verb](sandbox, *arguments)))
    elif verb == "kill":
        sandbox.kill(*arguments)
    else:
        print(sandbox.run(verb, *arguments).stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
