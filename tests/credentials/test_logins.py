"""Logins without a typed password, from a real KDC: keytab, tickets of others, a program."""

from __future__ import annotations

import base64
import stat
import sys
import time
from pathlib import Path

import pytest

from jupyter_ext.clusters.models import ClusterConfig, Profile
from jupyter_ext.credentials import failures
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.kerberos_login import KerberosLogin, KeytabLogin
from jupyter_ext.credentials.logins import prover
from jupyter_ext.errors import InvalidInput, Misconfigured, Unavailable
from tests import profiles

REALM = "PROD.EXAMPLE.COM"
ALICE = f"alice@{REALM}"


@pytest.fixture
def log_in(in_realm, tmp_path):
    """Make what logs in to a profile with this ``auth`` table."""

    def log_in(profile: Profile | None = None, **auth) -> KerberosLogin:
        directory = tmp_path / "own"
        directory.mkdir(mode=0o700, exist_ok=True)
        config = ClusterConfig.model_validate({"auth": auth})
        return prover(profile or in_realm(config=config), directory)

    return log_in


@pytest.fixture
def program(tmp_path):
    """Write a credential program that answers this expression of Python."""

    def program(answer: str) -> list[str]:
        script = tmp_path / "credential-program"
        script.write_text(f"import json, sys\njson.load(sys.stdin)\nprint(json.dumps({answer}))\n")
        return [sys.executable, str(script)]

    return program


# -- keytabs ----------------------------------------------------------------------------------


async def test_a_keytab_logs_in_again_instead_of_renewing(log_in, kdc, tmp_path):
    keytab = tmp_path / "carol.keytab"
    kdc.kadmin(f"ktadd -norandkey -k {keytab} carol")
    login = log_in(keytab=str(keytab), principal="carol")
    assert isinstance(login, KeytabLogin)
    first = await login.login("", "")
    assert (first.principal, first.user) == (f"carol@{REALM}", "carol")
    login.forget()
    assert not login.tickets.exists()
    assert (await login.renew()).expires_at >= first.expires_at
    assert login.tickets.exists()


async def test_a_keytab_without_its_principal(log_in):
    with pytest.raises(Misconfigured) as error:
        await log_in(keytab="/etc/carol.keytab").login("", "")
    assert error.value.hint == "Set auth.principal."


# -- tickets of others ------------------------------------------------------------------------


async def test_tickets_that_cannot_be_renewed_here_are_copied_again(log_in, realm, kdc):
    login = log_in(ccache=f"FILE:{realm.tickets}")
    kdc.kadmin('addprinc -pw brief-password -maxlife "60 seconds" -allow_renewable brief')
    try:
        await realm.login(f"brief@{REALM}", "brief-password")
        first = await login.login("", "")
        assert first.expires_at < time.time() + 61
        assert first.renew_until is None
        assert await login.renew() == first
        await realm.login(ALICE, "alice-password")  # as PAM does
        assert (await login.renew()).principal == ALICE
    finally:
        kdc.kadmin("delprinc -force brief")


async def test_service_tickets_alone_are_no_login(log_in, realm):
    await realm.login(ALICE, "alice-password")
    service = realm.tickets.with_name("service")
    answer = await realm._run("kvno", ["-q", "--out-cache", f"FILE:{service}", "bob"])
    assert answer.code == 0, answer.complaint
    with pytest.raises(InvalidInput, match="no ticket-granting ticket"):
        await log_in(ccache=f"FILE:{service}").login("", "")


# -- programs ---------------------------------------------------------------------------------


async def test_a_program_gives_tickets(log_in, program, realm):
    await realm.login(ALICE, "alice-password")
    data = base64.b64encode(realm.tickets.read_bytes()).decode()
    login = log_in(program=program(repr({"ccache": data})))
    assert (await login.login("", "")).principal == ALICE
    assert login.tickets.read_bytes() == realm.tickets.read_bytes()
    assert stat.S_IMODE(login.tickets.stat().st_mode) == 0o600
    assert (await login.renew()).principal == ALICE
    names = sorted(path.name for path in login.tickets.parent.iterdir())
    assert names == ["krb5.conf", "krb5cc"]


async def test_tickets_of_another_realm_that_a_program_gives(log_in, program, realm, in_realm):
    await realm.login(ALICE, "alice-password")
    answer = repr({"ccache": base64.b64encode(realm.tickets.read_bytes()).decode()})
    config = ClusterConfig.model_validate({"auth": {"program": program(answer)}})
    login = log_in(in_realm(realm="ELSEWHERE.COM", config=config))
    with pytest.raises(Misconfigured) as error:
        await login.login("", "")
    assert f"of the credential program are of {REALM}, and prod is of ELS" in error.value.message
    assert not login.tickets.exists()


async def test_a_program_gives_a_password(log_in, program):
    answer = repr({"user": "bob", "password": "bob-password"})
    login = log_in(program=program(answer))
    assert (await login.login("", "")).principal == f"bob@{REALM}"
    assert (await login.renew()).principal == f"bob@{REALM}"


async def test_a_token_is_of_no_use_to_kerberos(log_in, program):
    login = log_in(program=program(repr({"user": "bob", "token": "canary"})))
    with pytest.raises(Misconfigured) as error:
        await login.login("", "")
    assert "gave no Kerberos ticket" in error.value.message
    assert "ccache or password" in error.value.hint
    assert "canary" not in f"{error.value!r}"


# -- what is missing --------------------------------------------------------------------------


async def test_cluster_toml_alone_says_where_the_kdc_is(log_in, kdc):
    config = ClusterConfig.model_validate({"kerberos": {"realm": REALM, "kdc": [kdc.address]}})
    profile = profiles.profile("prod", auth="kerberos", realm=REALM, config=config)
    proof = await log_in(profile).login("alice", "alice-password")
    assert proof.principal == ALICE
    assert proof.renew_until > proof.expires_at


async def test_a_krb5_conf_with_neither_defaults_nor_the_realm(log_in, kdc, in_realm):
    kerberos = {"kdc": [kdc.address, kdc.address]}
    profile = in_realm(
        conf="[domain_realm]\n localhost = PROD.EXAMPLE.COM\n",
        config=ClusterConfig.model_validate({"kerberos": kerberos}),
    )
    assert (await log_in(profile).login("alice", "alice-password")).principal == ALICE


async def test_a_profile_without_a_realm(log_in, in_realm):
    with pytest.raises(Misconfigured, match="does not say which Kerberos realm") as error:
        await log_in(in_realm(realm=None)).login("alice", "alice-password")
    assert "kerberos.realm" in error.value.hint


async def test_a_krb5_conf_that_cannot_be_read(log_in, in_realm, tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(Misconfigured) as error:
        await log_in(in_realm(krb5_conf=str(missing))).login("alice", "alice-password")
    assert error.value.message == f"{missing} cannot be read: No such file or directory."


async def test_a_renewal_when_the_tickets_are_gone(realm: Realm):
    await realm.login(ALICE, "alice-password")
    realm.tickets.unlink()
    with pytest.raises(failures.SessionEnded, match="login to prod has ended"):
        await realm.renew()
    assert not list(realm.tickets.parent.glob("krb5cc*"))


# -- programs of MIT Kerberos -----------------------------------------------------------------


def instead(tmp_path: Path, monkeypatch, name: str, body: str) -> None:
    """Put a shell script in the place of a program."""
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / name).write_text(f"#!/bin/sh\n{body}\n")
    (directory / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))


@pytest.mark.parametrize(
    ("complaint", "kind", "said"),
    [
        (
            "kinit: Failed to store credentials: No space left on device (filename: /x) while "
            "getting initial credentials",
            Unavailable,
            "There is no room left in",
        ),
        (
            "kinit: Decrypt integrity check failed while getting initial credentials",
            failures.WrongPassword,
            f"Wrong password for {ALICE}.",
        ),
        (  # Active Directory's; MIT's says that there is no such user
            "kinit: Realm not local to KDC while getting initial credentials",
            Misconfigured,
            f"The KDC that was asked does not serve the realm {REALM}.",
        ),
        (
            "kinit: Server not found in Kerberos database while getting initial credentials",
            Misconfigured,
            f"The KDC that was asked does not serve the realm {REALM}.",
        ),
    ],
)
async def test_what_kinit_seldom_says(realm, tmp_path, monkeypatch, complaint, kind, said):
    instead(tmp_path, monkeypatch, "kinit", f"echo '{complaint}' >&2; exit 1")
    with pytest.raises(kind) as error:
        await realm.login(ALICE, "alice-password")
    assert said in error.value.message


async def test_where_kerberos_programs_are_not_installed(realm, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("jupyter_ext.credentials.programs._PATH", str(tmp_path))
    with pytest.raises(Unavailable) as error:
        await realm.login(ALICE, "alice-password")
    assert "The Kerberos program kinit is not installed" in error.value.message
    assert "krb5-user" in error.value.hint
