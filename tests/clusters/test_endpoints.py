"""Where the daemons are, from what Hadoop's files say."""

from __future__ import annotations

import re

import pytest

from jupyter_ext.clusters.endpoints import discover, split_address
from jupyter_ext.clusters.xml import Configuration
from tests.hadoop_xml import site

RM = "yarn.resourcemanager"
RM_HA = {
    f"{RM}.ha.enabled": "true",
    f"{RM}.ha.rm-ids": "rm1, rm2",
    f"{RM}.hostname.rm1": "one.example",
    f"{RM}.webapp.address.rm2": "two.example:18088",
    f"{RM}.webapp.https.address.rm1": "one.example:18090",
    f"{RM}.address.rm2": "two.example:18032",
}
NN_HA = {
    "dfs.nameservices": "west,east",
    "dfs.ha.namenodes.east": "nn1,nn2",
    "dfs.namenode.rpc-address.east.nn1": "one.example:18020",
    "dfs.namenode.http-address.east.nn1": "0.0.0.0:19870",
    "dfs.namenode.http-address.east.nn2": "two.example:19870",
    "dfs.namenode.https-address.east.nn2": "two.example:19871",
    "dfs.namenode.rpc-address.west": "west.example:8020",
}


@pytest.fixture
def found(tmp_path):
    """Discover from properties of the three files."""

    def found(core=None, yarn=None, hdfs=None):
        for name, properties in (("core", core), ("hdfs", hdfs), ("yarn", yarn)):
            if properties is not None:
                site(tmp_path, name, properties)
        return discover(Configuration.read(tmp_path))

    return found


def resourcemanagers(discovery):
    return [(daemon.id, daemon.url, daemon.rpc) for daemon in discovery.endpoints.resourcemanagers]


def namenodes(discovery):
    return [(d.nameservice, d.id, d.url, d.rpc) for d in discovery.endpoints.namenodes]


def problems(discovery):
    return [(p.severity, p.file, p.key) for p in discovery.problems]


def test_resourcemanagers_of_a_pair(found):
    discovery = found(core={"fs.defaultFS": "hdfs://nn:8020"}, yarn=RM_HA)
    assert resourcemanagers(discovery) == [
        ("rm1", "http://one.example:8088", "one.example:8032"),
        ("rm2", "http://two.example:18088", "two.example:18032"),
    ]
    assert problems(discovery) == []


def test_resourcemanagers_of_a_pair_over_https(found):
    discovery = found(core={}, yarn=RM_HA | {"yarn.http.policy": "HTTPS_ONLY"})
    assert [url for _, url, _ in resourcemanagers(discovery)] == [
        "https://one.example:18090",
        "https://two.example:8090",
    ]


def test_ids_count_only_when_high_availability_is_on(found):
    discovery = found(
        core={"fs.defaultFS": "hdfs://nn:8020"},
        yarn=RM_HA | {f"{RM}.ha.enabled": "false", f"{RM}.hostname": "rm.example"},
    )
    assert resourcemanagers(discovery) == [("", "http://rm.example:8088", "rm.example:8032")]
    assert problems(discovery) == [("warning", "conf/yarn-site.xml", f"{RM}.ha.rm-ids")]


def test_a_pair_without_ids_or_without_a_host_is_an_error(found):
    discovery = found(core={"fs.defaultFS": "hdfs://nn:8020"}, yarn={f"{RM}.ha.enabled": "true"})
    assert problems(discovery) == [("error", "conf/yarn-site.xml", f"{RM}.ha.rm-ids")]
    assert "for example rm1,rm2" in discovery.problems[0].message

    discovery = found(yarn={f"{RM}.ha.enabled": "true", f"{RM}.ha.rm-ids": "rm1"})
    assert problems(discovery) == [("error", "conf/yarn-site.xml", f"{RM}.hostname.rm1")]


@pytest.mark.parametrize(
    ("yarn", "expected"),
    [
        (
            {f"{RM}.hostname": "rm.example"},
            ("", "http://rm.example:8088", "rm.example:8032"),
        ),
        (
            {f"{RM}.hostname": "rm.example", f"{RM}.webapp.address": "0.0.0.0:18088"},
            ("", "http://rm.example:18088", "rm.example:8032"),
        ),
        (
            {f"{RM}.hostname": "rm.example", f"{RM}.webapp.address": "${" + RM + ".hostname}:1"},
            ("", "http://rm.example:1", "rm.example:8032"),
        ),
        (
            {f"{RM}.address": "rm.example:18032"},
            ("", "http://rm.example:8088", "rm.example:18032"),
        ),
        (
            {f"{RM}.webapp.address": "proxy.example:80", f"{RM}.hostname": "rm.example"},
            ("", "http://proxy.example:80", "rm.example:8032"),
        ),
        (
            {f"{RM}.webapp.address": "[fe80::1]:8088"},
            ("", "http://[fe80::1]:8088", "[fe80::1]:8032"),
        ),
    ],
)
def test_a_single_resourcemanager(found, yarn, expected):
    assert resourcemanagers(found(core={}, yarn=yarn)) == [expected]


def test_a_bind_address_that_leads_nowhere_is_a_warning(found):
    discovery = found(
        core={"fs.defaultFS": "hdfs://nn.example:8020"}, yarn={f"{RM}.webapp.address": "0.0.0.0:1"}
    )
    assert resourcemanagers(discovery) == []
    assert problems(discovery) == [("warning", "conf/yarn-site.xml", f"{RM}.hostname")]


def test_everything_on_one_machine_needs_no_resourcemanager_host(found):
    discovery = found(core={"fs.defaultFS": "hdfs://localhost:9000"}, yarn={})
    assert resourcemanagers(discovery) == [("", "http://localhost:8088", "localhost:8032")]
    assert problems(discovery) == []


def test_namenodes_of_a_federation_the_default_one_first(found):
    discovery = found(
        core={"fs.defaultFS": "hdfs://east/"}, hdfs=NN_HA, yarn={f"{RM}.hostname": "r"}
    )
    assert discovery.endpoints.default_fs == "hdfs://east"
    assert namenodes(discovery) == [
        ("east", "nn1", "http://one.example:19870", "one.example:18020"),
        ("east", "nn2", "http://two.example:19870", "two.example:8020"),
        ("west", "", "http://west.example:9870", "west.example:8020"),
    ]
    assert problems(discovery) == []


def test_namenodes_over_https(found):
    discovery = found(
        core={"fs.defaultFS": "hdfs://east"}, hdfs=NN_HA | {"dfs.http.policy": "HTTPS_ONLY"}
    )
    assert [url for _, _, url, _ in namenodes(discovery)] == [
        "https://one.example:9871",
        "https://two.example:19871",
        "https://west.example:9871",
    ]


def test_other_clusters_nameservices_are_left_out(found):
    hdfs = NN_HA | {"dfs.internal.nameservices": "east"}
    discovery = found(core={"fs.defaultFS": "hdfs://east"}, hdfs=hdfs)
    assert {nameservice for nameservice, *_ in namenodes(discovery)} == {"east"}


@pytest.mark.parametrize(
    ("core", "hdfs", "expected"),
    [
        ({"fs.defaultFS": "hdfs://nn.example"}, {}, ("http://nn.example:9870", "nn.example:8020")),
        (
            {"fs.default.name": "hdfs://nn.example:9000"},
            {"dfs.http.address": "0.0.0.0:50070"},
            ("http://nn.example:50070", "nn.example:9000"),
        ),
        (
            {"fs.defaultFS": "hdfs://nn.example:9000"},
            {"dfs.http.policy": "HTTP_AND_HTTPS", "dfs.namenode.http-address": "web.example:80"},
            ("http://web.example:80", "nn.example:9000"),
        ),
        (
            {"fs.defaultFS": "hdfs://nn.example:9000"},
            {"dfs.http.policy": "HTTPS_ONLY", "dfs.namenode.https-address": ":444"},
            ("https://nn.example:444", "nn.example:9000"),
        ),
    ],
)
def test_a_single_namenode(found, core, hdfs, expected):
    assert namenodes(found(core=core, hdfs=hdfs)) == [("", "", *expected)]


def test_a_default_file_system_on_an_unknown_nameservice_is_an_error(found):
    discovery = found(
        core={"fs.defaultFS": "hdfs://eats"}, hdfs=NN_HA, yarn={f"{RM}.hostname": "r"}
    )
    assert problems(discovery) == [("error", "conf/core-site.xml", "fs.defaultFS")]
    message = discovery.problems[0].message
    assert "nameservice eats" in message
    assert "dfs.nameservices (west, east)" in message


def test_a_key_of_an_unknown_nameservice_is_a_warning(found):
    discovery = found(
        core={"fs.defaultFS": "hdfs://nn:8020"},
        hdfs={"dfs.ha.namenodes.eats": "nn1"},
        yarn={f"{RM}.hostname": "r"},
    )
    assert problems(discovery) == [("warning", "conf/hdfs-site.xml", "dfs.ha.namenodes.eats")]
    assert "dfs.nameservices (not set) does not list" in discovery.problems[0].message


def test_a_namenode_without_an_address_is_an_error(found):
    hdfs = {key: NN_HA[key] for key in NN_HA if not key.endswith(".nn2")}
    discovery = found(core={"fs.defaultFS": "hdfs://east"}, hdfs=hdfs, yarn={f"{RM}.hostname": "r"})
    key = "dfs.namenode.http-address.east.nn2"
    assert problems(discovery) == [("error", "conf/hdfs-site.xml", key)]
    assert "expected host:port" in discovery.problems[0].message
    assert [id for _, id, *_ in namenodes(discovery)] == ["nn1", ""]


@pytest.mark.parametrize("default_fs", ["viewfs://mounts", "s3a://bucket", "file:///", ""])
def test_other_file_systems_show_no_hdfs_and_say_so(found, default_fs):
    discovery = found(core={"fs.defaultFS": default_fs}, yarn={f"{RM}.hostname": "r"}, hdfs={})
    assert namenodes(discovery) == []
    assert problems(discovery) == [("warning", "conf/core-site.xml", "fs.defaultFS")]
    assert "HDFS is shown for hdfs:// only" in discovery.problems[0].message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fs.defaultFS", "hdfs://nn:port"),
        ("fs.defaultFS", "hdfs://[nn"),
        ("yarn.http.policy", "HTTP"),
        ("hadoop.security.authentication", "basic"),
        (f"{RM}.webapp.address", "http://rm:8088"),
        (f"{RM}.webapp.address", "rm:70000"),
    ],
)
def test_a_value_of_the_wrong_form_is_an_error(found, key, value):
    properties = {"fs.defaultFS": "hdfs://nn:8020", f"{RM}.hostname": "r"}
    discovery = found(core=properties | {key: value}, yarn={}, hdfs={})
    assert problems(discovery) == [("error", "conf/core-site.xml", key)]
    assert "; expected " in discovery.problems[0].message


def test_missing_files_are_warnings(found):
    assert [(p.severity, p.file) for p in found(hdfs={}).problems] == [
        ("warning", "conf/core-site.xml"),
        ("warning", "conf/yarn-site.xml"),
    ]


def test_identity(found):
    discovery = found(
        core={"hadoop.security.authentication": "Kerberos"},
        hdfs={"dfs.namenode.kerberos.principal": "nn/_HOST@EXAMPLE.COM"},
        yarn={f"{RM}.principal": "rm/_HOST@${env.REALM}"},
    )
    assert (discovery.auth, discovery.realm) == ("kerberos", "EXAMPLE.COM")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("h", ("h", 7)), ("h:1", ("h", 1)), (":1", ("", 1)), ("[::1]:2", ("[::1]", 2)), ("", ("", 7))],
)
def test_addresses(value, expected):
    assert split_address(value, 7) == expected


@pytest.mark.parametrize("value", ["a b", "h:", "h:x", "h:99999", "u@h:1", "::1", "http://h"])
def test_what_is_no_address(value):
    with pytest.raises(ValueError, match=re.escape(value)):
        split_address(value, 7)
