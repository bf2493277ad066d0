"""Profiles over HTTP."""

from __future__ import annotations

import base64
import json
import os

import pytest
from tornado.httpclient import HTTPClientError

from tests.archives import tar
from tests.fakes.raw_server import always, closed_port, raw_server, reply
from tests.hadoop_xml import simple_conf, site


@pytest.fixture
def conf(tmp_path):
    return simple_conf(tmp_path / "conf")


@pytest.fixture
def call(jp_fetch):
    """Call the API; gives status and JSON, for failures too."""

    async def call(method, *path, body=None, params=None):
        sent = json.dumps(body) if body is not None else None
        try:
            response = await jp_fetch(
                "jupyter-ext",
                *path,
                method=method,
                body=sent,
                params=params or {},
                allow_nonstandard_methods=True,
            )
        except HTTPClientError as error:
            response = error.response
        return response.code, json.loads(response.body or b"null")

    return call


def directory_source(path):
    return {"kind": "directory", "path": str(path)}


def archive_source(data, filename="conf.tar.gz"):
    return {
        "kind": "archive",
        "filename": filename,
        "data": base64.b64encode(data).decode(),
    }


async def test_the_life_of_a_profile(call, conf):
    assert await call("GET", "clusters") == (200, [])
    body = {"name": "dev", "source": directory_source(conf), "config": {"title": "Development"}}
    status, added = await call("POST", "clusters", body=body)
    assert (status, added["name"], added["title"]) == (200, "dev", "Development")
    assert await call("GET", "clusters") == (200, [added])
    assert await call("GET", "clusters", "dev") == (200, added)
    config = added["config"] | {"production": True}
    status, edited = await call("PATCH", "clusters", "dev", body={"config": config})
    assert (status, edited["production"], edited["title"]) == (200, True, "Development")
    assert await call("DELETE", "clusters", "dev") == (204, None)
    assert await call("GET", "clusters") == (200, [])


async def test_adding_from_an_archive_that_was_dropped(call):
    body = {"name": "dev", "source": archive_source(tar())}
    status, added = await call("POST", "clusters", body=body)
    assert (status, added["problems"]) == (
        200,
        [
            {
                "severity": "warning",
                "file": "conf/core-site.xml",
                "key": "fs.defaultFS",
                "message": "Is not set; HDFS is shown for hdfs:// only.",
            },
            {
                "severity": "warning",
                "file": "conf/yarn-site.xml",
                "key": "yarn.resourcemanager.hostname",
                "message": added["problems"][1]["message"],
            },
        ],
    )


async def test_adding_from_a_url(call, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost")
    async with raw_server(always(reply(tar()))) as server:
        source = {"kind": "url", "url": server.url("/conf.tar.gz")}
        status, added = await call("POST", "clusters", body={"name": "dev", "source": source})
    assert (status, added["name"]) == (200, "dev")


@pytest.mark.parametrize(
    ("name", "source", "status", "code", "message"),
    [
        ("A b", "conf", 400, "invalid_input", "'A b' is no cluster name."),
        ("../x", "conf", 400, "invalid_input", "'../x' is no cluster name."),
        ("taken", "conf", 409, "conflict", "There is a cluster named taken already."),
        ("new", "nowhere", 400, "invalid_input", "cannot be read: No such file or directory."),
        ("new", "empty", 400, "invalid_input", "holds no Hadoop configuration."),
        ("new", "malformed", 400, "invalid_input", "core-site.xml: Is malformed in line 1"),
        ("new", archive_source(b"x"), 400, "invalid_input", "conf.tar.gz is no tar or zip"),
        ("new", archive_source(tar({"../x.xml": b""})), 400, "invalid_input", "leads out of"),
        ("new", archive_source(bytes(21 * 2**20)), 413, "too_large", "more than 20 MB"),
        ("new", {"kind": "url", "url": "ftp://x"}, 400, "invalid_input", "source.url.url: String"),
        ("new", {"kind": "url", "url": "{closed}"}, 504, "unreachable", "cannot be reached"),
        ("new", {"kind": "moon"}, 400, "invalid_input", "source: Input tag 'moon'"),
    ],
)
async def test_what_cannot_be_added(call, conf, tmp_path, name, source, status, code, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "malformed").mkdir()
    (tmp_path / "malformed/core-site.xml").write_text("<configuration>")
    await call("POST", "clusters", body={"name": "taken", "source": directory_source(conf)})
    if isinstance(source, str):
        source = directory_source(tmp_path / source)
    if source.get("url") == "{closed}":
        source = source | {"url": f"http://localhost:{closed_port()}/x.zip"}
    answer = await call("POST", "clusters", body={"name": name, "source": source})
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert message in answer[1]["message"]


async def test_editing_what_cannot_be(call, conf):
    await call("POST", "clusters", body={"name": "dev", "source": directory_source(conf)})
    status, answer = await call("PATCH", "clusters", "dve", body={"config": {}})
    assert (status, answer["hint"]) == (404, "Did you mean dev?")
    status, answer = await call("PATCH", "clusters", "dev", body={"config": {"titel": "x"}})
    assert (status, answer["message"]) == (400, "config.titel: Extra inputs are not permitted")
    status, answer = await call("DELETE", "clusters", "dve")
    assert (status, answer["cluster"]) == (404, "dve")


async def test_a_broken_profile_is_shown(call, conf, jp_config_dir):
    await call("POST", "clusters", body={"name": "dev", "source": directory_source(conf)})
    site(jp_config_dir / "clusters/dev/conf", "hdfs", {"dfs.nameservices": "a"})
    site(jp_config_dir / "clusters/dev/conf", "core", {"fs.defaultFS": "hdfs://b"})
    status, profile = await call("GET", "clusters", "dev")
    keys = {problem["key"] for problem in profile["problems"]}
    assert (status, keys) == (200, {"fs.defaultFS", "dfs.namenode.http-address.a"})


async def test_the_schema_of_cluster_toml(call):
    status, schema = await call("GET", "clusters-schema")
    assert status == 200
    assert schema["properties"]["production"]["type"] == "boolean"
    assert schema["additionalProperties"] is False


async def test_directories(call, conf, tmp_path):
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a file").write_text("")
    status, found = await call("GET", "directories", params={"path": str(tmp_path)})
    assert status == 200
    assert (found["path"], found["parent"]) == (str(tmp_path), str(tmp_path.parent))
    assert found["is_conf_dir"] is False
    expected = sorted(
        entry.name for entry in tmp_path.iterdir() if entry.is_dir() and entry.name != ".hidden"
    )
    assert found["directories"] == expected
    assert "conf" in expected
    _, found = await call("GET", "directories", params={"path": f"{tmp_path}/x/../conf"})
    assert (found["path"], found["is_conf_dir"]) == (str(conf), True)
    _, found = await call("GET", "directories")
    assert found["path"] == os.environ["HOME"]
    _, found = await call("GET", "directories", params={"path": "/"})
    assert found["parent"] is None


@pytest.mark.parametrize("path", ["/nowhere", "/etc/passwd", "~nobody-at-all/x", "a\0b"])
async def test_directories_that_are_none(call, path):
    status, answer = await call("GET", "directories", params={"path": path})
    assert (status, answer["code"]) == (400, "invalid_input")
    assert "cannot be listed" in answer["message"]


async def test_the_doctor(call, conf):
    await call("POST", "clusters", body={"name": "dev", "source": directory_source(conf)})
    status, report = await call("POST", "clusters", "dev", "doctor")
    assert (status, report["cluster"]) == (200, "dev")
    assert report["checks"][0]["name"] == "profile"
    status, answer = await call("POST", "clusters", "dve", "doctor")
    assert (status, answer["hint"]) == (404, "Did you mean dev?")
