"""Identities that are kept alive while what they need fails, and comes back."""

from __future__ import annotations

import asyncio
import json

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import broker as brokers
from jupyter_ext.credentials import session, token_keeper
from jupyter_ext.credentials.audit import AuditLog
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.headless import HeadlessLogins
from jupyter_ext.credentials.injection import Injection
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import Unavailable
from jupyter_ext.hadoop.access import open_desk
from tests.conftest import eventually
from tests.fakes.relay import relay
from tests.fakes.token_services import hiveserver2
from tests.kdc import running_kdc


@pytest.fixture
def layer(tmp_path):
    return tmp_path / "clusters"


@pytest.fixture
def profiles(layer) -> ProfileStore:
    return ProfileStore([("user", layer)])


@pytest.fixture
def make_broker(tmp_path, profiles, jp_asyncio_loop):
    runtime = RuntimeDirectory(tmp_path / "runtime")
    made = []

    def make(**changes):
        values = {"prover": prover, "limit": LoginLimit(1000)}
        made.append(Broker(profiles, runtime, **values | changes))
        return made[-1]

    yield make
    for broker in made:
        jp_asyncio_loop.run_until_complete(broker.close())
    runtime.close()


# -- tickets ----------------------------------------------------------------------------------


async def test_a_renewal_that_fails_is_tried_again(make_broker, layer, tmp_path, monkeypatch):
    """Nobody has to do anything when a KDC was silent for a while."""
    monkeypatch.setattr(session, "FIRST_PAUSE_S", 0.2)
    audit = AuditLog(tmp_path / "audit.log")
    with running_kdc(tmp_path / "short") as kdc:
        kdc.kadmin('modprinc -maxlife "6 seconds" -maxrenewlife "120 seconds" alice')
        async with relay(kdc.ports["kdc"]) as between:
            toml = "[kerberos]\ntimeout_s = 0.5\n"
            krb5_conf = kdc.write_profile(layer, "prod", toml) / "krb5.conf"
            where = kdc.krb5_conf.read_text().replace(kdc.address, f"127.0.0.1:{between.port}")
            krb5_conf.write_text(where)
            broker = make_broker(audit=audit)
            before = await broker.login("ann", "prod", "alice", "alice-password")

            async def state():
                return (await broker.identity("ann", "prod")).state

            async def is_told():
                return await state() == "error"

            async def is_over():
                return await state() == "valid"

            between.silent = True
            await eventually(is_told)
            identity = await broker.identity("ann", "prod")
            assert identity.reason.code == "kdc_unreachable"
            assert broker.session("ann", "prod") is not None
            between.silent = False
            await eventually(is_over)
            after = await broker.identity("ann", "prod")
            assert after.expires_at > before.expires_at
            assert after.reason is None
    await audit.close()
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    renewals = [line["outcome"] for line in lines if line["action"] == "renew"]
    assert renewals[0] == "kdc_unreachable"
    assert renewals[-1] == "ok"


async def test_a_renewal_that_is_given_up_changes_nothing(make_broker, layer, kdc):
    begun = asyncio.Event()

    def hanging(profile, directory):
        made = prover(profile, directory)

        async def renew():
            begun.set()
            await asyncio.Event().wait()

        made.renew = renew
        return made

    kdc.write_profile(layer, "prod")
    broker = make_broker(prover=hanging)
    before = await broker.login("ann", "prod", "alice", "alice-password")
    renewal = asyncio.create_task(broker.renew("ann", "prod"))
    await begun.wait()
    assert (await broker.identity("ann", "prod")).state == "renewing"
    renewal.cancel()
    with pytest.raises(asyncio.CancelledError):
        await renewal
    assert await broker.identity("ann", "prod") == before


async def test_who_is_told_first_and_fails_keeps_nobody_from_being_told(
    make_broker, layer, kdc, caplog
):
    kdc.write_profile(layer, "prod")
    broker = make_broker()
    states = []

    def fail(user, identity):
        raise RuntimeError("a panel broke")

    broker.subscribe(fail)
    broker.subscribe(lambda user, identity: states.append(identity.state))
    await broker.login("ann", "prod", "alice", "alice-password")
    await broker.logout("ann")
    assert (states[0], states[-1]) == ("valid", "none")
    assert "The change of an identity on prod was not told." in caplog.text


async def test_profiles_that_cannot_be_read_for_a_while_end_no_login(
    make_broker, profiles, layer, kdc, monkeypatch
):
    monkeypatch.setattr(brokers, "WATCH_S", 0.01)
    kdc.write_profile(layer, "prod")
    looked = []

    def gone():
        looked.append(1)
        raise OSError(5, "Input/output error")

    broker = make_broker()
    await broker.login("ann", "prod", "alice", "alice-password")
    monkeypatch.setattr(profiles, "list", gone)
    await eventually(lambda: len(looked) > 3)
    assert broker.session("ann", "prod") is not None


async def test_kernels_get_what_they_had_while_there_is_no_room(
    make_broker, profiles, layer, kdc, caplog
):
    kdc.write_profile(layer, "prod")
    broker = make_broker()

    def full(user):
        raise Unavailable("There is no room left.", hint="Make some.")

    injection = Injection(broker, profiles, full)
    await broker.login("ann", "prod", "alice", "alice-password")
    await eventually(lambda: "There is no room left. Make some." in caplog.text)
    await injection.close()
    assert broker.session("ann", "prod") is not None


# -- tokens -----------------------------------------------------------------------------------


def with_hiveserver2(kdc, layer, server) -> None:
    """Make a cluster that has nothing else."""
    core_site = """<configuration><property>
    <name>hadoop.security.authentication</name><value>kerberos</value>
    </property></configuration>"""
    toml = f'hiveserver2 = "localhost:{server.port}"\n'
    kdc.write_profile(layer, "prod", toml, core_site)


async def test_a_token_that_a_service_does_not_take_back_keeps_nobody_logged_in(
    make_broker, layer, kdc, tmp_path, caplog
):
    audit = AuditLog(tmp_path / "audit.log")
    async with hiveserver2() as server:
        with_hiveserver2(kdc, layer, server)
        broker = make_broker(open_desk=open_desk, audit=audit)
        await broker.login("ann", "prod", "alice", "alice-password")
        await eventually(broker.session("ann", "prod").tokens.minted.is_set)
        server.refusal = "The database is gone"
        await broker.logout("ann")
    assert broker.session("ann", "prod") is None
    assert "A token of prod stays valid:" in caplog.text
    await audit.close()
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    of_tokens = [
        (one["action"], one["outcome"]) for one in lines if one["service"] == "hiveserver2"
    ]
    assert of_tokens == [("mint", "ok"), ("cancel", "forbidden")]


async def test_a_new_ticket_gets_the_token_that_failed_before(make_broker, layer, kdc, monkeypatch):
    monkeypatch.setattr(token_keeper, "FIRST_PAUSE_S", 3600.0)
    async with hiveserver2() as server:
        server.refusal = "Not yet"
        with_hiveserver2(kdc, layer, server)
        broker = make_broker(open_desk=open_desk)
        await broker.login("ann", "prod", "alice", "alice-password")
        await eventually(broker.session("ann", "prod").tokens.minted.is_set)
        [token] = (await broker.identity("ann", "prod")).tokens
        assert "Not yet" in token.error.message
        server.refusal = ""
        await broker.renew("ann", "prod")

        async def got_it():
            return (await broker.identity("ann", "prod")).tokens[0].error is None

        await eventually(got_it)
        await broker.logout("ann")
        assert server.alive == []


async def test_a_profile_that_breaks_gives_no_tokens_and_takes_no_login(
    make_broker, layer, kdc, caplog
):
    directory = kdc.write_profile(layer, "prod", '[auth]\ntype = "kerberos"\n')
    (directory / "conf" / "yarn-site.xml").write_text("<configuration>")
    broker = make_broker(open_desk=open_desk)
    identity = await broker.login("ann", "prod", "alice", "alice-password")
    assert identity.state == "valid"
    await eventually(broker.session("ann", "prod").tokens.minted.is_set)
    assert "There are no tokens of prod:" in caplog.text
    assert "yarn-site.xml" in caplog.text
    assert (await broker.identity("ann", "prod")).tokens == []


async def test_a_login_without_a_server_is_ended_though_its_token_is_not(
    profiles, layer, private_runtime, kdc, caplog
):
    async with hiveserver2() as server:
        with_hiveserver2(kdc, layer, server)
        logins = HeadlessLogins(profiles, open_desk)
        identity = await logins.login("prod", "alice", "alice-password")
        assert [token.service for token in identity.tokens] == ["hiveserver2"]
        server.refusal = "The database is gone"
        assert await logins.logout("prod") == ["prod"]
    assert "A token of prod stays valid:" in caplog.text
    assert not (logins.path / "prod" / "krb5cc").exists()
