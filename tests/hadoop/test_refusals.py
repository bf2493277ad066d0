"""What the user reads when a daemon refuses, talks nonsense or is silent."""

from __future__ import annotations

import pytest

from jupyter_ext.errors import (
    BadAnswer,
    Conflict,
    Forbidden,
    InvalidInput,
    LoginNeeded,
    NoActive,
    NotFound,
    TooLarge,
    Unavailable,
    Unreachable,
    Untrusted,
)
from jupyter_ext.hadoop import connection as connections
from jupyter_ext.hadoop.clients import Hadoop
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import always, black_hole, closed_port, raw_server, reply, silence
from tests.hadoop.daemons import (
    METRICS,
    NOBODY_ACTIVE,
    STANDBY,
    as_json,
    profile,
    remote_exception,
)


async def refusal(answer: bytes, kind: type[Exception], **changes):
    """Ask a ResourceManager that answers so for its metrics; give the error and the requests."""
    async with raw_server(always(answer)) as server:
        async with Hadoop.open(profile([server.url()], **changes)) as hadoop:
            with pytest.raises(kind) as caught:
                await hadoop.resourcemanager.metrics()
    return caught.value, server


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            reply(b"<html>Log in</html>", Content_Type="text/html"),
            BadAnswer,
            "an HTML page instead of JSON",
        ),
        (reply(b"hello", Content_Type="text/plain"), BadAnswer, "plain text instead of JSON"),
        (reply(b'{"a":', Content_Type="application/json"), BadAnswer, "begins like JSON"),
        (
            reply(b"<html>x</html>", "500 Server Error", Content_Type="text/html"),
            BadAnswer,
            "an error of its own (500)",
        ),
        (
            reply(b"", "302 Found", Location="https://knox.example/login"),
            BadAnswer,
            "redirects to knox.example, which is not followed",
        ),
        (STANDBY, NoActive, "is on standby"),
        (NOBODY_ACTIVE, NoActive, "is on standby"),
        (
            reply(b"This is standby RM. \nCan not find any active RM.", Content_Type="text/plain"),
            NoActive,
            "is on standby",
        ),
        (remote_exception("StandbyException", "", "403 Forbidden"), NoActive, "is on standby"),
        (
            remote_exception("AuthorizationException", "User: bob may not", "403 Forbidden"),
            Forbidden,
            "User: bob may not",
        ),
        (
            reply(b"Unauthorized attempt to kill", "403 Forbidden", Content_Type="text/plain"),
            Forbidden,
            "Unauthorized attempt to kill",
        ),
        (
            remote_exception("NotFoundException", "app with id: x not found", "404 Not Found"),
            NotFound,
            "app with id: x not found",
        ),
        (
            remote_exception("BadRequestException", "Invalid id", "400 Bad Request"),
            InvalidInput,
            "Invalid id",
        ),
        (
            remote_exception("FileAlreadyExistsException", "/a exists", "403 Forbidden"),
            Conflict,
            "/a exists",
        ),
        (
            remote_exception("SafeModeException", "Name node is in safe mode.", "403 Forbidden"),
            Unavailable,
            "takes no changes",
        ),
        (
            remote_exception("InvalidToken", "token (for alice) is expired", "403 Forbidden"),
            LoginNeeded,
            "is expired",
        ),
        (
            remote_exception("NullPointerException", "first line\n\tat java.x", "500 Oops"),
            BadAnswer,
            "first line",
        ),
    ],
)
async def test_refusals(answer, kind, message):
    error, _ = await refusal(answer, kind)
    assert message in error.message
    assert "\tat " not in error.message
    assert error.cluster == "made-up"


async def test_a_redirect_is_not_followed():
    async with raw_server(always(METRICS)) as elsewhere:
        answer = reply(b"", "307 Temporary Redirect", Location=elsewhere.url("/ws/v1/x"))
        await refusal(answer, BadAnswer)
    assert elsewhere.requests == []


async def test_a_kerberos_cluster_asks_for_a_login():
    answer = reply(b"<html>401</html>", "401 Unauthorized", WWW_Authenticate="Negotiate")
    error, server = await refusal(answer, LoginNeeded, auth="kerberos", realm="EXAMPLE.COM")
    assert error.message == "Made up wants a Kerberos ticket of EXAMPLE.COM."
    assert error.hint == "Log in to this cluster."
    assert "user.name" not in server.requests[0]


async def test_a_reply_cut_off_in_the_middle():
    whole = reply(b'{"clusterMetrics": {}}', Content_Type="application/json")
    error, _ = await refusal(whole[:-5], BadAnswer)
    assert "broke off in the middle" in error.message


async def test_a_reply_without_end_is_cut(monkeypatch):
    answer = reply(b'{"a": "' + b"x" * (5 << 20) + b'"}', Content_Type="application/json")
    error, _ = await refusal(answer, TooLarge)
    assert "more than 4 MB in answer to /ws/v1/cluster/metrics" in error.message


async def test_nobody_listens():
    async with Hadoop.open(profile([f"http://localhost:{closed_port()}"])) as hadoop:
        with pytest.raises(Unreachable, match="cannot be reached: connection refused"):
            await hadoop.resourcemanager.metrics()


async def test_a_name_that_does_not_resolve():
    async with Hadoop.open(profile(["http://no-such-host.invalid:8088"])) as hadoop:
        with pytest.raises(Unreachable, match=r"no-such-host.invalid:8088 cannot be reached"):
            await hadoop.resourcemanager.metrics()


async def test_a_peer_that_accepts_and_never_answers(monkeypatch):
    monkeypatch.setattr(connections, "READ_TIMEOUT_S", 0.2)
    async with black_hole() as hole, Hadoop.open(profile([hole.url()])) as hadoop:
        with pytest.raises(Unreachable, match="accepted the connection but did not answer"):
            await hadoop.resourcemanager.metrics()


async def test_an_answer_that_never_ends(monkeypatch):
    async def script(head, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
        await silence(head, writer)

    monkeypatch.setattr(connections, "ANSWER_TIMEOUT_S", 0.2)
    async with raw_server(script) as server, Hadoop.open(profile([server.url()])) as hadoop:
        for question in (hadoop.resourcemanager.metrics(), hadoop.resourcemanager.apps()):
            with pytest.raises(Unreachable, match="did not finish its answer within"):
                await question


@pytest.mark.parametrize(
    ("certificate", "fault"),
    [
        ({"valid_from_days": -9, "valid_days": -1}, "has expired"),
        ({"self_signed": True}, "is self-signed"),
        ({"host": "other.example"}, "is for another host"),
    ],
)
async def test_certificates(tmp_path, certificate, fault):
    authority = Authority(tmp_path)
    async with raw_server(always(METRICS), authority.server(**certificate)) as server:
        secure = profile([server.url(scheme="https")], ca_file=str(authority.ca_file))
        async with Hadoop.open(secure) as hadoop:
            with pytest.raises(Untrusted) as caught:
                await hadoop.resourcemanager.metrics()
    assert fault in caught.value.message
    assert server.requests == []


async def test_a_trusted_certificate_and_an_unknown_authority(tmp_path):
    authority = Authority(tmp_path)
    async with raw_server(always(METRICS), authority.server()) as server:
        url = server.url(scheme="https")
        async with Hadoop.open(profile([url], ca_file=str(authority.ca_file))) as hadoop:
            assert (await hadoop.resourcemanager.metrics()).total.memory_mb == 4096
        async with Hadoop.open(profile([url])) as hadoop:
            with pytest.raises(Untrusted, match=r"not trusted here|self-signed"):
                await hadoop.resourcemanager.metrics()


async def test_cookies_of_one_daemon_reach_no_other(monkeypatch):
    cookie = 'hadoop.auth="u=alice&p=alice&t=simple&e=1&s=x"; Path=/; HttpOnly'
    answer = METRICS.replace(b"\r\n\r\n", f"\r\nSet-Cookie: {cookie}\r\n\r\n".encode(), 1)
    beans = as_json({"beans": [{"name": "Hadoop:service=NameNode,name=FSNamesystem"}]})
    async with raw_server(always(answer)) as rm, raw_server(always(beans)) as nn:
        async with Hadoop.open(profile([rm.url()], [nn.url()])) as hadoop:
            await hadoop.resourcemanager.metrics()
            await hadoop.resourcemanager.metrics()
            await hadoop.namenode.metrics()
    assert len(rm.requests) == 2
    assert not any("cookie" in head.lower() for head in rm.requests + nn.requests)


async def test_neither_proxies_nor_netrc_of_the_environment_are_used(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login alice password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://localhost:{closed_port()}")
    async with raw_server(always(METRICS)) as server:
        async with Hadoop.open(profile([server.url()])) as hadoop:
            await hadoop.resourcemanager.metrics()
    assert "authorization" not in server.requests[0].lower()
    assert "user.name=alice" in server.requests[0]
