"""What kernels' Java reads: a cluster's own configuration, and what reaches the other clusters."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_ext.clusters.models import Problem, Profile
from jupyter_ext.clusters.xml import Configuration
from jupyter_ext.credentials.directory import CredentialDirectory, Login
from jupyter_ext.credentials.hadoop_conf import FALLBACK
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.credentials.models import Identity
from jupyter_ext.files import replace
from tests import profiles
from tests.hadoop_xml import site

RPC, DATA = "hadoop.rpc.protection", "dfs.data.transfer.protection"
PAIR = {
    "dfs.nameservices": "far",
    "dfs.ha.namenodes.far": "nn1,nn2",
    "dfs.namenode.rpc-address.far.nn1": "${host}:8020",
    "dfs.namenode.rpc-address.far.nn2": "two.far:8020",
    "host": "one.far",
    "dfs.replication": "3",
}


class Clusters:
    """prod, where alice is logged in, and other clusters."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.others: list[Profile] = []
        self.credentials = root / "credentials"
        self.credentials.mkdir()

    def other(self, name: str, auth: str = "simple", **files: dict[str, str]) -> None:
        self.others.append(self._profile(name, auth, files))

    def prod(self, **files: dict[str, str]) -> Configuration:
        """Log in to prod; what its Java reads then."""
        self.profile = self._profile("prod", "kerberos", {"core": {}, **files})
        return self.written()

    def written(self) -> Configuration:
        identity = Identity(
            cluster="prod", needed=True, interactive=True, user="alice", principal="alice@PROD"
        )
        login = Login(self.profile, identity, None, {})
        CredentialDirectory(self.credentials).write([*self.others, self.profile], [login])
        return Configuration.read(self.credentials / "prod" / "conf")

    def _profile(self, name: str, auth: str, files: dict[str, dict[str, str]]) -> Profile:
        conf = self._root / name / "conf"
        for file, properties in files.items():
            site(conf, file, properties)
        return profiles.profile(name, auth=auth, conf_dir=str(conf), realm="PROD")


@pytest.fixture
def clusters(tmp_path) -> Clusters:
    return Clusters(tmp_path)


def test_a_cluster_without_kerberos_is_spoken_to_as_well(clusters):
    clusters.other("dev")
    assert clusters.prod(core={"fs.defaultFS": "hdfs://prod"}).get(FALLBACK) == "true"


def test_where_every_cluster_has_kerberos_none_may_do_without(clusters):
    clusters.other("far", "kerberos", core={})
    assert FALLBACK not in clusters.prod().properties


def test_an_administrator_who_forbids_it_is_obeyed(clusters):
    clusters.other("dev")
    assert clusters.prod(core={FALLBACK: "false"}).get(FALLBACK) == "false"


def test_what_is_final_stays(clusters):
    clusters.other("far", "kerberos", core={RPC: "integrity"}, hdfs={DATA: "integrity"})
    clusters.prod()
    value = f"<name>{RPC}</name><value>privacy</value><final>true</final>"
    own = f"<configuration><property>{value}</property></configuration>"
    Path(clusters.profile.conf_dir, "core-site.xml").write_text(own)
    conf = clusters.written()
    assert conf.get(RPC) == "privacy"
    assert conf.properties[RPC].final
    assert conf.problems == []


def test_each_clusters_protection_is_offered_its_own_first(clusters):
    clusters.other("far", "kerberos", core={RPC: "integrity,privacy"}, hdfs={DATA: "integrity"})
    clusters.other("near", "kerberos", core={})
    conf = clusters.prod(core={RPC: "privacy"})
    assert conf.list(RPC) == ["privacy", "integrity", "authentication"]
    assert conf.list(DATA) == ["integrity"]


def test_what_a_cluster_without_kerberos_says_of_protection_does_not_matter(clusters):
    clusters.other("dev", core={RPC: "authentication"})
    assert clusters.prod(core={RPC: "privacy"}).get(RPC) == "privacy"


def test_other_clusters_nameservices_are_known(clusters):
    clusters.other("far", hdfs=PAIR)
    conf = clusters.prod(hdfs={"dfs.nameservices": "own", "dfs.replication": "2"})
    assert conf.list("dfs.nameservices") == ["own", "far"]
    assert conf.list("dfs.ha.namenodes.far") == ["nn1", "nn2"]
    # far's variables mean nothing here.
    assert conf.get("dfs.namenode.rpc-address.far.nn1") == "one.far:8020"
    assert conf.get("dfs.replication") == "2"
    assert "host" not in conf.properties


def test_a_nameservice_of_the_same_name_stays_the_clusters_own(clusters):
    clusters.other("twin", hdfs=PAIR)
    own = {"dfs.nameservices": "far", "dfs.ha.namenodes.far": "a,b"}
    conf = clusters.prod(hdfs=own)
    assert {key: conf.get(key) for key in own} == own
    assert "dfs.namenode.rpc-address.far.nn1" not in conf.properties


def test_nothing_to_add_leaves_the_files_as_they_are(clusters, tmp_path):
    broken = profiles.profile("broken", problems=[Problem(severity="error", file="x", message="x")])
    clusters.others.append(broken)
    clusters.prod(core={"fs.defaultFS": "hdfs://prod"})
    path = Path("prod", "conf", "core-site.xml")
    assert (clusters.credentials / path).read_text() == (tmp_path / path).read_text()


def test_it_is_there_before_a_login_and_after_a_logout(clusters):
    clusters.other("dev")
    clusters.other("far", "kerberos", core={})
    assert clusters.prod().get(FALLBACK) == "true"
    CredentialDirectory(clusters.credentials).write([*clusters.others, clusters.profile], [])
    for name in ("dev", "far", "prod"):
        directory = clusters.credentials / name
        assert [path.name for path in directory.iterdir()] == ["conf"]
        fallback = Configuration.read(directory / "conf").get(FALLBACK)
        assert fallback == ("" if name == "dev" else "true")

    CredentialDirectory(clusters.credentials).write(clusters.others, [])
    assert not (clusters.credentials / "prod").exists()


def test_programs_are_pointed_there(clusters):
    conf = str(clusters.credentials / "prod" / "conf")
    clusters.prod()
    wanted = KernelCredentials(clusters.credentials).variables(clusters.profile, {})
    assert wanted["HADOOP_CONF_DIR"] == wanted["YARN_CONF_DIR"] == conf


def test_with_a_ticket_java_is_told_whose(clusters):
    clusters.prod()
    replace(clusters.credentials / "prod" / "krb5cc", b"ticket")
    wanted = KernelCredentials(clusters.credentials).variables(clusters.profile, {})
    assert wanted["KRB5PRINCIPAL"] == "alice@PROD"
    assert not {"SPARK_USER", "PYSPARK_SUBMIT_ARGS"} & wanted.keys()


def test_with_tokens_alone_spark_is_told_for_whom_it_works(clusters):
    clusters.prod()
    credentials = KernelCredentials(clusters.credentials)
    wanted = credentials.variables(clusters.profile, {})
    assert wanted["KRB5PRINCIPAL"] is None
    assert wanted["SPARK_USER"] == "alice"
    staging = "--conf=spark.yarn.stagingDir=/user/alice"
    assert wanted["PYSPARK_SUBMIT_ARGS"] == f"{staging} pyspark-shell"

    own = {"PYSPARK_SUBMIT_ARGS": f"{staging} --name 'my  job' pyspark-shell"}
    again = credentials.variables(clusters.profile, own)
    assert again["PYSPARK_SUBMIT_ARGS"] == own["PYSPARK_SUBMIT_ARGS"]
