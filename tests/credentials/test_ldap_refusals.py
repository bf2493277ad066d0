"""What directories answer that the sandbox's does not: Active Directory, 389, broken ones."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from jupyter_ext.credentials import failures, ldap_failures
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.errors import (
    BadAnswer,
    Forbidden,
    InvalidInput,
    JupyterExtError,
    Misconfigured,
    Unreachable,
)
from tests import profiles
from tests.conftest import eventually
from tests.fakes.certificates import Authority
from tests.fakes.ldap_server import BIND, EXTENDED, SEARCH, Request, ldap_server
from tests.fakes.raw_server import black_hole
from tests.ldap_profiles import ldap_profile, refusing, served

ALICE = "uid=alice,ou=people,dc=example,dc=com"
PASSWORD = "canary-password"
ACTIVE_DIRECTORY = (
    "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {}, v2580\0"
)


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def serve(authority):
    """Serve a directory with TLS; gives the server and a profile of it."""
    return partial(served, authority=authority)


def knowing(*found, references=()):
    """Let everybody in; searches find one list of entries after the other."""
    left = list(found)

    def script(request: Request) -> bytes:
        if request.kind != SEARCH:
            return request.result()
        entries = [request.entry(name, **attributes) for name, attributes in left.pop(0)]
        return b"".join([*entries, *map(request.reference, references), request.result()])

    return script


def text(error: pytest.ExceptionInfo[JupyterExtError]) -> str:
    assert error.value.cluster == "prod"
    said = f"{error.value.message} {error.value.hint}"
    assert PASSWORD not in said
    return said


async def refusal(serve, script, user: str = "alice", **changes) -> JupyterExtError:
    async with serve(script, **changes) as (server, where):
        with pytest.raises(JupyterExtError) as error:
            await Directory(where).login(user, PASSWORD)
        assert server.kinds == [BIND]
    text(error)
    return error.value


# -- nothing is sent --------------------------------------------------------------------------


async def test_an_empty_password_is_sent_nowhere(serve):
    async with serve(knowing()) as (server, where):
        with pytest.raises(InvalidInput, match="empty"):
            await Directory(where).login("alice", "")
        assert server.connections == 0


@pytest.mark.parametrize("code", [1, 2, 52, 53])
async def test_nothing_is_sent_to_who_refuses_starttls(authority, code):
    async with ldap_server(lambda request: request.result(code, "no TLS today")) as server:
        where = ldap_profile(authority, f"ldap://localhost:{server.port}")
        for attempt in (Directory(where).login("alice", PASSWORD), Directory(where).check_tls()):
            with pytest.raises(Misconfigured) as error:
                await attempt
            assert "refuses StartTLS (no TLS today)" in text(error)
            assert "nothing was sent" in text(error)
            assert "use an ldaps:// address" in text(error)
        assert server.kinds == [EXTENDED, EXTENDED]


async def test_nothing_is_sent_to_who_promises_starttls_and_stays_in_clear(authority):
    def script(request: Request) -> bytes:
        return request.result() + request.result()  # instead of a TLS greeting

    async with ldap_server(script) as server:
        where = ldap_profile(authority, f"ldap://localhost:{server.port}")
        with pytest.raises(BadAnswer):
            await Directory(where).login("alice", PASSWORD)
        assert server.kinds == [EXTENDED]


async def test_a_referral_is_not_followed_when_binding(serve):
    async with ldap_server(knowing()) as other:
        elsewhere = f"ldap://localhost:{other.port}"
        script = refusing(10, referrals=[f"{elsewhere}/dc=example,dc=com"])
        error = await refusal(serve, script)
        assert isinstance(error, Misconfigured)
        assert f"refers to another server (localhost:{other.port})" in error.message
        assert other.connections == 0


async def test_a_referral_is_not_followed_when_searching(serve):
    async with ldap_server(knowing()) as other:
        elsewhere = f"ldap://localhost:{other.port}/dc=example,dc=com"
        found = [(ALICE, {"cn": ["Alice Abel"], "memberOf": ["cn=analysts,dc=example,dc=com"]})]
        async with serve(knowing(found, references=[elsewhere])) as (_, where):
            account = await Directory(where).login("alice", PASSWORD)
        assert account.groups == ["analysts"]

        def script(request: Request) -> bytes:
            return request.result(10 if request.kind == SEARCH else 0, referrals=[elsewhere])

        async with serve(script) as (_, where):
            with pytest.raises(Misconfigured) as error:
                await Directory(where).login("alice", PASSWORD)
        assert "refers to another server" in text(error)
        assert other.connections == 0


# -- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ("525", failures.UnknownUser, "has no user alice"),
        ("52e", failures.WrongPassword, "Wrong password for alice"),
        ("530", Forbidden, "at this time of day"),
        ("531", Forbidden, "from this machine"),
        ("532", failures.PasswordExpired, "has expired"),
        ("533", failures.AccountLocked, "locked or disabled"),
        ("701", failures.AccountExpired, "The account alice of Production has expired"),
        ("773", failures.PasswordExpired, "must be changed"),
        ("775", failures.AccountLocked, "locked or disabled"),
        ("9999", failures.WrongPassword, "Wrong password for alice"),
    ],
)
async def test_active_directory_says_why(serve, data, kind, said):
    error = await refusal(
        serve,
        refusing(49, ACTIVE_DIRECTORY.format(data)),
        realm="CORP.EXAMPLE.COM",
        ldap={"user_attribute": "sAMAccountName"},
    )
    assert type(error) is kind
    assert said in error.message


@pytest.mark.parametrize(
    ("code", "told", "kind", "said"),
    [
        (1, "oops", BadAnswer, "answered operationsError (1) (oops)"),
        (7, "", Misconfigured, "takes no passwords (simple bind)"),
        (8, "", Misconfigured, "demands more protection"),
        (13, "TLS needed", Misconfigured, "demands more protection than this TLS connection"),
        (19, "Exceed password retry limit.", failures.AccountLocked, "locked or disabled"),
        (32, "", Misconfigured, "ldap.base_dn and ldap.user_attribute"),
        (34, "invalid DN", Misconfigured, "(invalid DN)"),
        (48, "", Forbidden, "does not let alice log in like this"),
        (49, "", failures.WrongPassword, "Wrong password for alice"),
        (50, "", Forbidden, "does not let you look yourself up"),
        (51, "", ldap_failures.DirectoryUnavailable, "cannot serve anybody now"),
        (52, "shutting down", ldap_failures.DirectoryUnavailable, "now (shutting down)"),
        (53, "Account inactivated. Contact...", failures.AccountLocked, "locked or disabled"),
        (53, "not like this", Forbidden, "(not like this)"),
        (99, "", BadAnswer, "an unknown code (99)"),
    ],
)
async def test_result_codes(serve, code, told, kind, said):
    error = await refusal(serve, refusing(code, told))
    assert type(error) is kind
    assert said in error.message


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (0, failures.PasswordExpired, "has expired"),
        (1, failures.AccountLocked, "locked"),
        (2, failures.PasswordExpired, "must be changed"),
        (3, failures.PasswordRejected, "may not be changed"),
        (4, failures.PasswordRejected, "the old one is needed"),
        (5, failures.PasswordRejected, "too easy to guess"),
        (6, failures.PasswordRejected, "too short"),
        (7, failures.PasswordRejected, "too young"),
        (8, failures.PasswordRejected, "was used before"),
    ],
)
@pytest.mark.parametrize("code", [0, 49])
@pytest.mark.parametrize("warning", [b"", b"\xa0\x04\x80\x02\x0e\x10", b"\xa0\x03\x81\x01\x02"])
async def test_every_error_of_the_password_policy_control(number, kind, said, code, warning):
    value = warning + bytes([0x81, 1, number])
    control = {"value": bytes([0x30, len(value)]) + value}
    result = {"result": code, "controls": {ldap_failures.POLICY: control}}
    error = ldap_failures.bind(profiles.profile("prod"), "alice", result)
    assert type(error) is kind
    assert said in error.message


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\x30\x00",
        b"\x30\x06\xa0\x04\x80\x02\x0e\x10",
        b"\x30",
        b"\x30\x02\x81",
        b"x" * 9,
    ],
)
async def test_a_control_without_an_error_refuses_nobody(value):
    result = {"result": 0, "controls": {ldap_failures.POLICY: {"value": value}}}
    assert ldap_failures.bind(profiles.profile("prod"), "alice", result) is None


# -- what it knows ----------------------------------------------------------------------------


async def test_active_directory_is_told_a_principal(serve):
    member = ["CN=Data Science,OU=Groups,DC=corp", "CN=R\\, D,DC=corp", "cn=M\\C3\\BCsli\\2Cx+l=y"]
    found = [("CN=Alice,DC=corp", {"displayName": ["Alice A."], "cn": ["x"], "memberOf": member})]
    async with serve(
        knowing(found), realm="CORP.EXAMPLE.COM", ldap={"user_attribute": "sAMAccountName"}
    ) as (server, where):
        account = await Directory(where).login("alice@corp.example.com", PASSWORD)
        bind, search = server.requests[:2]
        assert (bind.name, bind.password) == ("alice@CORP.EXAMPLE.COM", PASSWORD)
        assert b"sAMAccountName\x04\x05alice" in search.body
    assert (account.display_name, account.groups) == (
        "Alice A.",
        ["Data Science", "Müsli,x", "R, D"],
    )


@pytest.mark.parametrize("account", ["alice", "aabel"])
async def test_active_directory_knows_names_of_another_domain(serve, account):
    attributes = {"cn": ["Alice"], "memberOf": ["CN=x"], "sAMAccountName": [account]}
    async with serve(
        knowing([("CN=Alice,DC=corp", attributes)]), ldap={"user_attribute": "sAMAccountName"}
    ) as (server, where):
        login = Directory(where).login("alice@mail.example", PASSWORD)
        if account == "alice":
            assert (await login).groups == ["x"]
        else:
            with pytest.raises(InvalidInput, match="writes this name aabel"):
                await login
        bind, search = server.requests[:2]
        assert bind.name == "alice@mail.example"
        assert b"userPrincipalName\x04\x12alice@mail.example" in search.body


async def test_active_directory_needs_a_realm(serve):
    async with serve(knowing(), ldap={"user_attribute": "sAMAccountName"}) as (server, where):
        with pytest.raises(Misconfigured, match="which realm its Active Directory is of"):
            await Directory(where).login("alice", PASSWORD)
        assert server.connections == 0


async def test_groups_by_user_name_and_by_number(serve):
    found = [(ALICE, {"cn": ["Alice"], "gidNumber": ["100"]})]
    groups = [("cn=users,dc=x", {"cn": ["users"]}), ("cn=wheel,dc=x", {"cn": ["wheel", "w"]})]
    async with serve(knowing(found, groups)) as (server, where):
        account = await Directory(where).login("alice", PASSWORD)
        assert b"memberUid\x04\x05alice" in server.requests[2].body
        assert b"gidNumber\x04\x03100" in server.requests[2].body
    assert account.groups == ["users", "wheel"]


async def test_two_people_of_one_name(serve):
    found = [(ALICE, {"cn": ["Alice"]}), ("uid=alice,ou=guests", {"cn": ["Alice"]})]
    async with serve(knowing(found)) as (_, where):
        with pytest.raises(BadAnswer) as error:
            await Directory(where).login("alice", PASSWORD)
    assert "several users alice" in text(error)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("alice", ALICE),
        ("a,b", "uid=a\\,b,ou=people,dc=example,dc=com"),
        ('#"+;<=>\\', 'uid=\\#\\"\\+\\;\\<\\=\\>\\\\,ou=people,dc=example,dc=com'),
        ("alice@elsewhere", "uid=alice@elsewhere,ou=people,dc=example,dc=com"),
    ],
)
async def test_a_name_stays_one_name(serve, user, name):
    async with serve(refusing(49)) as (server, where):
        with pytest.raises(failures.WrongPassword):
            await Directory(where).login(user, PASSWORD)
        assert server.requests[0].name == name


# -- silence ----------------------------------------------------------------------------------


def ldap_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("ldap")]


async def ended() -> None:
    """Wait until no thread is busy with a directory."""
    await eventually(lambda: not ldap_threads())


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
async def test_a_black_hole_costs_the_limit_and_no_thread(authority, scheme):
    async with black_hole() as hole:
        where = ldap_profile(authority, f"{scheme}://localhost:{hole.port}")
        with pytest.raises(Unreachable) as error:
            await Directory(where, timeout_s=0.2).login("alice", PASSWORD)
        assert f"localhost:{hole.port} was not done within 0.2 s" in text(error)
        await ended()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
async def test_each_answer_has_a_limit(authority, scheme):
    async with black_hole() as hole:
        where = ldap_profile(authority, f"{scheme}://localhost:{hole.port}")
        with pytest.raises(Unreachable) as error:
            await Directory(where, receive_timeout_s=1).check_tls()
        assert "does not answer in time" in text(error)
    await ended()


@pytest.mark.parametrize("silent", [BIND, SEARCH])
async def test_a_login_that_is_cancelled_leaves_nothing_behind(serve, silent):
    def script(request: Request) -> bytes:
        return b"" if request.kind == silent else request.result()

    async with serve(script) as (server, where):
        login = asyncio.create_task(Directory(where).login("alice", PASSWORD))
        await eventually(lambda: silent in server.kinds)
        login.cancel()
        with pytest.raises(asyncio.CancelledError):
            await login
        await eventually(lambda: not server.open)
        await ended()


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x03\x02\x01",
        b"\x30\x00",
        b"\xff" * 40,
        b"\0" * 9,
    ],
)
async def test_what_is_not_ldap_is_told_apart(authority, said):
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.write_eof()

    server = await asyncio.start_server(script, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(BadAnswer) as error:
            await Directory(ldap_profile(authority, f"ldap://localhost:{port}")).login(
                "a", PASSWORD
            )
    assert "Does ldap.url really name an LDAP server?" in text(error)
