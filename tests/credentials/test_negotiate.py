"""SPNEGO where a request is not all: certificates, restarted daemons, odd cookies."""

from __future__ import annotations

import sys

import httpx
import pytest

from jupyter_ext.credentials.channel_binding import server_end_point
from jupyter_ext.credentials.negotiate import Negotiate, TicketRefused
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import Unavailable, Unreachable
from jupyter_ext.hadoop.clients import Hadoop
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import raw_server
from tests.fakes.spnego import spnego_daemon
from tests.profiles import endpoints

ALICE = "alice@PROD.EXAMPLE.COM"


@pytest.fixture
def alice(realm, jp_asyncio_loop):
    jp_asyncio_loop.run_until_complete(realm.login(ALICE, "alice-password"))
    conf = realm.tickets.parent / "krb5.conf"
    return Negotiate(ALICE, ServiceTickets(realm.profile, realm.tickets, conf))


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def ask(realm, alice, authority):
    """Ask a daemon something as alice, over a connection of its own."""

    async def ask(daemon):
        changes = {"endpoints": endpoints([daemon.url]), "ca_file": str(authority.ca_file)}
        profile = realm.profile.model_copy(update=changes)
        async with Hadoop.open(profile, auth=alice) as hadoop:
            return await hadoop.connection.get_json(f"{daemon.url}/")

    return ask


async def test_over_tls_a_ticket_is_bound_to_the_certificate(ask, kdc, authority):
    async with spnego_daemon(kdc.keytab, authority.server(), cookie_of="") as daemon:
        daemon.binding = server_end_point(authority.last)
        for _ in range(2):
            await ask(daemon)
        # The certificate is looked at once, with a request that shows nothing.
        assert daemon.seen == ["", ALICE, ALICE]


async def test_a_ticket_for_another_certificate_is_refused(ask, kdc, authority):
    """As when somebody in between passes it on."""
    async with spnego_daemon(kdc.keytab, authority.server()) as daemon:
        daemon.binding = server_end_point(authority.last) + b"-not"
        with pytest.raises(TicketRefused, match="does not accept your ticket"):
            await ask(daemon)
        assert daemon.with_ticket == 1


async def test_a_certificate_that_was_renewed_is_noticed(ask, kdc, authority):
    context = authority.server()
    async with spnego_daemon(kdc.keytab, context, cookie_of="") as daemon:
        daemon.binding = server_end_point(authority.last)
        await ask(daemon)
        authority.renew(context)
        daemon.binding = server_end_point(authority.last)
        await ask(daemon)
        await ask(daemon)
        assert daemon.seen == ["", ALICE, "", ALICE, ALICE]


async def test_a_daemon_over_tls_that_asks_nobody_gets_no_ticket(ask, authority):
    requests = []

    async def script(head, writer):
        requests.append(head.lower())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 2\r\n\r\n{}")

    async with raw_server(script, authority.server()) as server:
        daemon = type("Daemon", (), {"url": server.url(scheme="https")})
        assert await ask(daemon) == {}
    assert "authorization" not in requests[0]


async def test_a_daemon_that_was_restarted_gets_a_ticket_again(ask, kdc):
    async with spnego_daemon(kdc.keytab) as daemon:
        await ask(daemon)
        daemon.knows_cookies = False
        await ask(daemon)
        daemon.knows_cookies = True
        await ask(daemon)
        assert daemon.seen == [ALICE, "", ALICE, ALICE]
        assert daemon.with_ticket == 2
        assert "cookie" not in daemon.server.requests[2].lower()


@pytest.mark.parametrize("cookie", ["a@b=c", "hadoop.auth=; Path=/", "other=1", ""])
async def test_other_cookies_are_nobody_s_business(ask, kdc, cookie, monkeypatch):
    async with spnego_daemon(kdc.keytab) as daemon:
        monkeypatch.setattr(type(daemon), "_cookie", lambda *_: cookie)
        await ask(daemon)
        await ask(daemon)
        assert daemon.with_ticket == 2


async def test_without_the_library_it_says_what_to_install(ask, kdc, monkeypatch):
    monkeypatch.setitem(sys.modules, "gssapi", None)
    async with spnego_daemon(kdc.keytab) as daemon:
        with pytest.raises(Unavailable) as error:
            await ask(daemon)
        assert daemon.server.requests == []
    assert "the package gssapi is missing" in error.value.message
    assert "pip install 'jupyter-ext[kerberos]'" in error.value.hint


def test_it_is_for_event_loops_only(alice):
    with httpx.Client(auth=alice) as client, pytest.raises(NotImplementedError):
        client.get("http://localhost:1/")
    assert repr(alice) == f"<Negotiate {ALICE} on prod>"


async def test_a_kdc_that_falls_silent_is_told_with_the_service_s_request(ask, realm, kdc):
    conf = realm.tickets.parent / "krb5.conf"
    conf.write_text(conf.read_text().replace(kdc.address, "127.0.0.1:1"))
    async with spnego_daemon(kdc.keytab) as daemon:
        with pytest.raises(Unreachable, match=r"No KDC of PROD\.EXAMPLE\.COM answers"):
            await ask(daemon)
        assert daemon.server.requests == []
