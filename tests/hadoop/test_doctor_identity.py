"""What the doctor finds with somebody's identity: tickets, SPNEGO, the directory, tokens."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys

import pytest

from jupyter_ext.clusters.models import ClusterConfig
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.headless import HeadlessLogins
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.credentials.policy import nobody
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import Unreachable
from jupyter_ext.hadoop.access import LoggedIn, Nobody, open_desk
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.doctor import examine
from jupyter_ext.hadoop.tokens import TokenDesk
from tests.fakes.certificates import Authority
from tests.fakes.ldap_server import ldap_server
from tests.fakes.raw_server import always, closed_port, raw_server, reply
from tests.hadoop.examined import info, profile, resourcemanager
from tests.kdc import running_kdc
from tests.ldap_profiles import refusing, with_ldap
from tests.profiles import endpoints

REALM = "PROD.EXAMPLE.COM"
NEEDS_SOMEBODY = ("login", "ticket", "spnego", "bind", "token", "resourcemanager", "namenode")


@pytest.fixture
def prod(sandbox):
    return ProfileStore(sandbox.layers).get("prod")


class Tickets(Nobody):
    """Asks every cluster with the tickets of one directory.

    Whoever changed what proves it in a profile would have to log in again: tests that do so keep
    what they have.
    """

    def __init__(self, profile, directory):
        tickets = ServiceTickets(profile, directory / "krb5cc", directory / "krb5.conf")
        self.auth = Negotiate(f"alice@{profile.realm}", tickets)

    def identity(self, profile):
        return nobody(profile).model_copy(
            update={"state": "valid", "principal": self.auth.principal, "user": "alice"}
        )

    async def open(self, profile):
        return Hadoop.open(profile, auth=self.auth)


@pytest.fixture
def log_in(tmp_path):
    """Log alice in to the realm of a profile."""

    async def log_in(profile):
        directory = tmp_path / "identity"
        directory.mkdir(mode=0o700)
        await Realm(profile, directory).login(f"alice@{profile.realm}", "alice-password")
        return Tickets(profile, directory)

    return log_in


@pytest.fixture
def alice(prod, log_in, jp_asyncio_loop):
    """Access of who is alice on prod."""
    return jp_asyncio_loop.run_until_complete(log_in(prod))


async def checks(profile, access, **options):
    """Examine; gives the checks by name and target."""
    report = await examine(profile, access=access, **options)
    return {(check.name, check.target): check for check in report.checks}


async def test_who_is_logged_in_has_everything_checked(sandbox, prod, alice):
    report = await examine(prod, access=alice)
    assert report.healthy
    found = {(check.name, check.target): check for check in report.checks}
    assert {check.verdict for check in report.checks} == {"ok"}
    rm, nn = sandbox.resourcemanager("prod"), sandbox.namenode("prod")
    assert found["login", REALM].message == f"You are alice@{REALM}."
    assert "You have one, for another " in found["ticket", f"HTTP/localhost@{REALM}"].message
    for url in (rm, nn):
        assert "proves in turn that it is the service" in found["spnego", url].message
        assert "Agrees with this machine's." in found["clock", url].message
    ldaps = prod.config.ldap.url
    assert found["tls", ldaps].message.startswith("TLSv1.3. Trusted; valid until 20")
    assert "for uid=alice,ou=people,dc=example,dc=com." in found["bind", ldaps].message
    tokens = [check for check in report.checks if check.name == "token"]
    assert sorted(check.target.partition(" ")[0] for check in tokens) == [
        "hdfs",
        "resourcemanager",
    ]
    assert {check.message for check in tokens} == {"Was given, and taken back."}
    assert found["resourcemanager", "YARN"].verdict == "ok"
    assert found["namenode", "HDFS"].verdict == "ok"


async def test_a_token_that_cannot_be_given_back(prod, alice, monkeypatch):
    async def cancel(desk, minted):
        raise Unreachable("It went away.")

    monkeypatch.setattr(TokenDesk, "cancel", cancel)
    report = await examine(prod, access=alice)
    tokens = [check for check in report.checks if check.name == "token"]
    assert [check.verdict for check in tokens] == ["warning"] * 2
    assert {check.message for check in tokens} == {
        "Was given, but could not be given back: It went away."
    }
    assert report.healthy


async def test_on_the_command_line(sandbox, tmp_path, monkeypatch):
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    logins = HeadlessLogins(ProfileStore(sandbox.layers), open_desk)

    async def verdicts():
        doctor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyter_ext.cli", "doctor", "prod", "--json"),
            env={**sandbox.environment, "XDG_RUNTIME_DIR": str(directory)},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await doctor.communicate()
        assert doctor.returncode == 0, said
        return {check["name"]: check["verdict"] for check in json.loads(said)["checks"]}

    assert (await verdicts())["spnego"] == "skipped"
    await logins.login("prod", "alice", "alice-password")
    try:
        found = await verdicts()
        assert [found[name] for name in NEEDS_SOMEBODY] == ["ok"] * len(NEEDS_SOMEBODY)
    finally:
        await logins.logout("prod")


async def test_through_the_server(sandbox, jp_fetch, jp_config_dir):
    shutil.copytree(sandbox.profile_dir("prod"), jp_config_dir / "clusters" / "prod")

    async def post(*path, **body):
        answer = await jp_fetch("jupyter-ext", *path, method="POST", body=json.dumps(body))
        return json.loads(answer.body)

    before = await post("clusters", "prod", "doctor")
    await post("credentials", "prod", "login", user="alice", password="alice-password")
    after = await post("clusters", "prod", "doctor")
    verdicts = [
        {check["name"]: check["verdict"] for check in report["checks"]}
        for report in (before, after)
    ]
    for name in NEEDS_SOMEBODY:
        assert [verdict[name] for verdict in verdicts] == ["skipped", "ok"], name
    [login] = [check for check in after["checks"] if check["name"] == "login"]
    assert login["message"].startswith(f"You are alice@{REALM} for another ")


async def test_a_host_that_the_realm_does_not_know(sandbox, prod, alice):
    url = sandbox.resourcemanager("prod").replace("localhost", "127.0.0.1")
    found = await checks(prod.model_copy(update={"endpoints": endpoints([url])}), alice)
    ticket = found["ticket", f"HTTP/127.0.0.1@{REALM}"]
    assert ticket.verdict == "failed"
    assert f"has no service HTTP/127.0.0.1@{REALM}" in ticket.message
    assert "domain_realm" in ticket.remedy
    assert found["spnego", url].verdict == "skipped"
    assert found["spnego", url].message == "There is no ticket for it."


async def test_a_daemon_that_does_not_prove_who_it_is(prod, alice):
    impostor = always(reply(info(), Content_Type="application/json"))
    async with raw_server(impostor) as server:
        where = endpoints([server.url()])
        found = await checks(prod.model_copy(update={"endpoints": where}), alice)
        check = found["spnego", server.url()]
    assert check.verdict == "failed"
    assert "does not prove that it is the service HTTP/localhost" in check.message
    assert "answers in its place" in check.remedy


async def test_a_daemon_that_refuses_the_ticket(prod, alice):
    async with raw_server(always(reply(status="401 No", WWW_Authenticate="Negotiate"))) as server:
        where = endpoints([server.url()])
        found = await checks(prod.model_copy(update={"endpoints": where}), alice)
        check = found["spnego", server.url()]
        token = found["token", "resourcemanager"]
    assert check.verdict == "failed"
    assert "does not accept your ticket" in check.message
    assert "keytab older" in check.remedy
    assert token.verdict == "failed"


async def test_a_daemon_that_wants_no_ticket(prod, alice, tmp_path):
    authority = Authority(tmp_path)
    async with raw_server(resourcemanager(), authority.server()) as server:
        url = server.url(scheme="https")
        changes = {"endpoints": endpoints([url]), "ca_file": str(authority.ca_file)}
        found = await checks(prod.model_copy(update=changes), alice)
    assert found["spnego", url].verdict == "warning"
    assert "without having looked at a ticket" in found["spnego", url].message
    assert found["auth", url].verdict == "warning"


async def test_nothing_is_shown_to_a_directory_that_is_not_trusted(sandbox, prod, alice):
    url = f"ldaps://127.0.0.1:{sandbox.port('prod', 'ldaps')}"
    found = await checks(with_ldap(prod, url=url), alice)
    assert found["tls", url].verdict == "failed"
    assert "does not prove who it is" in found["tls", url].message
    assert found["bind", url].verdict == "skipped"
    assert found["bind", url].message == "Nothing is sent to it."


async def test_a_directory_that_refuses_the_ticket(prod, alice, tmp_path):
    authority = Authority(tmp_path)
    async with ldap_server(refusing(49), authority.server()) as server:
        url = f"ldaps://localhost:{server.port}"
        changes = {"ca_file": str(authority.ca_file)}
        found = await checks(with_ldap(prod, url=url).model_copy(update=changes), alice)
    assert found["tls", url].verdict == "ok"
    assert found["bind", url].verdict == "failed"
    assert "does not accept your ticket" in found["bind", url].message


async def test_a_cluster_that_is_for_others(sandbox, tmp_path):
    layer = tmp_path / "clusters"
    shutil.copytree(sandbox.profile_dir("prod"), layer / "prod")
    toml = layer / "prod" / "cluster.toml"
    toml.write_text(f'allowed_groups = ["nobody"]\n{toml.read_text()}')
    store = ProfileStore([("system", layer)])
    runtime = RuntimeDirectory(tmp_path / "runtime")
    broker = Broker(store, runtime, prover=prover)
    await broker.login("ann", "prod", "alice", "alice-password")
    await broker.session("ann", "prod").settled(20)
    found = await checks(store.get("prod"), LoggedIn(broker, "ann"))
    await broker.close()
    runtime.close()
    assert found["login", REALM].verdict == "failed"
    assert "only for members of nobody" in found["login", REALM].message
    # Its daemons are looked at as by anybody else.
    assert found["ticket", f"HTTP/localhost@{REALM}"].message == "Log in first."
    assert found["auth", sandbox.namenode("prod")].verdict == "ok"


async def test_a_directory_without_kerberos(prod):
    config = ClusterConfig(ldap=prod.config.ldap)
    found = await checks(profile(config=config, ca_file=prod.ca_file), Nobody())
    assert found["login", "localhost"].verdict == "skipped"
    assert found["tls", prod.config.ldap.url].verdict == "ok"
    assert not [name for name, _ in found if name in ("bind", "ticket", "spnego", "token")]


async def test_a_kdc_that_went_away_after_the_login(tmp_path, log_in):
    url = f"http://localhost:{closed_port()}"
    with running_kdc(tmp_path / "realm") as kdc:
        config = ClusterConfig.model_validate({"kerberos": {"kdc": [kdc.address]}})
        values = {"auth": "kerberos", "realm": REALM, "config": config}
        lab = profile([url], krb5_conf=str(kdc.krb5_conf), **values)
        access = await log_in(lab)
    found = await checks(lab, access)
    assert found["tcp", kdc.address].verdict == "failed"
    ticket = found["ticket", f"HTTP/localhost@{REALM}"]
    assert ticket.verdict == "failed"
    assert f"No KDC of {REALM} answers" in ticket.message
    assert found["spnego", url].message == "There is no ticket for it."
    [token] = [check for (name, _), check in found.items() if name == "token"]
    assert token.verdict == "failed"
    assert f"No KDC of {REALM} answers" in token.message


async def test_a_login_that_nobody_types_fails(sandbox, tmp_path, jp_asyncio_loop):
    layer = tmp_path / "clusters"
    shutil.copytree(sandbox.profile_dir("prod"), layer / "prod")
    with (layer / "prod" / "cluster.toml").open("a") as file:
        file.write(f'\n[auth]\nkeytab = "/nowhere.keytab"\nprincipal = "alice@{REALM}"\n')
    store = ProfileStore([("system", layer)])
    runtime = RuntimeDirectory(tmp_path / "runtime")
    broker = Broker(store, runtime, prover=prover)
    found = await checks(store.get("prod"), LoggedIn(broker, "ann"))
    await broker.close()
    runtime.close()
    assert found["login", REALM].verdict == "failed"
    assert "keytab of" in found["login", REALM].message
    assert "auth.keytab" in found["login", REALM].remedy
    assert found["token", "prod"].message == "Log in first."
