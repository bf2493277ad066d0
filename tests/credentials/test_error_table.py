"""Everything that a KDC or a directory refuses, as a person gets to hear it: the whole table.

Each row is one thing that goes wrong, done to a real KDC or directory, and what the server answers
to the browser: the code by which the front end decides, what happened, and what to do about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_ext.sandbox.kdc import addprinc
from jupyter_ext.sandbox.people import PEOPLE
from tests.conftest import eventually
from tests.credentials.error_rows import (
    REALM,
    Refusal,
    Row,
    active_directory,
    check,
    conf,
    kdc_of,
    ldap_toml,
    rows,
    write,
)
from tests.fakes.certificates import Authority
from tests.fakes.ldap_server import BIND, Request, ldap_server
from tests.fakes.raw_server import closed_port
from tests.kdc import running_kdc

# -- clusters ---------------------------------------------------------------------------------


@pytest.fixture
def clusters(private_runtime: Path, jp_config_dir: Path) -> Path:
    """Where the server finds clusters."""
    return jp_config_dir / "clusters"


Post = Callable[..., object]


@pytest.fixture
def post(jp_fetch) -> Post:
    """Post to credentials/{cluster}/{verb}; gives the status and what it answers."""

    async def post(cluster, verb, **body):
        path = ("jupyter-ext", "credentials", cluster, verb)
        try:
            response = await jp_fetch(*path, method="POST", body=json.dumps(body))
        except HTTPClientError as error:
            response = error.response
        return response.code, json.loads(response.body)

    return post


# -- the KDC ----------------------------------------------------------------------------------


@rows(
    Row(
        "wrong password",
        *("alice", "not-hers"),
        *(403, "wrong_password", f"Wrong password for alice@{REALM}."),
        "may lock the account",
    ),
    Row(
        "empty password, which is sent nowhere",
        *("alice", ""),
        *(400, "invalid_input", "The password is empty."),
        "",
        at="closed",
    ),
    Row(
        "expired password",
        *("dave", "dave-password"),
        *(403, "password_expired", f"The password of dave@{REALM} has expired"),
        "Change it here",
    ),
    Row(
        "password that must be changed",
        *("mustchange", "mustchange-password"),
        *(403, "password_expired", "must be changed before its first use"),
        "Change it here",
    ),
    Row(
        "disabled account",
        *("erin", "erin-password"),
        *(403, "account_locked", f"The account erin@{REALM} is locked or disabled."),
        "Even the right password is refused now",
    ),
    Row(
        "expired account",
        *("lapsed", "lapsed-password"),
        *(403, "account_expired", f"The account lapsed@{REALM} has expired."),
        "Ask the realm's administrator",
    ),
    Row(
        "unknown principal",
        *("nobody", "what-ever"),
        *(403, "unknown_user", f"There is no user nobody@{REALM}."),
        f"Check the spelling. prod asks {REALM}.",
    ),
    Row(
        "KDC that is closed",
        *("alice", "alice-password"),
        *(504, "kdc_unreachable", f"No KDC of {REALM} answers ({{kdc}})."),
        "jupyter cluster doctor prod",
        at="closed",
    ),
    Row(
        "KDC that is a black hole",
        *("alice", "alice-password"),
        *(504, "kdc_unreachable", f"No KDC of {REALM} answers ({{kdc}}) within 0.5 s."),
        "Are you connected to its network?",
        at="a black hole",
    ),
    Row(
        "realm without a KDC",
        *("alice", "alice-password"),
        *(422, "misconfigured", f"does not say where the KDC of {REALM} is"),
        f"krb5.conf ([realms], {REALM}, kdc)",
        at="nowhere",
    ),
    Row(
        "clock skew",
        *("alice", "alice-password"),
        *(403, "clock_skew", "The clock of the KDC {kdc} is 600 s ahead of this machine's."),
        "by NTP",
        at="10 minutes ahead",
    ),
)
async def test_a_login_that_the_kdc_refuses(row, kdc, clusters, tmp_path, post):
    async with kdc_of(row.at, kdc, tmp_path / "kdc") as address:
        toml = "[kerberos]\ntimeout_s = 0.5\n" if row.at == "a black hole" else ""
        write(clusters / "prod", "kerberos", toml, conf(*filter(None, [address])))
        answer = await post("prod", "login", user=row.user, password=row.password)
    check(row, answer, "prod", kdc=address)


async def test_an_account_that_wrong_passwords_locked(kdc, clusters, post):
    write(clusters / "prod", "kerberos", krb5_conf=conf(kdc.address))
    try:
        for _ in range(3):
            _, error = await post("prod", "login", user="lockout", password="wrong")
            assert error["code"] == "wrong_password"
        status, error = await post("prod", "login", user="lockout", password="lockout-password")
    finally:
        kdc.kadmin("modprinc -unlock lockout")
    assert (status, error["code"]) == (403, "account_locked")
    assert "wait if too many wrong ones locked it" in error["hint"]


async def test_a_user_who_is_known_on_another_cluster(kdc, clusters, tmp_path, post):
    with running_kdc(tmp_path / "kdc", people=()) as other:
        write(clusters / "prod", "kerberos", krb5_conf=conf(kdc.address))
        write(clusters / "other", "kerberos", krb5_conf=conf(other.address))
        await post("prod", "login", user="alice", password="alice-password")
        status, error = await post("other", "login", user="alice", password="alice-password")
    assert (status, error["code"]) == (403, "unknown_user")
    assert error["hint"] == "You are alice on prod; this is other."


async def test_a_service_that_the_realm_does_not_know(kdc, clusters, post, jp_fetch):
    toml = '[ldap]\nurl = "ldaps://127.0.0.1"\nbase_dn = "dc=example,dc=com"\n'
    write(clusters / "prod", "kerberos", toml, conf(kdc.address))
    status, identity = await post("prod", "login", user="alice", password="alice-password")
    assert (status, identity["state"]) == (200, "valid")

    async def looked_up():
        response = await jp_fetch("jupyter-ext", "credentials", "prod")
        return json.loads(response.body)["account"]

    error = (await eventually(looked_up))["error"]
    assert error["code"] == "service_unknown"
    assert f"has no service ldap/127.0.0.1@{REALM}" in error["message"]
    assert "rdns and domain_realm in krb5.conf" in error["hint"]


async def test_a_renewal_that_comes_too_late(kdc, clusters, post, jp_fetch):
    write(clusters / "prod", "kerberos", krb5_conf=conf(kdc.address))
    kdc.kadmin('addprinc -pw brief-password -maxlife "3 seconds" -allow_renewable brief')
    try:
        await post("prod", "login", user="brief", password="brief-password")
        status, error = await post("prod", "renew")
    finally:
        kdc.kadmin("delprinc -force brief")
    assert (status, error["code"]) == (424, "session_ended")
    assert error["message"] == "Your login to prod has ended."
    assert error["hint"] == "Log in again."

    async def ended():
        response = await jp_fetch("jupyter-ext", "credentials", "prod")
        identity = json.loads(response.body)
        return identity if identity["state"] == "expired" else None

    assert (await eventually(ended))["reason"]["code"] == "session_ended"


# -- new passwords ----------------------------------------------------------------------------


@pytest.fixture
def strict(kdc):
    """Someone of whose passwords the realm demands something."""
    yield "strict"
    [person] = [person for person in PEOPLE if person.name == "strict"]
    kdc.kadmin("delprinc -force strict", addprinc(person))


@pytest.mark.parametrize(
    ("new", "reason"),
    [("brief", "too short"), ("strict-password", "used previously")],
    ids=["too short", "used before"],
)
async def test_a_new_password_that_the_kdc_rejects(kdc, clusters, post, strict, new, reason):
    write(clusters / "prod", "kerberos", krb5_conf=kdc.krb5_conf.read_text())
    old = "strict-password"
    if new == old:
        old = "another-password"
        status, _ = await post("prod", "password", user=strict, password=new, new_password=old)
        assert status == 200
    status, error = await post("prod", "password", user=strict, password=old, new_password=new)
    assert (status, error["code"]) == (403, "password_rejected")
    assert error["message"].startswith("The new password is not accepted: ")
    assert reason in error["message"]
    assert new not in error["message"]


async def test_a_new_password_that_the_kdc_accepts(kdc, clusters, post, strict):
    write(clusters / "prod", "kerberos", krb5_conf=kdc.krb5_conf.read_text())
    answer = await post(
        "prod",
        "password",
        user=strict,
        password="strict-password",
        new_password="another-password",
    )
    assert (answer[0], answer[1]["state"]) == (200, "valid")


async def test_a_realm_whose_passwords_are_changed_nowhere(kdc, clusters, post):
    write(clusters / "prod", "kerberos", krb5_conf=conf(kdc.address))
    status, error = await post(
        "prod", "password", user="alice", password="alice-password", new_password="another-one"
    )
    assert (status, error["code"]) == (422, "misconfigured")
    assert f"does not say where passwords of {REALM} are changed" in error["message"]
    assert "kpasswd_server" in error["hint"]


async def test_a_password_service_that_is_closed(kdc, clusters, post):
    where = f"    kpasswd_server = 127.0.0.1:{closed_port()}\n }}"
    write(clusters / "prod", "kerberos", krb5_conf=conf(kdc.address).replace(" }", where))
    status, error = await post(
        "prod", "password", user="alice", password="alice-password", new_password="another-one"
    )
    assert (status, error["code"]) == (504, "kdc_unreachable")
    assert f"changes the passwords of {REALM} does not answer" in error["message"]


# -- the directory ----------------------------------------------------------------------------


@rows(
    Row(
        "LDAP 49: wrong password",
        *("alice", "not-hers"),
        *(403, "wrong_password", "Wrong password for alice, or the directory of lab has no such"),
        "may lock the account",
    ),
    Row(
        "LDAP: empty password, which is sent nowhere",
        *("alice", ""),
        *(400, "invalid_input", "empty"),
        "",
    ),
    Row(
        "LDAP: expired password",
        *("dave", "dave-password"),
        *(403, "password_expired", "The password of dave has expired"),
        "where lab's passwords are kept",
    ),
    Row(
        "LDAP: password that must be changed",
        *("mustchange", "mustchange-password"),
        *(403, "password_expired", "must be changed before its first use"),
        "where lab's passwords are kept",
    ),
    Row(
        "LDAP: locked account",
        *("erin", "erin-password"),
        *(403, "account_locked", "The account erin of lab is locked or disabled."),
        "Even the right password is refused now",
    ),
)
async def test_a_login_that_the_directory_refuses(row, sandbox, clusters, post):
    url = f"ldaps://localhost:{sandbox.port('prod', 'ldaps')}"
    write(clusters / "lab", "simple", ldap_toml(url), ca=sandbox.ca_file.read_text())
    answer = await post("lab", "login", user=row.user, password=row.password)
    check(row, answer, "lab")


@rows(
    active_directory(
        "52e", 403, "wrong_password", "Wrong password for alice", "may lock the account"
    ),
    active_directory("525", 403, "unknown_user", "has no user alice", "Check the spelling."),
    active_directory(
        "532", 403, "password_expired", "The password of alice has expired", "passwords are kept"
    ),
    active_directory(
        "773", 403, "password_expired", "must be changed before its first", "passwords are kept"
    ),
    active_directory(
        "533", 403, "account_locked", "is locked or disabled", "directory's administrator"
    ),
    active_directory(
        "775", 403, "account_locked", "is locked or disabled", "wait if too many wrong ones"
    ),
    active_directory("701", 403, "account_expired", "has expired", "administrator to extend it"),
    Refusal(
        "LDAP 13: confidentiality required",
        *("alice", "alice-password"),
        *(422, "misconfigured", "demands more protection than this TLS connection gives"),
        "Try ldaps://",
        result=13,
    ),
    Refusal(
        "LDAP 10: referral",
        *("alice", "alice-password"),
        *(422, "misconfigured", "refers to another server (dc2.example.com), which was not asked"),
        "set ldap.url to it",
        result=10,
    ),
    Refusal(
        "LDAP 52: unavailable",
        *("alice", "alice-password"),
        *(503, "unavailable", "The directory of lab cannot serve anybody now (starting up)."),
        "Try again in a while.",
        result=52,
        told="starting up",
    ),
)
async def test_a_login_that_other_directories_refuse(row, clusters, tmp_path, post):
    referrals = ["ldap://dc2.example.com/dc=example,dc=com"] if row.result == 10 else []

    def script(request: Request) -> bytes:
        assert request.kind == BIND
        return request.result(row.result, row.told, referrals=referrals)

    authority = Authority(tmp_path)
    async with ldap_server(script, authority.server()) as server:
        toml = ldap_toml(f"ldaps://localhost:{server.port}")
        write(clusters / "lab", "simple", toml, ca=authority.ca_file.read_text())
        answer = await post("lab", "login", user=row.user, password=row.password)
    check(row, answer, "lab")
