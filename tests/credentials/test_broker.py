"""Identities from the login to their end, on real realms."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import failures, session
from jupyter_ext.credentials.audit import AuditLog
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import InvalidInput, NotFound, RateLimited
from tests.conftest import eventually
from tests.kdc import running_kdc

CORE_SITE = """<configuration>
<property><name>fs.defaultFS</name><value>hdfs://localhost:8020</value></property>
<property><name>hadoop.security.authentication</name><value>kerberos</value></property>
</configuration>"""


def write_profile(layer, name: str, krb5_conf: str, toml: str = "") -> None:
    directory = layer / name
    (directory / "conf").mkdir(parents=True)
    (directory / "conf" / "core-site.xml").write_text(CORE_SITE)
    (directory / "krb5.conf").write_text(krb5_conf)
    (directory / "cluster.toml").write_text(toml)


@pytest.fixture
def layer(tmp_path, kdc):
    write_profile(tmp_path / "clusters", "prod", kdc.krb5_conf.read_text())
    return tmp_path / "clusters"


@pytest.fixture
def make_broker(tmp_path, layer, jp_asyncio_loop):
    made = []

    def make(**changes):
        runtime = RuntimeDirectory(tmp_path / "runtime")
        store = ProfileStore([("user", layer), ("system", tmp_path / "system")])
        values = {"prover": prover, "limit": LoginLimit(1000)}
        broker = Broker(store, runtime, **values | changes)
        made.append((broker, runtime))
        return broker

    yield make
    for broker, runtime in made:
        jp_asyncio_loop.run_until_complete(broker.close())
        runtime.close()


@pytest.fixture
def broker(make_broker):
    return make_broker()


def states(broker):
    seen = []

    def told(user, identity):
        whole = (identity.since is None) == (not identity.principal)
        seen.append((user, identity.cluster, identity.state if whole else "half told"))

    broker.subscribe(told)
    return seen


async def test_a_login_is_told_and_ends_with_the_logout(broker):
    seen = states(broker)
    before = await broker.identity("ann", "prod")
    assert (before.state, before.needed, before.interactive) == ("none", True, True)
    assert before.realm == "PROD.EXAMPLE.COM"

    identity = await broker.login("ann", "prod", "alice", "alice-password")
    assert identity.state == "valid"
    assert identity.principal == "alice@PROD.EXAMPLE.COM"
    assert identity.expires_at > time.time() + 3000
    assert identity.renew_until > identity.expires_at
    assert (await broker.identities("ann")) == [identity]
    assert ("ann", "prod", "valid") in seen

    tickets = broker.session("ann", "prod").prover.tickets
    assert tickets.exists()
    await broker.logout("ann", "prod")
    assert not tickets.exists()
    after = await broker.identity("ann", "prod")
    assert (after.state, after.principal) == ("none", "")
    assert seen[-1] == ("ann", "prod", "none")
    assert "half told" not in [state for _, _, state in seen]


async def test_a_broker_knows_the_clusters_of_which_it_saw_a_login_or_a_logout(broker, layer):
    """Of all others, kernels may have a login that an earlier server made."""
    for name in ("other", "third"):
        write_profile(layer, name, (layer / "prod" / "krb5.conf").read_text())
    seen = states(broker)
    with pytest.raises(failures.WrongPassword):
        await broker.login("ann", "prod", "alice", "wrong")
    assert broker.known("ann") == set()
    await broker.login("ann", "prod", "alice", "alice-password")
    assert broker.known("ann") == {"prod"}
    await broker.logout("ann", "other")
    assert seen[-1] == ("ann", "other", "none")
    assert broker.known("ann") == {"prod", "other"}
    await broker.logout("ann")
    assert {cluster for _, cluster, _ in seen} == {"prod", "other", "third"}
    assert broker.known("ann") == {"prod", "other", "third"}
    assert broker.known("ben") == set()


async def test_identities_of_two_jupyter_users_are_apart(broker):
    await broker.login("ann", "prod", "alice", "alice-password")
    await broker.login("ben", "prod", "bob", "bob-password")
    assert (await broker.identity("ann", "prod")).user == "alice"
    assert (await broker.identity("ben", "prod")).user == "bob"
    assert (await broker.identity("cleo", "prod")).state == "none"
    await broker.logout("ann")
    assert (await broker.identity("ben", "prod")).user == "bob"


async def test_a_failed_login_keeps_who_was_there(broker):
    await broker.login("ann", "prod", "alice", "alice-password")
    with pytest.raises(failures.WrongPassword):
        await broker.login("ann", "prod", "bob", "not his")
    assert (await broker.identity("ann", "prod")).user == "alice"


async def test_an_unknown_cluster_has_no_login(broker):
    with pytest.raises(NotFound, match="no cluster named pord"):
        await broker.login("ann", "pord", "alice", "alice-password")


async def test_two_realms_of_one_name_are_logged_in_to_at_once(broker, layer, tmp_path):
    with running_kdc(tmp_path / "twin") as twin:
        twin.kadmin("cpw -pw another-password alice")
        write_profile(layer, "twin", twin.krb5_conf.read_text())
        await asyncio.gather(
            broker.login("ann", "prod", "alice", "alice-password"),
            broker.login("ann", "twin", "alice", "another-password"),
        )
        with pytest.raises(failures.WrongPassword):
            await broker.login("ben", "twin", "alice", "alice-password")
        for name in ("prod", "twin", "prod"):
            await broker.renew("ann", name)
        assert {i.cluster: i.principal for i in await broker.identities("ann")} == {
            "prod": "alice@PROD.EXAMPLE.COM",
            "twin": "alice@PROD.EXAMPLE.COM",
        }


async def test_an_unknown_user_is_asked_whether_another_cluster_was_meant(broker, layer, tmp_path):
    with running_kdc(tmp_path / "other", realm="OTHER.COM", people=()) as other:
        write_profile(layer, "other", other.krb5_conf.read_text(), 'title = "Other"')
        await broker.login("ann", "prod", "alice", "alice-password")
        with pytest.raises(failures.UnknownUser) as error:
            await broker.login("ann", "other", "alice", "alice-password")
        assert error.value.hint == "You are alice on prod; this is Other."
        with pytest.raises(failures.UnknownUser) as error:
            await broker.login("ben", "other", "alice", "alice-password")
        # Who ann is, is nobody else's business.
        assert error.value.hint == "Check the spelling. Other asks OTHER.COM."


async def test_an_expired_password_is_changed_and_used(broker, kdc):
    with pytest.raises(failures.PasswordExpired):
        await broker.login("ann", "prod", "dave", "dave-password")
    try:
        with pytest.raises(InvalidInput, match="is the old one"):
            await broker.change_password("ann", "prod", "dave", "dave-password", "dave-password")
        identity = await broker.change_password(
            "ann", "prod", "dave", "dave-password", "fresh-password"
        )
        assert (identity.user, identity.state) == ("dave", "valid")
    finally:
        kdc.kadmin("cpw -pw dave-password dave", 'modprinc -pwexpire "2020-01-01 00:00:00" dave')


# -- time -------------------------------------------------------------------------------------


async def test_a_short_ticket_is_renewed_until_that_ends(make_broker, layer, tmp_path, monkeypatch):
    """Tickets of 2 s, renewable for 6 s: what hours do to those of a day."""
    monkeypatch.setattr(session, "EXPIRING_S", 1.0)
    with running_kdc(tmp_path / "short") as short:
        short.kadmin('modprinc -maxlife "2 seconds" -maxrenewlife "6 seconds" alice')
        write_profile(layer, "short", short.krb5_conf.read_text())
        broker = make_broker()
        seen = states(broker)
        identity = await broker.login("ann", "short", "alice", "alice-password")
        started = time.time()
        assert identity.expires_at <= started + 2.5

        async def ended():
            return (await broker.identity("ann", "short")).state == "expired"

        await eventually(ended)
        last = await broker.identity("ann", "short")
        assert time.time() >= identity.renew_until - 1
        assert [state for _, _, state in seen].count("renewing") >= 2
        assert "error" not in [state for _, _, state in seen]
        assert ("ann", "short", "expiring") in seen
        assert last.reason.code == "session_ended"
        assert (last.principal, last.user) == ("", "alice")  # a login form proposes who it was
        assert broker.session("ann", "short") is None
        # A login brings everything back.
        assert (await broker.login("ann", "short", "alice", "alice-password")).state == "valid"


async def test_an_identity_goes_on_while_its_kdc_is_away(make_broker, layer, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "FIRST_PAUSE_S", 0.2)
    broker = make_broker()
    with running_kdc(tmp_path / "fragile") as fragile:
        write_profile(layer, "fragile", fragile.krb5_conf.read_text())
        await broker.login("ann", "fragile", "alice", "alice-password")
    with pytest.raises(failures.KdcUnreachable):
        await broker.renew("ann", "fragile")
    identity = await broker.identity("ann", "fragile")
    assert (identity.state, identity.reason.code) == ("error", "kdc_unreachable")
    assert broker.session("ann", "fragile") is not None


# -- without a person -------------------------------------------------------------------------


async def test_a_keytab_counts_in_an_administrators_layer_only(make_broker, layer, tmp_path, kdc):
    keytab = tmp_path / "carol.keytab"
    kdc.kadmin(f"ktadd -norandkey -k {keytab} carol")
    toml = f'[auth]\nprincipal = "carol"\nkeytab = "{keytab}"\n'
    write_profile(layer, "own", kdc.krb5_conf.read_text(), toml)
    write_profile(tmp_path / "system", "shared", kdc.krb5_conf.read_text(), toml)
    broker = make_broker()
    own = broker._profiles.get("own")
    assert own.config.auth.keytab is None
    assert ("auth.keytab", "warning") in [(p.key, p.severity) for p in own.problems]

    shared = broker._profiles.get("shared")
    assert not broker.peek("ann", shared).interactive
    (identity, auth), again = await asyncio.gather(
        broker.auth("ann", shared), broker.auth("ann", shared)
    )
    assert (identity.user, identity.method) == ("carol", "keytab")
    assert auth is not None
    assert again[0] == identity


async def test_a_keytab_that_does_not_work_says_why(make_broker, tmp_path, kdc):
    toml = '[auth]\nprincipal = "carol"\nkeytab = "/nowhere.keytab"\n'
    write_profile(tmp_path / "system", "shared", kdc.krb5_conf.read_text(), toml)
    broker = make_broker()
    identity, auth = await broker.auth("ann", broker._profiles.get("shared"))
    assert auth is None
    assert identity.state == "error"
    assert "keytab" in identity.reason.message
    assert identity.reason.code == "misconfigured"


async def test_tickets_of_pam_are_followed(make_broker, layer, tmp_path, kdc, realm):
    await realm.login("alice@PROD.EXAMPLE.COM", "alice-password")
    toml = f'[auth]\nccache = "FILE:{realm.tickets}"\n'
    write_profile(layer, "pam", kdc.krb5_conf.read_text(), toml)
    broker = make_broker()
    identity, auth = await broker.auth("ann", broker._profiles.get("pam"))
    assert (identity.user, identity.method) == ("alice", "ccache")
    assert auth is not None
    await realm.login("bob@PROD.EXAMPLE.COM", "bob-password")
    assert (await broker.renew("ann", "pam")).user == "bob"


# -- written down, and limited ----------------------------------------------------------------


async def test_what_happened_is_written_down_without_secrets(make_broker, tmp_path):
    audit = AuditLog(tmp_path / "audit.log")
    broker = make_broker(audit=audit)
    with pytest.raises(failures.WrongPassword):
        await broker.login("ann", "prod", "alice", "wrong-canary")
    await broker.login("ann", "prod", "alice", "alice-password")
    await broker.logout("ann")
    await audit.close()
    lines = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert [(line["action"], line["outcome"]) for line in lines] == [
        ("login", "wrong_password"),
        ("login", "ok"),
        ("logout", "ok"),
    ]
    assert {line["user"] for line in lines} == {"ann"}
    assert lines[1]["principal"] == "alice@PROD.EXAMPLE.COM"
    assert lines[1]["lifetime_s"] > 3000
    text = (tmp_path / "audit.log").read_text()
    assert "canary" not in text
    assert "alice-password" not in text


async def test_logins_are_limited(make_broker):
    broker = make_broker(limit=LoginLimit(2))
    for _ in range(2):
        with pytest.raises(failures.WrongPassword):
            await broker.login("ann", "prod", "alice", "wrong")
    with pytest.raises(RateLimited):
        await broker.login("ann", "prod", "alice", "alice-password")
    assert (await broker.login("ben", "prod", "bob", "bob-password")).user == "bob"


async def test_a_changed_realm_ends_the_login(make_broker, layer, kdc):
    broker = make_broker()
    await broker.login("ann", "prod", "alice", "alice-password")
    (layer / "prod" / "cluster.toml").write_text('[kerberos]\nrealm = "ELSEWHERE.COM"\n')
    assert (await broker.identity("ann", "prod")).state == "none"
    (layer / "prod" / "cluster.toml").write_text('title = "Production"\n')
    assert (await broker.identity("ann", "prod")).user == "alice"
