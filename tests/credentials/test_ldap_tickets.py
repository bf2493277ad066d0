"""Tickets at directories unlike the sandbox's: in what they offer, and in whom they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import gssapi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from gssapi.raw import ChannelBindings

from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.credentials.ldap_failures import DirectoryUnavailable
from jupyter_ext.credentials.models import Account
from jupyter_ext.credentials.negotiate import TicketRefused
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import JupyterExtError, Misconfigured, Untrusted
from tests.fakes.certificates import Authority
from tests.fakes.ldap_server import SEARCH, Request
from tests.kdc import RunningKdc, running_kdc
from tests.ldap_profiles import refusing, served

ALICE = "uid=alice,ou=people,dc=example,dc=com"
NOTHING = b"\x01\0\0\0"
"""No layer, and no message within one."""


class Acceptor:
    """The directory's side of SASL GSSAPI (RFC 4752).

    Parameters
    ----------
    layers
        What it offers at the end: the first octet is a set of 1 nothing, 2 integrity, 4 privacy;
        the others are how long a message may be.
    binding
        What tickets have to be bound to, as Active Directory may demand it.
    """

    def __init__(self, keytab: Path, layers: bytes, binding: bytes | None = None) -> None:
        self.chosen = b""
        self._layers = layers
        self._context = gssapi.SecurityContext(
            creds=gssapi.Credentials(usage="accept", store={"keytab": str(keytab)}),
            usage="accept",
            channel_bindings=ChannelBindings(application_data=binding) if binding else None,
        )
        # An error is raised where it happens, not at the next step.
        self._context.__DEFER_STEP_ERRORS__ = False

    def __call__(self, request: Request) -> bytes:
        if request.kind == SEARCH:
            found = request.entry(ALICE, cn=["Alice Abel"], memberOf=["cn=analysts,dc=x"])
            return found + request.result()
        if not self._context.complete:
            try:
                return request.result(14, token=self._context.step(request.token) or b"")
            except gssapi.exceptions.BadChannelBindingsError:
                return request.result(49, "80090346: LdapErr: DSID-0C0905FC, data 80090346, v3839")
        if not request.token:
            return request.result(14, token=self._context.wrap(self._layers, False).message)
        self.chosen = self._context.unwrap(request.token).message
        return request.result()


@pytest.fixture(scope="module")
def directory_kdc(tmp_path_factory) -> Iterator[RunningKdc]:
    place = tmp_path_factory.mktemp("kdc") / "realm"
    with running_kdc(place, services=["ldap/localhost"]) as running:
        yield running


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def by_ticket(authority, directory_kdc, tmp_path, monkeypatch):
    """Serve a directory, and look Alice up there with her ticket."""
    monkeypatch.setenv("KRB5_CONFIG", "/nonexistent")
    monkeypatch.setenv("KRB5RCACHENAME", "none:")

    async def by_ticket(script, context=None) -> Account:
        changes = {"realm": directory_kdc.realm, "krb5_conf": str(directory_kdc.krb5_conf)}
        async with served(script, authority, context, **changes) as (_, where):
            realm = Realm(where, tmp_path)
            await realm.login(f"alice@{directory_kdc.realm}", "alice-password")
            tickets = ServiceTickets(where, realm.tickets, directory_kdc.krb5_conf)
            return await Directory(where).account_by_ticket("alice", tickets)

    return by_ticket


def text(error: pytest.ExceptionInfo[JupyterExtError]) -> str:
    assert error.value.cluster == "prod"
    return f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize("layers", [NOTHING, b"\x07\0\xff\xff"])
async def test_nothing_is_put_around_what_tls_protects(by_ticket, directory_kdc, layers):
    acceptor = Acceptor(directory_kdc.keytab, layers)
    assert (await by_ticket(acceptor)).groups == ["analysts"]
    assert acceptor.chosen == NOTHING


async def test_a_ticket_is_bound_to_the_certificate(by_ticket, authority, directory_kdc):
    context = authority.server()
    [path] = set(authority.directory.glob("*.pem")) - {authority.ca_file}
    certificate = x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)
    binding = b"tls-server-end-point:" + hashlib.sha256(certificate).digest()
    acceptor = Acceptor(directory_kdc.keytab, NOTHING, binding)
    assert (await by_ticket(acceptor, context)).groups == ["analysts"]

    # As if somebody passed on what they got with a certificate of their own.
    with pytest.raises(TicketRefused):
        await by_ticket(Acceptor(directory_kdc.keytab, NOTHING, binding))


async def test_a_directory_that_demands_a_layer(by_ticket, directory_kdc):
    with pytest.raises(Misconfigured) as error:
        await by_ticket(Acceptor(directory_kdc.keytab, b"\x06\0\xff\xff"))
    assert "demands a SASL layer" in text(error)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (49, TicketRefused, "does not accept your ticket (SASL(-13): authentication failure)"),
        (7, Misconfigured, "takes no tickets (SASL GSSAPI)"),
        (52, DirectoryUnavailable, "cannot serve anybody now"),
    ],
)
async def test_a_ticket_that_is_refused(by_ticket, code, kind, said):
    with pytest.raises(kind) as error:
        await by_ticket(refusing(code, "SASL(-13): authentication failure"))
    assert said in text(error)


@pytest.mark.parametrize("code", [0, 14], ids=["at once", "with nonsense"])
async def test_a_directory_that_cannot_read_the_ticket_is_not_believed(by_ticket, code):
    with pytest.raises(Untrusted) as error:
        await by_ticket(refusing(code, token=b"nonsense"))
    assert "does not prove that it is the service ldap/localhost" in text(error)
