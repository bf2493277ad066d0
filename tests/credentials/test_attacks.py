"""Peers that want more than they may have, and requests that are not the user's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.failures import ServiceUnknown, SessionEnded
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.negotiate import Negotiate, TicketRefused
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import BadAnswer, LoginNeeded, Untrusted
from jupyter_ext.hadoop.access import LoggedIn
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.handlers import OWNER
from tests.fakes.raw_server import RawServer, always, raw_server, reply
from tests.fakes.spnego import spnego_daemon
from tests.profiles import endpoints

REALM = "PROD.EXAMPLE.COM"
ALICE, BOB = f"alice@{REALM}", f"bob@{REALM}"


@pytest.fixture
def alice(realm, jp_asyncio_loop):
    """What authenticates alice's requests to the realm's services."""
    jp_asyncio_loop.run_until_complete(realm.login(ALICE, "alice-password"))
    return negotiate(realm)


def negotiate(realm) -> Negotiate:
    conf = realm.tickets.parent / "krb5.conf"
    return Negotiate(ALICE, ServiceTickets(realm.profile, realm.tickets, conf))


@pytest.fixture
def ask(realm, alice):
    """Ask a daemon something as alice."""

    async def ask(daemon, auth=alice):
        async with Hadoop.open(realm.profile, auth=auth) as hadoop:
            return await hadoop.connection.get_json(f"{daemon.url}/webhdfs/v1/")

    return ask


def webhdfs(realm, alice, namenode) -> Hadoop:
    where = endpoints([], [namenode.url], default_fs="hdfs://localhost:1")
    return Hadoop.open(realm.profile.model_copy(update={"endpoints": where}), auth=alice)


# -- daemons ----------------------------------------------------------------------------------


async def test_the_ticket_is_shown_once_and_then_the_cookie(ask, kdc):
    async with spnego_daemon(kdc.keytab) as daemon:
        for _ in range(3):
            assert await ask(daemon) == {"Path": "/"}
        assert daemon.seen == [ALICE] * 3
        assert daemon.with_ticket == 1


async def test_a_cookie_that_has_ended_is_not_shown(ask, kdc):
    async with spnego_daemon(kdc.keytab, cookie_life_s=-1) as daemon:
        await ask(daemon)
        await ask(daemon)
        assert daemon.with_ticket == 2


async def test_a_cookie_goes_to_no_other_port_of_its_host(ask, kdc):
    async with spnego_daemon(kdc.keytab) as one, spnego_daemon(kdc.keytab) as other:
        await ask(one)
        await ask(other)
        assert (one.with_ticket, other.with_ticket) == (1, 1)
        assert "hadoop.auth" not in other.server.requests[0]


async def test_a_cookie_for_somebody_else_is_not_taken(ask, kdc):
    async with spnego_daemon(kdc.keytab, cookie_of=BOB) as daemon:
        for _ in range(2):
            with pytest.raises(Untrusted) as error:
                await ask(daemon)
            assert error.value.message.endswith(f"takes you for {BOB}, and you are {ALICE}.")
        assert daemon.with_ticket == 2


@pytest.mark.parametrize("answer", [b"", b"forged", b"\x6f\x0b\x30\x09"])
async def test_who_does_not_prove_to_be_the_service_is_not_believed(ask, kdc, answer):
    async with spnego_daemon(kdc.keytab, answer=answer) as daemon:
        with pytest.raises(Untrusted) as error:
            await ask(daemon)
    assert "does not prove that it is the service HTTP/localhost" in error.value.message
    assert "answers in its place" in error.value.hint


async def test_a_host_of_another_name_than_its_principal(realm, alice, kdc):
    async with spnego_daemon(kdc.keytab) as daemon:
        url = daemon.url.replace("localhost", "127.0.0.1")
        async with Hadoop.open(realm.profile, auth=alice) as hadoop:
            with pytest.raises(ServiceUnknown) as error:
                await hadoop.connection.get_json(url)
        assert daemon.server.requests == []
    assert f"no service HTTP/127.0.0.1@{REALM}" in error.value.message
    assert "domain_realm" in error.value.hint


async def test_a_ticket_that_is_refused_is_shown_once(ask, kdc):
    refusing = always(reply(status="401 No", WWW_Authenticate="Negotiate"))
    async with raw_server(refusing) as server:
        with pytest.raises(TicketRefused):
            await ask(type("Daemon", (), {"url": server.url()}))
        assert len(server.requests) == 1


async def test_requests_of_who_was_logged_in_before_are_not_made_as_who_is_now(ask, realm, kdc):
    await realm.login(BOB, "bob-password")
    async with spnego_daemon(kdc.keytab) as daemon:
        with pytest.raises(SessionEnded) as error:
            await ask(daemon)
        assert daemon.server.requests == []
    assert f"You were {ALICE} when this began, and are {BOB} now" in error.value.message


# -- redirects --------------------------------------------------------------------------------


def shown(server: RawServer) -> list[str]:
    """Lines of a server's requests that tell who asks."""
    lines = [line.lower() for head in server.requests for line in head.splitlines()]
    return [line for line in lines if line.startswith(("authorization:", "cookie:"))]


@pytest.mark.parametrize("challenge", ["Negotiate", "Basic realm=x"])
async def test_a_datanode_that_asks_who_it_is_learns_nothing(realm, alice, kdc, challenge):
    asking = always(reply(status="401 Unauthorized", WWW_Authenticate=challenge))
    async with spnego_daemon(kdc.keytab) as namenode, raw_server(asking) as rogue:
        namenode.status = "307 Temporary Redirect"
        namenode.location = rogue.url("/webhdfs/v1/data?op=OPEN")
        async with webhdfs(realm, alice, namenode) as hadoop:
            for _ in range(2):  # with the ticket, then with the cookie
                with pytest.raises(LoginNeeded):
                    await hadoop.webhdfs.read("/data")
        assert namenode.seen == [ALICE] * 2
        assert len(rogue.requests) == 2
        assert shown(rogue) == []


async def test_no_data_goes_where_somebody_else_than_the_namenode_sends_it(realm, alice, kdc):
    async with raw_server(always(reply())) as rogue:
        async with spnego_daemon(kdc.keytab, answer=b"", cookie_of="") as impostor:
            impostor.status = "307 Temporary Redirect"
            impostor.location = rogue.url("/webhdfs/v1/data?op=CREATE")
            async with webhdfs(realm, alice, impostor) as hadoop:
                with pytest.raises(BadAnswer) as error:
                    await hadoop.webhdfs.create("/data", b"mine alone")
        assert rogue.requests == []
    assert "named no DataNode" in error.value.message


async def test_a_daemon_that_redirects_takes_nobody_elsewhere(realm, ask, kdc):
    async with spnego_daemon(kdc.keytab) as daemon, spnego_daemon(kdc.keytab) as elsewhere:
        daemon.status, daemon.location = "302 Found", f"{elsewhere.url}/webhdfs/v1/"
        with pytest.raises(BadAnswer, match="not followed"):
            await ask(daemon)
        assert elsewhere.server.requests == []


# -- two users --------------------------------------------------------------------------------


@pytest.fixture
def broker(sandbox, tmp_path, jp_asyncio_loop) -> Iterator[Broker]:
    """Logins to the sandbox, without tokens."""
    runtime = RuntimeDirectory(tmp_path / "runtime")
    broker = Broker(ProfileStore(sandbox.layers), runtime, prover=prover, limit=LoginLimit(1000))
    yield broker
    jp_asyncio_loop.run_until_complete(broker.close())
    runtime.close()


async def test_two_users_of_one_server_are_never_taken_for_each_other(broker, sandbox):
    """600 requests of both, mixed, over clients of each, while tickets are renewed."""
    profile = ProfileStore(sandbox.layers).get("prod")
    users = {"ann": "alice", "ben": "bob"}
    for user, name in users.items():
        await broker.login(user, "prod", name, f"{name}-password")
    wrong: list[tuple[str, str]] = []
    asked = 0

    async def go_on(user: str, hadoop: Hadoop) -> None:
        nonlocal asked
        url = f"{sandbox.namenode('prod')}/webhdfs/v1/"
        for _ in range(50):
            found = await hadoop.connection.get_json(url, {"op": "GETHOMEDIRECTORY"})
            asked += 1
            if found["Path"] != f"/user/{users[user]}":
                wrong.append((user, found["Path"]))

    async def with_clients(user: str) -> None:
        # Every tab opens clients of its own; their cookies are the session's.
        async with await LoggedIn(broker, user).open(profile) as hadoop:
            await asyncio.gather(*(go_on(user, hadoop) for _ in range(3)))

    async with asyncio.TaskGroup() as group:
        for user in (*users, *users):
            group.create_task(with_clients(user))
        for user in users:
            group.create_task(broker.renew(user, "prod"))
    assert asked == 600
    assert wrong == []


# -- requests that nobody meant ---------------------------------------------------------------


class Deny(Authorizer):
    """Lets nobody do anything."""

    def is_authorized(self, handler, user, action, resource):
        return False


@pytest.fixture
def extension(private_runtime, jp_config_dir, kdc, jp_serverapp):
    """The server's extension, which knows the tests' realm as ``prod``."""
    kdc.write_profile(jp_config_dir / "clusters", "prod")
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    return app


LOGIN = json.dumps({"user": "alice", "password": "alice-password"})
REQUESTS = (
    ("GET", "", None),
    ("GET", "prod", None),
    ("POST", "prod/login", LOGIN),
    ("POST", "prod/password", json.dumps({**json.loads(LOGIN), "new_password": "other"})),
    ("POST", "prod/renew", "{}"),
    ("DELETE", "prod", None),
    ("DELETE", "", None),
)


@pytest.fixture
def status(extension, jp_fetch):
    """Call an address of this area; gives the status."""

    async def status(method, path, body, **headers):
        parts = ["jupyter-ext", "credentials", *filter(None, path.split("/"))]
        try:
            options = {"headers": headers} if headers else {}
            response = await jp_fetch(*parts, method=method, body=body, **options)
        except HTTPClientError as error:
            return error.code
        return response.code

    return status


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
async def test_every_request_needs_the_server_s_token(status, extension, method, path, body):
    await extension.broker.login(OWNER, "prod", "alice", "alice-password")
    before = extension.broker.session(OWNER, "prod").proof
    for authorization in ("", "token wrong"):
        assert await status(method, path, body, Authorization=authorization) == 403
    assert extension.broker.session(OWNER, "prod").proof == before


async def test_what_a_browser_sends_for_another_page_is_refused(status, extension, jp_fetch):
    """Its cookie comes along; the header that repeats the other cookie cannot."""
    await extension.broker.login(OWNER, "prod", "alice", "alice-password")
    page = await jp_fetch("api", "me")
    cookies = [line.partition(";")[0] for line in page.headers.get_list("Set-Cookie")]
    xsrf = "0123456789abcdef" * 2
    cookie = "; ".join([*cookies, f"_xsrf={xsrf}"])
    assert await status("GET", "prod", None, Authorization="", Cookie=cookie) == 200
    for method, path, body in REQUESTS[2:]:
        assert await status(method, path, body, Authorization="", Cookie=cookie) == 403
        wrong = {"Cookie": cookie, "X-XSRFToken": "0" * 32}
        assert await status(method, path, body, Authorization="", **wrong) == 403
    assert extension.broker.session(OWNER, "prod").alive
    own = {"Cookie": cookie, "X-XSRFToken": xsrf}
    assert await status("DELETE", "prod", None, Authorization="", **own) == 204
    assert extension.broker.session(OWNER, "prod") is None


async def test_whom_the_server_s_authorizer_denies_can_do_nothing(
    status, extension, jp_serverapp, monkeypatch
):
    await extension.broker.login(OWNER, "prod", "alice", "alice-password")
    deny = Deny(parent=jp_serverapp, identity_provider=jp_serverapp.identity_provider)
    monkeypatch.setitem(jp_serverapp.web_app.settings, "authorizer", deny)
    for method, path, body in REQUESTS:
        assert await status(method, path, body) == 403
    assert extension.broker.session(OWNER, "prod").alive
