"""Configurations from web servers, the failing ones included."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_ext.clusters import download, sources
from jupyter_ext.clusters.models import UrlSource
from jupyter_ext.errors import BadAnswer, InvalidInput, TooLarge, Unreachable, Untrusted
from tests.archives import SITES, tar, zipped
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import always, black_hole, closed_port, raw_server, reply


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    """This machine's proxy does not know this machine's test servers."""
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")


def opened(url):
    with sources.open_source(UrlSource(url=url)) as directory:
        return sorted(path.name for path in directory.iterdir())


async def refused(url, error, message):
    with pytest.raises(error, match=message) as caught:
        await asyncio.to_thread(opened, url)
    return caught.value


@pytest.mark.parametrize("data", [tar(), zipped()])
async def test_an_archive(data):
    async with raw_server(always(reply(data))) as server:
        assert await asyncio.to_thread(opened, server.url("/conf")) == SITES
        assert len(server.requests) == 1


async def test_a_directory():
    files = {"/conf/core-site.xml", "/conf/yarn-site.xml", "/conf/krb5.conf"}

    async def script(head, writer):
        found = head.split()[1] in files
        writer.write(reply(b"<configuration/>") if found else reply(status="404 Not Found"))

    async with raw_server(script) as server:
        names = await asyncio.to_thread(opened, server.url("/conf/"))
        assert names == ["core-site.xml", "krb5.conf", "yarn-site.xml"]
        error = await refused(server.url("/other/"), InvalidInput, "no Hadoop configuration")
        assert "Looked for core-site.xml" in error.hint


async def test_a_redirect_is_followed_a_few_times():
    async def script(head, writer):
        path = head.split()[1]
        if path == "/last":
            writer.write(reply(tar()))
        else:
            target = "/last" if path == "/first" else path
            writer.write(reply(status="302 Found", Location=target))

    async with raw_server(script) as server:
        assert await asyncio.to_thread(opened, server.url("/first")) == SITES
        await refused(server.url("/loop"), BadAnswer, r"/loop redirects more than 3 times")


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (reply(status="404 Not Found"), InvalidInput, r"is not there \(404 Not Found\)"),
        (reply(status="401 Unauthorized"), InvalidInput, r"wants a login \(401 Unauthorized\)"),
        (reply(status="403 Forbidden"), InvalidInput, r"wants a login \(403 Forbidden\)"),
        (reply(status="500 Oops"), BadAnswer, "answered 500 Oops"),
        (reply(b"<html>Log in</html>"), InvalidInput, "is a web page"),
        (reply(b"x" * 100)[:-50], BadAnswer, "broke off"),
        (b"", BadAnswer, "broke off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", BadAnswer, "broke off"),
        (reply().replace(b"Length: 0", b"Length: 99999999"), TooLarge, "larger than 20 MB"),
    ],
)
async def test_a_server_that_fails(answer, error, message):
    async with raw_server(always(answer)) as server:
        await refused(server.url("/conf.zip"), error, message)


async def test_an_answer_without_a_length_is_stopped_at_the_limit():
    sent = 0

    async def script(_, writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(1024):
            writer.write(bytes(2**20))
            await writer.drain()
            sent += 1

    async with raw_server(script) as server:
        await refused(server.url("/conf.zip"), TooLarge, "larger than 20 MB")
    assert sent < 40


async def test_nobody_there():
    url = f"http://localhost:{closed_port()}/conf.zip"
    await refused(url, Unreachable, "conf.zip cannot be reached")
    await refused("http://nowhere.invalid/conf.zip", Unreachable, "conf.zip cannot be reached")


async def test_a_server_that_says_nothing(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    async with black_hole() as server:
        await refused(server.url("/conf.zip"), Unreachable, "does not answer in time")


async def test_a_server_that_sends_drop_by_drop(monkeypatch):
    monkeypatch.setattr(download, "MAX_SECONDS", 0.2)

    async def script(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_server(script) as server:
        await refused(server.url("/conf.zip"), Unreachable, "sends too slowly")


async def test_a_certificate_that_nobody_signed(tmp_path):
    async with raw_server(always(reply(tar())), Authority(tmp_path).server()) as server:
        error = await refused(server.url("/conf.zip", "https"), Untrusted, "does not trust")
    assert "add it as a file" in error.hint


async def test_no_way_from_https_to_http(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    plain = reply(status="302 Found", Location="http://localhost:1/conf.zip")
    async with raw_server(always(plain), authority.server()) as server:
        url = server.url("/conf.zip", "https")
        await refused(url, BadAnswer, "redirects from https to plain http")


async def test_no_secret_of_a_url_shows_in_a_message():
    async with raw_server(always(reply(status="404 Not Found"))) as server:
        url = server.url("/conf.zip?token=hush").replace("http://", "http://me:secret@")
        error = await refused(url, InvalidInput, "is not there")
    assert "localhost" in error.message
    assert not {"hush", "secret"} & set(error.message.replace("=", " ").replace(":", " ").split())
    assert "secret" not in error.message


async def test_what_is_no_url():
    await refused("http://localhost:port/x", InvalidInput, "is no usable URL: Invalid port")
