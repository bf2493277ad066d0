"""The sandbox's directory: who it lets in, what it tells, and what nobody gets to see."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import failures
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.credentials.ldap_place import bind_name, place
from jupyter_ext.credentials.models import Account
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import (
    BadAnswer,
    InvalidInput,
    JupyterExtError,
    Misconfigured,
    Unreachable,
    Untrusted,
)
from tests.conftest import eventually
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import closed_port
from tests.ldap_profiles import with_ldap

ALICE = Account(display_name="Alice Abel", mail="alice@example.com", groups=["analysts"])
PASSWORD = "alice-password"


@pytest.fixture
def prod(sandbox) -> Profile:
    return ProfileStore(sandbox.layers).get("prod")


@pytest.fixture
def starttls(prod, sandbox) -> Profile:
    return with_ldap(prod, url=f"ldap://localhost:{sandbox.port('prod', 'ldap')}")


@pytest.fixture
def tickets(sandbox, prod, tmp_path, monkeypatch) -> ServiceTickets:
    """Alice's; the process itself knows no realm and has no tickets."""
    monkeypatch.setenv("KRB5_CONFIG", "/nonexistent")
    monkeypatch.setenv("KRB5CCNAME", "FILE:/nonexistent")
    status, said = sandbox.kinit("alice", tmp_path / "krb5cc")
    assert status == 0, said
    return ServiceTickets(prod, tmp_path / "krb5cc", sandbox.krb5_conf)


def text(error: pytest.ExceptionInfo[JupyterExtError]) -> str:
    assert error.value.cluster == "prod"
    return f"{error.value.message} {error.value.hint}"


# -- who gets in ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["prod", "starttls"])
@pytest.mark.parametrize("user", ["alice", "alice@PROD.EXAMPLE.COM"])
async def test_a_password_opens_it_over_tls(request, place, user):
    directory = Directory(request.getfixturevalue(place))
    assert await directory.login(user, PASSWORD) == ALICE


@pytest.mark.parametrize("place", ["prod", "starttls"])
@pytest.mark.parametrize("user", ["alice", "alice@PROD.EXAMPLE.COM"])
async def test_a_ticket_opens_it_without_a_password(request, tickets, place, user):
    directory = Directory(request.getfixturevalue(place))
    assert await directory.account_by_ticket(user, tickets) == ALICE


async def test_groups_are_those_of_the_person(prod):
    carol = await Directory(prod).login("carol", "carol-password")
    assert carol.groups == ["engineers"]


async def test_no_groups_where_there_are_none(prod):
    profile = with_ldap(prod, group_dn=None)  # below base_dn there are people only
    assert (await Directory(profile).login("alice", PASSWORD)).groups == []


@pytest.mark.parametrize(
    ("user", "password", "kind", "said"),
    [
        ("alice", "not hers", failures.WrongPassword, "Wrong password for alice, or"),
        ("nobody", "whatever", failures.WrongPassword, "has no such user"),
        ("dave", "dave-password", failures.PasswordExpired, "The password of dave has expired"),
        ("mustchange", "mustchange-password", failures.PasswordExpired, "must be changed"),
        ("erin", "erin-password", failures.AccountLocked, "locked or disabled"),
        # OpenLDAP says of an account past its end that it is locked.
        ("lapsed", "lapsed-password", failures.AccountLocked, "locked or disabled"),
    ],
)
async def test_others_do_not_get_in_and_learn_why(prod, user, password, kind, said):
    with pytest.raises(kind) as error:
        await Directory(prod).login(user, password)
    assert said in text(error)
    assert password not in text(error)


async def test_three_wrong_passwords_lock_for_a_while(prod):
    directory = Directory(prod)
    for _ in range(3):
        with pytest.raises(failures.WrongPassword):
            await directory.login("lockout", "wrong")
    with pytest.raises(failures.AccountLocked) as error:
        await directory.login("lockout", "lockout-password")
    assert "wait if too many wrong ones locked it" in text(error)

    async def opened() -> bool:
        try:
            return bool(await directory.login("lockout", "lockout-password"))
        except failures.AccountLocked:
            return False

    await eventually(opened)


@pytest.mark.parametrize("user", ["*", "al*", "alice)(uid=*", "alice\\2a", "a,ou=people", "#x"])
async def test_special_characters_in_a_name_find_nobody(prod, tickets, user):
    with pytest.raises(failures.WrongPassword):
        await Directory(prod).login(user, PASSWORD)
    with pytest.raises(failures.UnknownUser) as error:
        await Directory(prod).account_by_ticket(user, tickets)
    assert user in text(error)
    assert "ldap.user_attribute" in text(error)


@pytest.mark.parametrize("user", ["ALICE", "Alice", "\uff41lice"])
async def test_a_name_is_spelt_as_the_directory_does(prod, tickets, user):
    """It ignores case and width; Hadoop, which is to believe the name, does not."""
    with pytest.raises(InvalidInput) as error:
        await Directory(prod).login(user, PASSWORD)
    assert "writes this name alice" in text(error)
    assert "Log in as alice." in text(error)
    assert await Directory(prod).account_by_ticket(user, tickets) == ALICE


@pytest.mark.parametrize("user", ["", " alice", "alice\0", "alice\n"])
async def test_what_is_no_name_is_not_sent(prod, tickets, user):
    with pytest.raises(InvalidInput):
        await Directory(prod).login(user, PASSWORD)
    with pytest.raises(InvalidInput):
        await Directory(prod).account_by_ticket(user, tickets)


async def test_a_password_that_no_directory_accepts(prod):
    with pytest.raises(InvalidInput) as error:
        await Directory(prod).login("alice", "tab\tbed")
    assert "tab" not in text(error)


# -- tickets ----------------------------------------------------------------------------------


async def test_without_a_ticket_a_login_is_needed(prod, tickets):
    tickets.path.unlink()
    with pytest.raises(failures.SessionEnded) as error:
        await Directory(prod).account_by_ticket("alice", tickets)
    assert "Log in again" in text(error)


async def test_a_host_that_the_realm_does_not_know(prod, sandbox, tickets):
    profile = with_ldap(prod, url=f"ldaps://127.0.0.1:{sandbox.port('prod', 'ldaps')}")
    with pytest.raises(failures.ServiceUnknown) as error:
        await Directory(profile).account_by_ticket("alice", tickets)
    assert "ldap/127.0.0.1@PROD.EXAMPLE.COM" in text(error)


async def test_a_profile_without_a_realm(prod, tickets):
    with pytest.raises(Misconfigured) as error:
        await Directory(prod.model_copy(update={"realm": None})).account_by_ticket("a", tickets)
    assert "kerberos.realm" in text(error)


async def test_a_ticket_tells_whom_it_is_for(prod, tickets):
    found = await Directory(prod).check_bind(tickets)
    assert found == "uid=alice,ou=people,dc=example,dc=com"


# -- trust ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "told"), [("prod", "TLSv1.3"), ("starttls", "by StartTLS")])
async def test_its_tls_can_be_looked_at(request, sandbox, place, told):
    channel = await Directory(request.getfixturevalue(place)).check_tls()
    assert told in str(channel)
    assert channel.host == "localhost"
    assert channel.port == sandbox.port("prod", "ldap" if channel.starttls else "ldaps")
    assert channel.certificate.startswith(b"\x30\x82")


@pytest.mark.parametrize("place", ["prod", "starttls"])
@pytest.mark.parametrize("trusted", ["another CA", "the system's CAs"])
async def test_a_certificate_of_another_ca_is_refused(request, tmp_path, place, trusted):
    ca_file = str(Authority(tmp_path).ca_file) if trusted == "another CA" else None
    profile = request.getfixturevalue(place).model_copy(update={"ca_file": ca_file})
    for attempt in (
        Directory(profile).check_tls(),
        Directory(profile).login("alice", PASSWORD),
    ):
        with pytest.raises(Untrusted) as error:
            await attempt
        assert "does not prove who it is" in text(error)
        assert "Nothing was sent to it" in text(error)
        assert "ca.pem" in text(error)


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_a_certificate_for_another_name_is_refused(prod, sandbox, scheme):
    profile = with_ldap(prod, url=f"{scheme}://127.0.0.1:{sandbox.port('prod', scheme)}")
    with pytest.raises(Untrusted) as error:
        await Directory(profile).login("alice", PASSWORD)
    assert "not valid for '127.0.0.1'" in text(error)
    assert "Use the name it was issued for" in text(error)


async def test_a_ca_file_that_is_none(prod, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(Misconfigured) as error:
        await Directory(prod.model_copy(update={"ca_file": str(path)})).check_tls()
    assert "has to hold PEM certificates" in text(error)


# -- the wrong place --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("ldaps://localhost:{ldap}", BadAnswer, "If it expects StartTLS, write ldap://"),
        ("ldap://localhost:{ldaps}", BadAnswer, "it hung up"),
        ("ldap://localhost:{kdc}", BadAnswer, "is not LDAP"),
        ("ldaps://localhost:{kdc}", BadAnswer, "no TLS handshake"),
        ("ldap://localhost:{namenode-http}", BadAnswer, "is not LDAP"),
        ("ldaps://localhost:{namenode-http}", BadAnswer, "no TLS handshake"),
        ("ldaps://localhost:{closed}", Unreachable, "nothing listens there"),
        ("ldaps://no.such.host.invalid", Unreachable, "its name does not resolve"),
        ("ldaps://localhost:99999", Misconfigured, "ldap.url of Production is no address"),
        ("ldaps://", Misconfigured, "is no address"),
    ],
)
async def test_an_address_that_is_none_of_a_directory(prod, sandbox, url, kind, said):
    names = ("ldap", "ldaps", "kdc", "namenode-http")
    ports = {name: sandbox.port("prod", name) for name in names}
    profile = with_ldap(prod, url=url.format_map(ports | {"closed": closed_port()}))
    with pytest.raises(kind) as error:
        await Directory(profile).check_tls()
    assert type(error.value) is kind
    assert said in text(error)


async def test_a_profile_without_a_directory(prod):
    config = prod.config.model_copy(update={"ldap": None})
    with pytest.raises(Misconfigured) as error:
        await Directory(prod.model_copy(update={"config": config})).login("alice", PASSWORD)
    assert "Set ldap.url and ldap.base_dn" in text(error)


@pytest.mark.parametrize("base", ["ou=nowhere,dc=example,dc=com", "nonsense"])
async def test_a_place_that_is_not_there(prod, tickets, base):
    with pytest.raises(Misconfigured) as error:
        await Directory(with_ldap(prod, base_dn=base)).account_by_ticket("alice", tickets)
    assert "ldap.base_dn" in text(error)


# -- secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["prod", "starttls"])
async def test_a_password_is_in_no_log_and_in_nothing_that_can_be_printed(request, caplog, place):
    """With every logger at its most talkative, ldap3's too."""
    profile = request.getfixturevalue(place)
    await Directory(profile).check_tls()  # loads ldap3
    from ldap3.utils import log

    detail = log.get_library_log_detail_level()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("ldap3").setLevel(logging.DEBUG)
        log.set_library_log_detail_level(log.EXTENDED)
        try:
            await Directory(profile).login("alice", PASSWORD)
            with pytest.raises(failures.WrongPassword) as error:
                await Directory(profile).login("alice", "canary-password")
        finally:
            log.set_library_log_detail_level(detail)
            logging.getLogger("ldap3").setLevel(logging.NOTSET)
    assert "uid=alice" in caplog.text  # it did talk
    for shown in (caplog.text, repr(error.value), str(vars(error.value))):
        assert PASSWORD not in shown
        assert "canary-password" not in shown


async def test_a_password_does_not_stay_in_the_connection(prod):
    await Directory(prod).check_tls()  # loads ldap3
    from jupyter_ext.credentials.ldap_connection import LdapConnection

    connection = LdapConnection(prod, place(prod), connect_timeout_s=3, receive_timeout_s=5)
    with connection:
        connection.bind_by_password(bind_name(prod, "alice"), "alice", PASSWORD)
        inner = connection._connection
        for shown in (repr(inner), str(inner), str(vars(inner)), str(vars(inner.strategy))):
            assert "localhost" in shown
            assert PASSWORD not in shown


def test_what_speaks_ldap_is_loaded_when_it_is_needed_and_without_a_warning():
    program = """
import asyncio, sys
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.errors import Unreachable
from tests.profiles import profile
from jupyter_ext.clusters.models import ClusterConfig
assert "ldap3" not in sys.modules
ldap = {"url": "ldaps://localhost:1", "base_dn": "dc=x"}
somewhere = profile("prod", config=ClusterConfig.model_validate({"ldap": ldap}))
try:
    asyncio.run(Directory(somewhere).check_tls())
except Unreachable as error:
    assert "nothing listens there" in error.message
assert "ldap3" in sys.modules
"""
    run = [sys.executable, "-W", "error::DeprecationWarning", "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
