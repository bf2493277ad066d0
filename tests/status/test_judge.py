"""From findings to a state, a reason and a hint."""

import pytest

from jupyter_ext.clusters.models import Problem
from jupyter_ext.hadoop.models import ClusterMetrics, HdfsMetrics, Node, NodeCounts, Resources
from jupyter_ext.status.judge import Findings, judge
from jupyter_ext.status.models import DaemonState, SectionFailure
from tests import profiles
from tests.profiles import endpoints

RM = "http://rm:8088"
NN = "http://nn:9870"


def profile(*, yarn=True, hdfs=True, problems=()):
    where = endpoints([RM] if yarn else [], [NN] if hdfs else [])
    return profiles.profile(
        title="Dev", directory="/etc/clusters/dev", endpoints=where, problems=list(problems)
    )


def daemon(name, state, url=RM):
    return DaemonState(id=name, url=url, ha_state=state)


def metrics(active=2, **counts):
    return ClusterMetrics(
        total=Resources(memory_mb=8192, vcores=16),
        nodes=NodeCounts(total=active + sum(counts.values()), active=active, **counts),
    )


def node(host, state, report=""):
    return Node(id=f"{host}:8041", host=host, state=state, health_report=report)


def fine(**changes):
    values = {
        "resourcemanagers": [daemon("", "ACTIVE")],
        "metrics": metrics(),
        "namenodes": [daemon("", "ACTIVE", NN)],
        "hdfs": HdfsMetrics(live_datanodes=2),
        "failures": {},
    }
    return Findings(**values | changes)


def failure(code, message="It broke.", hint="Mend it."):
    return SectionFailure(code=code, message=message, hint=hint)


SILENT = failure("unreachable", "The ResourceManager at http://rm:8088 does not answer.")
SILENT_HDFS = failure("unreachable", "The NameNode at http://nn:9870 does not answer.")
NO_ACTIVE = failure("no_active", "No ResourceManager is active.")
LOGIN = failure("login_needed", "Dev wants to know who you are.", "Log in.")

CASES = {
    "everything works": (fine(), "up", ""),
    "nothing asked yet": (Findings(), "connecting", ""),
    "HDFS answered first": (fine(metrics=None, resourcemanagers=[]), "connecting", ""),
    "one NodeManager lost": (
        fine(metrics=metrics(1, lost=1)),
        "degraded",
        "1 of 2 NodeManagers lost.",
    ),
    "one NodeManager lost, and its name": (
        fine(
            metrics=metrics(1, lost=1),
            nodes=[node("worker1", "RUNNING"), node("worker2", "LOST")],
        ),
        "degraded",
        "1 of 2 NodeManagers lost (worker2).",
    ),
    "it came back on another port": (
        fine(
            metrics=metrics(2, lost=1),
            nodes=[
                node("worker1", "RUNNING"),
                node("worker2", "RUNNING"),
                node("worker2", "LOST"),
            ],
        ),
        "up",
        "",
    ),
    "five lost": (
        fine(metrics=metrics(1, lost=5), nodes=[node(f"w{n}", "LOST") for n in range(5)]),
        "degraded",
        "5 of 6 NodeManagers lost (w0, w1, w2, …).",
    ),
    "a sick NodeManager": (
        fine(
            metrics=metrics(1, unhealthy=1),
            nodes=[node("worker2", "UNHEALTHY", "1/1 local-dirs are bad: /disk")],
        ),
        "degraded",
        "1 of 2 NodeManagers unhealthy (worker2).",
    ),
    "the last NodeManager lost": (
        fine(metrics=metrics(0, lost=1)),
        "degraded",
        "The only NodeManager is lost.",
    ),
    "the last NodeManager sick": (
        fine(metrics=metrics(0, unhealthy=1)),
        "degraded",
        "The only NodeManager is unhealthy.",
    ),
    "every NodeManager gone": (
        fine(metrics=metrics(0, lost=2, unhealthy=1)),
        "degraded",
        "None of the 3 NodeManagers is active.",
    ),
    "no NodeManager yet": (fine(metrics=metrics(0)), "degraded", "No NodeManager is registered."),
    "a decommissioned node is nobody's fault": (
        fine(metrics=metrics(1, decommissioned=1)),
        "up",
        "",
    ),
    "the standby ResourceManager is gone": (
        fine(resourcemanagers=[daemon("rm1", "ACTIVE"), daemon("rm2", "UNKNOWN")]),
        "degraded",
        "ResourceManager rm2 does not answer.",
    ),
    "a healthy pair": (
        fine(resourcemanagers=[daemon("rm1", "STANDBY"), daemon("rm2", "ACTIVE")]),
        "up",
        "",
    ),
    "two active ones": (
        fine(resourcemanagers=[daemon("rm1", "ACTIVE"), daemon("rm2", "ACTIVE")]),
        "degraded",
        "2 ResourceManagers claim to be the active one (rm1, rm2).",
    ),
    "the standby NameNode is gone": (
        fine(namenodes=[daemon("nn1", "ACTIVE", NN), daemon("nn2", "UNKNOWN", NN)]),
        "degraded",
        "NameNode nn2 does not answer.",
    ),
    "safe mode": (
        fine(
            hdfs=HdfsMetrics(
                live_datanodes=1,
                safe_mode="The reported blocks 0 needs additional 3 blocks to reach the threshold "
                "0.9990 of total blocks 3.",
            )
        ),
        "degraded",
        "HDFS is in safe mode: The reported blocks 0 needs additional 3 blocks to reach the "
        "threshold 0.9990 of total blocks 3.",
    ),
    "blocks missing and corrupt": (
        fine(hdfs=HdfsMetrics(live_datanodes=2, missing_blocks=1, corrupt_blocks=3)),
        "degraded",
        "1 HDFS block missing; 3 HDFS blocks with a corrupt copy.",
    ),
    "a dead DataNode": (
        fine(hdfs=HdfsMetrics(live_datanodes=2, dead_datanodes=1)),
        "degraded",
        "1 of 3 DataNodes dead.",
    ),
    "no live DataNode": (
        fine(hdfs=HdfsMetrics(dead_datanodes=1)),
        "degraded",
        "No DataNode is live.",
    ),
    "HDFS down, YARN up": (
        fine(failures={"hdfs": SILENT_HDFS}),
        "degraded",
        "HDFS does not work: The NameNode at http://nn:9870 does not answer.",
    ),
    "one section fails": (
        fine(failures={"scheduler": failure("bad_answer", "It sent HTML.")}),
        "degraded",
        "The queues are not known: It sent HTML.",
    ),
    "more trouble than a card has room for": (
        fine(
            metrics=metrics(1, lost=1, unhealthy=1),
            hdfs=HdfsMetrics(live_datanodes=1, dead_datanodes=1, missing_blocks=2),
        ),
        "degraded",
        "1 of 3 NodeManagers lost; 1 of 3 NodeManagers unhealthy; 1 of 2 DataNodes dead; 1 more.",
    ),
    "nothing answers": (
        fine(failures={"info": SILENT, "metrics": SILENT, "hdfs": SILENT_HDFS}),
        "unreachable",
        SILENT.message,
    ),
    "a certificate that proves nothing": (
        fine(failures=dict.fromkeys(["info", "metrics", "hdfs"], failure("untrusted"))),
        "unreachable",
        "It broke.",
    ),
    "YARN gone, HDFS answers": (
        fine(failures={"info": SILENT, "metrics": SILENT}),
        "down",
        f"YARN does not work: {SILENT.message}",
    ),
    "nobody active, though both answer": (
        fine(
            resourcemanagers=[daemon("rm1", "STANDBY"), daemon("rm2", "STANDBY")],
            failures={"metrics": NO_ACTIVE},
        ),
        "down",
        f"YARN does not work: {NO_ACTIVE.message}",
    ),
    "the ResourceManager fails, and HDFS is gone": (
        fine(failures={"metrics": failure("bad_answer", "HTTP 500."), "hdfs": SILENT_HDFS}),
        "down",
        f"YARN does not work: HTTP 500. HDFS neither: {SILENT_HDFS.message}",
    ),
    "refused": (
        fine(failures=dict.fromkeys(["info", "metrics", "hdfs"], failure("forbidden"))),
        "down",
        "YARN does not work: It broke. HDFS neither: It broke.",
    ),
    "a login is wanted": (
        fine(failures=dict.fromkeys(["info", "metrics", "hdfs"], LOGIN)),
        "login_needed",
        LOGIN.message,
    ),
    "the profile's CA file is gone": (
        fine(failures=dict.fromkeys(["info", "metrics", "hdfs"], failure("misconfigured"))),
        "misconfigured",
        "It broke.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_state_and_reason(case):
    findings, state, reason = CASES[case]
    judgement = judge(profile(), findings)
    assert (judgement.state, judgement.reason) == (state, reason)
    assert bool(judgement.hint) == (state not in ("up", "connecting"))


def test_a_cluster_without_yarn_is_judged_by_its_hdfs():
    assert judge(profile(yarn=False), fine(metrics=None, resourcemanagers=[])).state == "up"
    gone = Findings(failures={"hdfs": SILENT_HDFS})
    judgement = judge(profile(yarn=False), gone)
    assert (judgement.state, judgement.reason) == ("unreachable", SILENT_HDFS.message)


def test_a_cluster_without_hdfs_does_not_miss_it():
    findings = fine(namenodes=[], hdfs=None, failures={"hdfs": SILENT_HDFS})
    assert judge(profile(hdfs=False), findings).state == "up"


def test_a_profile_that_names_no_daemon():
    judgement = judge(profile(yarn=False, hdfs=False), Findings())
    assert judgement.state == "misconfigured"
    assert "neither a ResourceManager nor a NameNode" in judgement.reason


def test_a_broken_profile_says_file_and_key():
    problems = [
        Problem(severity="warning", file="core-site.xml", message="harmless"),
        Problem(severity="error", file="hdfs-site.xml", key="dfs.nameservices", message="unknown"),
        Problem(severity="error", file="cluster.toml", message="not TOML"),
    ]
    judgement = judge(profile(problems=problems), fine())
    assert judgement.state == "misconfigured"
    assert judgement.reason == "hdfs-site.xml, dfs.nameservices: unknown (1 more)"
    assert "/etc/clusters/dev" in judgement.hint


def test_the_hint_belongs_to_the_first_reason():
    findings = fine(
        metrics=metrics(1, unhealthy=1),
        nodes=[node("worker2", "UNHEALTHY", "1/1 local-dirs are bad: /disk")],
    )
    assert judge(profile(), findings).hint == "worker2 says: 1/1 local-dirs are bad: /disk"
