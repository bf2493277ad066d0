"""The doctor finds what is wrong with a cluster, and says what to do about it."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack, ExitStack

import pytest

from jupyter_ext.clusters.models import Problem
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.hadoop.doctor import examine
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import always, black_hole, closed_port, raw_server, reply
from tests.hadoop.examined import checks, namenode, profile, resourcemanager

CLOSED = "Nothing listens there."


async def test_a_healthy_cluster(sandbox):
    (dev,) = [p for p in ProfileStore(sandbox.layers).list() if p.name == "dev"]
    seen = []
    report = await examine(dev, on_check=seen.append)
    assert {check.verdict for check in report.checks} == {"ok"}, report
    assert {check.name for check in report.checks} == {
        *("profile", "dns", "tcp", "auth", "clock", "resourcemanager", "namenode")
    }
    assert seen == report.checks
    assert report.healthy
    assert report.cluster == "dev"
    targets = {check.target for check in report.checks if check.name == "auth"}
    assert targets == {sandbox.resourcemanager("dev"), sandbox.namenode("dev")}


async def test_a_kerberos_cluster_before_the_login(sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/none")
    prod = ProfileStore(sandbox.layers).get("prod")
    report = await examine(prod)
    verdicts = {(check.name, check.verdict) for check in report.checks}
    assert {("dns", "ok"), ("tcp", "ok"), ("auth", "ok"), ("clock", "ok")} <= verdicts
    assert {("resourcemanager", "skipped"), ("namenode", "skipped")} <= verdicts
    messages = {c.name: c.message for c in report.checks if c.verdict == "skipped"}
    assert messages == {
        "resourcemanager": "Login needed.",
        "namenode": "Login needed.",
        "clock": "The answer has no date.",
        "login": "Nobody is logged in.",
        "ticket": "Log in first.",
        "spnego": "Log in first.",
        "bind": "Log in first.",
        "token": "Log in first.",
    }
    assert report.healthy


async def test_a_profile_that_takes_a_kerberos_cluster_for_a_simple_one(sandbox):
    found = await checks(profile([sandbox.resourcemanager("prod")]))
    assert found["auth"].verdict == "failed"
    assert "wants Kerberos, but the profile says simple" in found["auth"].message
    assert "hadoop.security.authentication" in found["auth"].remedy


async def test_a_kerberos_cluster_whose_web_pages_are_open(sandbox):
    found = await checks(profile([sandbox.resourcemanager("dev")], auth="kerberos"))
    assert found["auth"].verdict == "warning"
    assert "asks nobody for a ticket" in found["auth"].message


async def test_a_broken_profile_is_examined_as_far_as_it_goes():
    problem = Problem(
        severity="error", file="conf/core-site.xml", key="fs.defaultFS", message="Is odd."
    )
    found = await checks(profile([f"http://localhost:{closed_port()}"], problems=[problem]))
    assert found["profile"].verdict == "failed"
    assert found["profile"].target == "conf/core-site.xml"
    assert found["profile"].message == "fs.defaultFS: Is odd."
    assert found["profile"].remedy == "Edit conf/core-site.xml in /profiles/test."
    assert found["tcp"].message == CLOSED


async def test_a_profile_without_daemons():
    assert set(await checks(profile())) == {"profile"}


@pytest.mark.parametrize(
    "url", ["http://${env.RM}:8088", "http://:8088", "http://rm:99999", "http://[rm"]
)
async def test_an_address_that_is_none(url):
    found = await checks(profile([url]))
    assert found["dns"].message == "Is no usable address."


async def test_a_name_that_does_not_resolve():
    found = await checks(profile(["http://nowhere.invalid:8088"], ["http://nowhere.invalid:9870"]))
    assert (found["dns"].target, found["dns"].verdict) == ("nowhere.invalid", "failed")
    assert "does not resolve" in found["dns"].message
    assert "/etc/hosts" in found["dns"].remedy
    assert "tcp" not in found


async def test_daemons_of_one_host_share_the_name_check(sandbox):
    report = await examine(
        profile([sandbox.resourcemanager("dev")], [sandbox.namenode("dev")], directory="/x")
    )
    assert [check.name for check in report.checks].count("dns") == 1


async def test_a_closed_port():
    port = closed_port()
    found = await checks(profile([], [f"http://localhost:{port}"]))
    assert (found["tcp"].target, found["tcp"].verdict) == (f"localhost:{port}", "failed")
    assert found["tcp"].message == CLOSED
    assert "Start the NameNode" in found["tcp"].remedy
    assert found["namenode"].verdict == "failed"


async def test_a_port_behind_a_firewall():
    # A full accept queue drops the packets, as a firewall does.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as stack:
        port = server.getsockname()[1]
        for _ in range(2):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(("127.0.0.1", port))
        examined = profile([f"http://127.0.0.1:{port}"])
        found = await checks(examined, connect_timeout_s=0.3, timeout_s=1)
    assert found["tcp"].verdict == "failed"
    assert "No answer in" in found["tcp"].message
    assert "firewall" in found["tcp"].remedy


@pytest.mark.parametrize(("scheme", "name"), [("http", "auth"), ("https", "tls")])
async def test_a_peer_that_accepts_and_never_answers(scheme, name):
    async with black_hole() as server:
        examined = profile([server.url(scheme=scheme)])
        found = await checks(examined, connect_timeout_s=0.3, timeout_s=1)
    assert found["tcp"].verdict == "ok"
    assert found[name].verdict == "failed"
    assert "Accepts the connection, then says nothing" in found[name].message


async def test_the_whole_examination_is_bounded():
    async with black_hole() as server:
        found = await checks(profile([server.url()]), connect_timeout_s=60, timeout_s=0.3)
    assert found["resourcemanager"].verdict == "failed"
    assert "Not done after" in found["resourcemanager"].message


async def test_a_trusted_certificate(tmp_path):
    authority = Authority(tmp_path)
    async with raw_server(resourcemanager(), authority.server()) as server:
        examined = profile([server.url(scheme="https")], ca_file=str(authority.ca_file))
        found = await checks(examined)
    assert {check.verdict for check in found.values()} == {"ok"}
    assert "Trusted; valid until 20" in found["tls"].message


@pytest.mark.parametrize(
    ("certificate", "trusted", "verdict", "message", "remedy"),
    [
        ({"valid_days": 3}, True, "warning", "That is in 2 days", "renewed in time"),
        (
            {"valid_from_days": -9, "valid_days": -2},
            True,
            "failed",
            "The certificate expired on 20",
            "renewed, and restart",
        ),
        ({"valid_from_days": 2}, True, "failed", "is not valid before 20", "Compare the clocks"),
        (
            {"host": "other.example"},
            True,
            "failed",
            "is for other.example, not localhost",
            "Use that name in the XML",
        ),
        (
            {"self_signed": True},
            True,
            "failed",
            "signed by itself, which is not trusted here",
            "/profiles/test/ca.pem",
        ),
        (
            {},
            False,
            "failed",
            "signed by CN=Test CA, which is not trusted here",
            "/profiles/test/ca.pem",
        ),
    ],
)
async def test_certificates(tmp_path, certificate, trusted, verdict, message, remedy):
    authority = Authority(tmp_path)
    async with raw_server(resourcemanager(), authority.server(**certificate)) as server:
        ca_file = str(authority.ca_file) if trusted else None
        found = await checks(profile([server.url(scheme="https")], ca_file=ca_file))
    assert found["tls"].verdict == verdict
    assert message in found["tls"].message
    assert remedy in found["tls"].remedy
    assert ("auth" in found) == (verdict == "warning")


async def test_plain_http_where_tls_is_expected(sandbox):
    url = sandbox.resourcemanager("dev").replace("http:", "https:")
    found = await checks(profile([url]))
    assert "There is no TLS handshake" in found["tls"].message
    assert "yarn.http.policy" in found["tls"].remedy


async def test_tls_where_plain_http_is_expected(tmp_path):
    async with raw_server(resourcemanager(), Authority(tmp_path).server()) as server:
        found = await checks(profile([server.url()]))
    assert "Does not speak HTTP" in found["auth"].message
    assert "It may want https" in found["auth"].remedy


@pytest.mark.parametrize("content", ["", "no certificate", None])
async def test_an_unusable_ca_file(tmp_path, content):
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    async with black_hole() as server:
        found = await checks(profile([server.url(scheme="https")], ca_file=str(ca_file)))
    assert found["tls"].verdict == "failed"
    assert str(ca_file) in found["tls"].message
    assert "PEM" in found["tls"].remedy


@pytest.mark.parametrize(
    ("answer", "auth", "verdict", "message"),
    [
        (reply(status="401 No", WWW_Authenticate="Negotiate"), "kerberos", "ok", "Negotiate"),
        (reply(status="401 No", WWW_Authenticate="Basic realm=x"), "kerberos", "failed", "(basic)"),
        (reply(status="401 No", WWW_Authenticate="Basic realm=x"), "gateway", "ok", "(basic)"),
        (reply(status="302 Found", Location="/login"), "gateway", "ok", "login page"),
        (reply(status="403 No"), "simple", "failed", "answers 403; expected no login"),
        (reply(status="500 Oops"), "simple", "failed", "answers 500"),
        (reply(b"<html/>", Content_Type="text/html"), "simple", "failed", "text/html instead of"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "simple", "failed", "Does not speak HTTP"),
    ],
)
async def test_how_a_daemon_wants_to_know_who_you_are(answer, auth, verdict, message):
    async with raw_server(always(answer)) as server:
        found = await checks(profile([server.url()], auth=auth))
    assert found["auth"].verdict == verdict
    assert message in found["auth"].message


async def test_a_gateway_is_asked_by_its_own_path():
    answer = reply(status="401 No", WWW_Authenticate="Basic realm=x")
    async with raw_server(always(answer)) as server:
        await checks(profile([server.url("/gateway/prod/resourcemanager")], auth="gateway"))
    paths = {head.split()[1] for head in server.requests if head}
    assert paths == {"/gateway/prod/resourcemanager/v1/cluster/info"}


@pytest.mark.parametrize(
    ("states", "verdict", "message"),
    [
        (("ACTIVE", "STANDBY"), "ok", "Active: rm1."),
        (("STANDBY", "STANDBY"), "failed", "No ResourceManager is active; rm1, rm2 on standby."),
        (("ACTIVE", "ACTIVE"), "failed", "rm1 and rm2 both say that they are the active"),
        (("ACTIVE", None), "warning", "rm1 is active, but rm2 does not answer."),
        ((None, None), "failed", "cannot be reached: connection refused"),
    ],
)
async def test_a_pair_of_resourcemanagers(states, verdict, message):
    async with AsyncExitStack() as stack:
        urls = []
        for state in states:
            if state is None:
                urls.append(f"http://localhost:{closed_port()}")
            else:
                server = await stack.enter_async_context(raw_server(resourcemanager(state)))
                urls.append(server.url())
        found = await checks(profile(urls))
    assert found["resourcemanager"].verdict == verdict
    assert message in found["resourcemanager"].message
    assert bool(found["resourcemanager"].remedy) == (verdict != "ok")


async def test_a_namenode_in_safe_mode():
    text = "Safe mode is ON. The reported blocks 0 needs additional 3 blocks."
    async with raw_server(namenode(safe_mode=text)) as server:
        found = await checks(profile([], [server.url()]))
    assert found["namenode"].verdict == "warning"
    assert text in found["namenode"].message


async def test_namenodes_that_are_both_on_standby():
    async with raw_server(namenode("standby")) as one, raw_server(namenode("standby")) as two:
        found = await checks(profile([], [one.url(), two.url()]))
    assert found["namenode"].verdict == "failed"
    assert "No NameNode is active; nn1, nn2 on standby." in found["namenode"].message


async def test_a_dead_daemon_does_not_delay_the_others():
    order = []
    async with black_hole() as dead, raw_server(resourcemanager()) as alive:
        examined = profile([dead.url(), alive.url()])
        await examine(examined, on_check=order.append, connect_timeout_s=2, timeout_s=3)
    verdicts = [(c.name, c.verdict) for c in order if c.target in (dead.url(), alive.url())]
    assert verdicts[:2] == [("auth", "ok"), ("clock", "ok")]
    assert verdicts[-1] == ("auth", "failed")
