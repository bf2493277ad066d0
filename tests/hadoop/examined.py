"""Clusters made up for the doctor, and what it finds."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from urllib.parse import unquote

from jupyter_ext.hadoop.doctor import examine
from tests import profiles
from tests.fakes.raw_server import always, reply
from tests.profiles import endpoints


def profile(resourcemanagers=(), namenodes=(), **fields):
    """A profile of daemons given as URLs; two of a kind are a pair."""
    where = endpoints(resourcemanagers, namenodes)
    values = {
        "title": "Test",
        "directory": "/profiles/test",
        "conf_dir": "/profiles/test/conf",
        "user": "alice",
        "endpoints": where,
    }
    return profiles.profile("test", **values | fields)


def info(state="ACTIVE"):
    """What a ResourceManager says of itself."""
    document = {"clusterInfo": {"haState": state, "state": "STARTED", "startedOn": 1}}
    return json.dumps(document).encode()


def resourcemanager(state="ACTIVE", **options):
    """A ResourceManager's wire form of that."""
    return always(reply(info(state), Content_Type="application/json;charset=utf-8", **options))


def namenode(state="active", safe_mode=""):
    """A NameNode that answers JMX queries."""

    async def script(head, writer):
        beans = {
            "NameNodeStatus": {"State": state},
            "NameNodeInfo": {"Safemode": safe_mode},
            "FSNamesystem": {"CapacityTotal": 1},
            "FSNamesystemState": {"FSState": "safeMode" if safe_mode else "Operational"},
        }
        query = unquote(head.split()[1]).partition(",name=")[2].partition("&")[0]
        found = [
            {"name": f"Hadoop:service=NameNode,name={name}"} | bean
            for name, bean in beans.items()
            if fnmatchcase(name, query)
        ]
        body = json.dumps({"beans": found}).encode()
        writer.write(reply(body, Content_Type="application/json; charset=utf8"))

    return script


async def checks(examined, **options):
    """Examine; gives the checks by name."""
    report = await examine(examined, **options)
    return {check.name: check for check in report.checks}
