"""Tickets from a real KDC, and what a person is told when there is none."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager

import pytest

from jupyter_ext.credentials import ccache, failures
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import BadAnswer, InvalidInput, JupyterExtError, Misconfigured

REALM = "PROD.EXAMPLE.COM"
ALICE = f"alice@{REALM}"


def text(error: pytest.ExceptionInfo[JupyterExtError]) -> str:
    return f"{error.value.message} {error.value.hint}"


async def test_a_password_gives_a_ticket_that_can_be_renewed(realm):
    found = await realm.login(ALICE, "alice-password")
    assert found.principal == ALICE
    first = found.granting
    assert first.expires_at - first.starts_at == 10 * 3600  # as the realm's krb5.conf says
    assert first.renew_until - first.starts_at == 7 * 86400

    again = (await realm.renew()).granting
    assert again.issued_at == first.issued_at
    assert again.renew_until == first.renew_until
    assert again.starts_at >= first.starts_at


async def test_tickets_live_as_long_as_the_profile_says(in_realm, tmp_path):
    realm = realm_with(in_realm, tmp_path, ticket_lifetime="5m", renew_lifetime="1h")
    ticket = (await realm.login(ALICE, "alice-password")).granting
    assert ticket.expires_at - ticket.starts_at == 300
    assert ticket.renew_until - ticket.starts_at == 3600


async def test_the_ticket_file_is_private_and_whole_at_any_moment(realm):
    await realm.login(ALICE, "alice-password")
    assert realm.tickets.stat().st_mode & 0o777 == 0o600
    inode = realm.tickets.stat().st_ino
    await realm.renew()
    assert realm.tickets.stat().st_ino != inode  # replaced, not rewritten
    assert not [path.name for path in realm.tickets.parent.glob("*.new*")]


@pytest.mark.parametrize(
    ("user", "password", "kind", "said"),
    [
        ("alice", "not hers", failures.WrongPassword, f"Wrong password for {ALICE}"),
        ("dave", "dave-password", failures.PasswordExpired, "has expired"),
        ("mustchange", "mustchange-password", failures.PasswordExpired, "must be changed"),
        ("erin", "erin-password", failures.AccountLocked, "locked or disabled"),
        ("lapsed", "lapsed-password", failures.AccountExpired, "account lapsed@"),
        ("nobody", "x", failures.UnknownUser, f"no user nobody@{REALM}"),
        ("alice", "", InvalidInput, "password is empty"),
        ("alice", "two\nlines", InvalidInput, "line break"),
    ],
)
async def test_a_refusal_says_why(realm, user, password, kind, said):
    with pytest.raises(kind) as error:
        await realm.login(f"{user}@{REALM}", password)
    assert said in text(error)
    assert error.value.cluster == "prod"
    assert not password or password not in text(error).replace(user, "")
    assert not realm.tickets.exists()


async def test_a_wrong_password_leaves_the_old_ticket(realm):
    await realm.login(ALICE, "alice-password")
    before = realm.tickets.read_bytes()
    with pytest.raises(failures.WrongPassword):
        await realm.login(ALICE, "not hers")
    assert realm.tickets.read_bytes() == before


async def test_wrong_passwords_lock_an_account_each_counted_once(realm, kdc):
    principal = f"lockout@{REALM}"
    for _ in range(3):
        with pytest.raises(failures.WrongPassword) as error:
            await realm.login(principal, "wrong")
        assert "lock the account" in text(error)
    with pytest.raises(failures.AccountLocked) as error:
        await realm.login(principal, "lockout-password")
    assert "Even the right password is refused" in text(error)
    kdc.kadmin("modprinc -unlock lockout")


# -- passwords ----------------------------------------------------------------------------------


async def test_an_expired_password_is_changed_by_its_owner(realm, kdc):
    principal = f"dave@{REALM}"
    try:
        await realm.change_password(principal, "dave-password", "fresh-password")
        assert (await realm.login(principal, "fresh-password")).principal == principal
    finally:
        kdc.kadmin("cpw -pw dave-password dave", 'modprinc -pwexpire "2020-01-01 00:00:00" dave')


async def test_the_kdc_says_why_it_does_not_like_a_new_password(realm):
    with pytest.raises(failures.PasswordRejected) as error:
        await realm.change_password(f"strict@{REALM}", "strict-password", "short")
    assert "too short" in text(error)
    with pytest.raises(failures.WrongPassword):
        await realm.change_password(f"strict@{REALM}", "wrong", "long-enough-for-all")


async def test_a_password_that_changed_meanwhile_ends_nothing_until_the_next_login(realm, kdc):
    await realm.login(ALICE, "alice-password")
    kdc.kadmin("cpw -pw other-password alice")
    try:
        # Tickets cannot be taken back: the KDC renews what it gave.
        assert (await realm.renew()).principal == ALICE
        with pytest.raises(failures.WrongPassword):
            await realm.login(ALICE, "alice-password")
    finally:
        kdc.kadmin("cpw -pw alice-password alice")


# -- who --------------------------------------------------------------------------------------


def test_a_user_name_is_completed_and_another_realm_is_refused(realm):
    assert realm.principal("alice") == ALICE
    assert realm.principal(ALICE) == ALICE
    with pytest.raises(InvalidInput, match=f"is of the realm {REALM}, not OTHER"):
        realm.principal("alice@OTHER.COM")


async def test_a_keytab_logs_in_without_a_password(realm, kdc):
    kdc.kadmin(f"ktadd -norandkey -k {realm.tickets.parent}/carol.keytab carol")
    found = await realm.login_with_keytab(f"carol@{REALM}", f"{realm.tickets.parent}/carol.keytab")
    assert found.user == "carol"
    with pytest.raises(JupyterExtError, match="keytab") as error:
        await realm.login_with_keytab(f"carol@{REALM}", "/nowhere.keytab")
    assert isinstance(error.value, Misconfigured)


async def test_tickets_that_others_keep_alive_are_taken(realm, in_realm, tmp_path):
    (tmp_path / "pam").mkdir()
    pam = Realm(in_realm(), tmp_path / "pam")
    await pam.login(ALICE, "alice-password")
    assert (await realm.adopt(pam.tickets)).principal == ALICE
    assert (await realm.renew()).principal == ALICE
    with pytest.raises(failures.SessionEnded, match="no tickets"):
        await realm.adopt(tmp_path / "missing")
    other = Realm(in_realm(realm="OTHER.COM"), realm.tickets.parent)
    with pytest.raises(Misconfigured, match=r"are of PROD\.EXAMPLE\.COM"):
        await other.adopt(pam.tickets)


# -- services ---------------------------------------------------------------------------------


async def test_a_ticket_for_a_service_is_fetched_once(realm):
    await realm.login(ALICE, "alice-password")
    tickets = ServiceTickets(realm.profile, realm.tickets, realm.tickets.parent / "krb5.conf")
    service = f"HTTP/localhost@{REALM}"
    first = await tickets.get(service)
    held = len(ccache.read(realm.tickets).tickets)
    assert await tickets.get(service) == first
    assert len(ccache.read(realm.tickets).tickets) == held
    await realm.renew()  # a new file, without it
    assert (await tickets.get(service)).server == service


async def test_an_unknown_service_is_named(realm):
    await realm.login(ALICE, "alice-password")
    tickets = ServiceTickets(realm.profile, realm.tickets, realm.tickets.parent / "krb5.conf")
    with pytest.raises(failures.ServiceUnknown) as error:
        await tickets.get(f"HTTP/elsewhere@{REALM}")
    assert f"no service HTTP/elsewhere@{REALM}" in text(error)
    assert "domain_realm" in text(error)


# -- KDCs in trouble --------------------------------------------------------------------------


@contextmanager
def peer(answer: bytes | None):
    """A peer on TCP and UDP that answers everything alike, or accepts and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", port))
    held = []

    def serve() -> None:
        with server:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                if answer is not None:
                    connection.recv(4096)
                    connection.sendall(answer)
                    connection.close()

    def reply() -> None:
        while True:
            try:
                _, sender = datagrams.recvfrom(4096)
                if answer is not None:
                    datagrams.sendto(answer, sender)
            except OSError:
                return

    threads = [threading.Thread(target=serve, daemon=True)]
    threads.append(threading.Thread(target=reply, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        datagrams.close()
        for connection in held:
            connection.close()


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


def conf(*kdcs: str) -> str:
    lines = "\n".join(f"    kdc = {kdc}" for kdc in kdcs)
    return (
        f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n"
        f" udp_preference_limit = 1\n[realms]\n {REALM} = {{\n{lines}\n }}\n"
    )


def realm_with(in_realm, tmp_path, text: str | None = None, **kerberos: object) -> Realm:
    profile = in_realm(conf=text)
    changed = profile.config.kerberos.model_copy(update=kerberos)
    config = profile.config.model_copy(update={"kerberos": changed})
    return Realm(profile.model_copy(update={"config": config}), tmp_path)


async def test_a_kdc_that_is_down(in_realm, tmp_path):
    address = closed_port()
    with pytest.raises(failures.KdcUnreachable) as error:
        await realm_with(in_realm, tmp_path, conf(address)).login(ALICE, "alice-password")
    assert f"No KDC of {REALM} answers ({address})" in text(error)
    assert "doctor prod" in text(error)


async def test_a_kdc_that_never_answers_costs_the_limit_and_no_stall(in_realm, tmp_path):
    with peer(None) as address:
        realm = realm_with(in_realm, tmp_path, conf(address), timeout_s=0.5)
        with pytest.raises(failures.KdcUnreachable) as error:
            await realm.login(ALICE, "alice-password")
    assert f"({address}) within 0.5 s" in text(error)


async def test_a_login_can_be_cancelled(in_realm, tmp_path, eventually_gone):
    with peer(None) as address:
        realm = realm_with(in_realm, tmp_path, conf(address), timeout_s=60)
        login = asyncio.create_task(realm.login(ALICE, "alice-password"))
        pid = await eventually_gone.child("kinit")
        login.cancel()
        with pytest.raises(asyncio.CancelledError):
            await login
        assert not eventually_gone.runs(pid)
    assert not [path.name for path in tmp_path.glob("krb5cc*")]


async def test_the_second_kdc_is_asked_when_the_first_is_dead(in_realm, tmp_path, kdc):
    with peer(None) as black_hole:
        for dead in (closed_port(), black_hole):
            realm = realm_with(in_realm, tmp_path, conf(dead, kdc.address), timeout_s=4)
            assert (await realm.login(ALICE, "alice-password")).principal == ALICE


async def test_something_else_answers_in_place_of_the_kdc(in_realm, tmp_path):
    with peer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        with pytest.raises(BadAnswer) as error:
            await realm_with(in_realm, tmp_path, conf(address)).login(ALICE, "alice-password")
    assert f"Does {address} really belong to a KDC?" in text(error)


async def test_a_realm_that_the_profile_does_not_locate(in_realm, tmp_path):
    text_without = f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n"
    with pytest.raises(Misconfigured) as error:
        await realm_with(in_realm, tmp_path, text_without).login(ALICE, "alice-password")
    assert f"does not say where the KDC of {REALM} is" in text(error)
    assert "kerberos.kdc" in text(error)
