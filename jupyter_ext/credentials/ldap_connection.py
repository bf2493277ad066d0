"""One connection to a directory, in the hands of one thread.

It is the only place that knows ldap3, which takes a third of a second to import: import this module
in a thread. ldap3 checks no certificate unless told so, follows referrals with the password, and
shows the password in ``repr(Connection)``; what is here does none of that.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from ldap3 import DEREF_NEVER, NONE, SAFE_SYNC, SASL, SIMPLE
from ldap3.core.connection import Connection
from ldap3.core.exceptions import (
    LDAPException,
    LDAPSASLPrepError,
    LDAPSessionTerminatedByServerError,
    LDAPSocketOpenError,
)
from ldap3.core.server import Server
from ldap3.core.tls import Tls
from ldap3.operation.bind import bind_operation
from pyasn1.error import PyAsn1Error

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import ldap_failures, sasl_gssapi
from jupyter_ext.credentials.ldap_place import Place
from jupyter_ext.errors import InvalidInput, JupyterExtError, Misconfigured

_SUCCESS, _SIZE_LIMIT = 0, 4

Entry = tuple[str, Mapping[str, list[str]]]
"""Distinguished name, and values by attribute in lower case."""


class _Tls(Tls):
    """TLS whose certificate and host name OpenSSL checks before the first byte is sent."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self.failure: OSError | None = None
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Shake hands, always; ldap3 calls this for ldaps:// and after StartTLS."""
        self.failure = None
        plain: socket.socket = connection.socket
        # Nagle's algorithm and delayed acknowledgements would cost 40 ms a question.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = self._context.wrap_socket(
            plain, server_hostname=connection.server.host, do_handshake_on_connect=False
        )
        # The connection has it before the handshake, so that abort() can end that too.
        connection.socket = wrapped
        try:
            wrapped.do_handshake()
        except OSError as error:
            self.failure = error
            raise


class LdapConnection:
    """Opens a protected connection, binds, and searches.

    Parameters
    ----------
    profile
        The cluster.
    place
        Where the directory is.
    connect_timeout_s, receive_timeout_s
        Seconds for a connection, and for each answer; whole ones.
    """

    def __init__(
        self, profile: Profile, place: Place, *, connect_timeout_s: int, receive_timeout_s: int
    ) -> None:
        self._profile = profile
        self._place = place
        self._connect_timeout_s = connect_timeout_s
        self._receive_timeout_s = receive_timeout_s
        self._connection: Connection | None = None
        self._tls: _Tls | None = None
        self._aborted = False

    def __enter__(self) -> Self:
        """Connect, and protect the connection; leave nothing open if that fails.

        Raises
        ------
        Untrusted
            If the certificate does not prove that this is the directory.
        Misconfigured
            If it refuses StartTLS, or the profile's CA file cannot be used.
        Unreachable, BadAnswer
            If it does not answer, or in another protocol.
        """
        self._tls = _Tls(self._context())
        server = Server(
            self._place.host,
            port=self._place.port,
            use_ssl=self._place.tls_first,
            tls=self._tls,
            get_info=NONE,
            connect_timeout=self._connect_timeout_s,
            allowed_referral_hosts=[],
        )
        self._connection = Connection(
            server,
            client_strategy=SAFE_SYNC,
            receive_timeout=self._receive_timeout_s,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=False,
            # Its own decoder stumbles over a bind that is answered by a referral.
            fast_decoder=False,
        )
        try:
            with self._speaking():
                self._shake_hands(self._connection, self._tls)
        except JupyterExtError:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Say goodbye, if there is somebody to say it to."""
        self._close()

    def _close(self) -> None:
        if (connection := self._connection) is None:
            return
        self._connection = None
        left = connection.socket
        if isinstance(left, ssl.SSLSocket) and left.version():
            with suppress(LDAPException, OSError):
                connection.unbind()
        if left is not None:
            left.close()

    def abort(self) -> None:
        """End whatever another thread is doing with it; that thread gets an error."""
        self._aborted = True
        connection = self._connection
        if connection is not None and (busy := connection.socket) is not None:
            # Not SSLSocket's own, after which what is still to be sent would go in clear.
            with suppress(OSError):
                socket.socket.shutdown(busy, socket.SHUT_RDWR)

    @property
    def protected(self) -> ssl.SSLSocket:
        """The connection's socket; never one that is not protected.

        Raises
        ------
        Unreachable
            If there is none.
        """
        found = self._connection.socket if self._connection is not None else None
        if not isinstance(found, ssl.SSLSocket) or found.version() is None:
            raise ldap_failures.unreachable(self._profile, str(self._place), "is gone")
        return found

    # -- who asks ---------------------------------------------------------------------------

    def bind_by_password(self, name: str, user: str, password: str) -> None:
        """Prove who you are by a password.

        Parameters
        ----------
        name
            Distinguished name, or user principal name.
        user
            What the user typed, for messages.

        Raises
        ------
        JupyterExtError
            As :func:`ldap_failures.bind` gives it.
        """
        try:
            request = bind_operation(3, SIMPLE, name, password)
        except LDAPSASLPrepError:
            raise InvalidInput(
                "The password holds a character that no directory accepts.",
                hint="Control characters, for example, are none of a password (RFC 4013).",
                cluster=self._profile.name,
            ) from None
        result = self._bind(request, [(ldap_failures.POLICY, False, None)])
        if error := ldap_failures.bind(self._profile, user, result):
            raise error

    def bind_by_ticket(self, service: str, tickets: Path, user: str) -> None:
        """Prove who you are by a ticket (SASL GSSAPI, RFC 4752); no password is sent.

        Parameters
        ----------
        service
            ldap/host@REALM, of which ``tickets`` holds a ticket.

        Raises
        ------
        TicketRefused
            If the directory does not accept it.
        JupyterExtError
            As :func:`sasl_gssapi.negotiate` raises it.
        """
        result = sasl_gssapi.negotiate(
            self._profile, service, tickets, self.protected, self._bind_gssapi
        )
        if refusal := ldap_failures.bind(self._profile, user, result, by_ticket=True):
            raise refusal

    def _bind_gssapi(self, token: bytes) -> Mapping[str, Any]:
        return self._bind(bind_operation(3, SASL, None, None, "GSSAPI", token))

    def _bind(
        self, request: object, controls: list[tuple[str, bool, bytes | None]] | None = None
    ) -> Mapping[str, Any]:
        """Send a bind. ldap3's ``Connection.bind`` would want the password among its attributes."""
        connection = self._open
        with self._speaking():
            connection.post_send_single_response(connection.send("bindRequest", request, controls))
            result: Mapping[str, Any] = connection.result
            # It holds what was sent.
            connection.request = None
            return result

    def who_am_i(self) -> str:
        """Ask for whom the directory takes this connection (RFC 4532), e.g. dn:uid=alice,..."""
        with self._speaking():
            _, result, _, _ = self._open.extended("1.3.6.1.4.1.4203.1.11.3")
        if result["result"] != _SUCCESS:
            raise ldap_failures.answer(self._profile, result)
        name = result.get("responseValue") or b""
        return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)

    # -- what is known ----------------------------------------------------------------------

    def search(
        self, base: str, condition: str, attributes: Sequence[str], *, limit: int = 0
    ) -> list[Entry]:
        """Find entries; those that are elsewhere (references) are left out.

        Parameters
        ----------
        base
            Distinguished name below which to look.
        condition
            A filter (RFC 4515), its values escaped.
        limit
            As many are enough; 0 for what the directory gives.
        """
        with self._speaking():
            _, result, found, _ = self._open.search(
                base,
                condition,
                dereference_aliases=DEREF_NEVER,
                attributes=list(attributes),
                size_limit=limit,
            )
        if result["result"] not in (_SUCCESS, _SIZE_LIMIT):
            raise ldap_failures.answer(self._profile, result)
        return [
            (
                entry["dn"],
                {
                    name.lower(): [value.decode("utf-8", "replace") for value in values]
                    for name, values in entry["raw_attributes"].items()
                },
            )
            for entry in found or ()
            if entry["type"] == "searchResEntry"
        ]

    # -- helpers ------------------------------------------------------------------------------

    @property
    def _open(self) -> Any:
        """The connection, as long as it is protected."""
        return self._connection if self.protected else None

    def _context(self) -> ssl.SSLContext:
        """Trust the profile's CA, else the system's, and check the host name."""
        try:
            return ssl.create_default_context(cafile=self._profile.ca_file)
        except OSError as error:
            raise Misconfigured(
                f"The CA file of {self._profile.title} cannot be used: {error}.",
                hint=f"{self._profile.ca_file} has to hold PEM certificates.",
                cluster=self._profile.name,
            ) from None

    def _shake_hands(self, connection: Connection, tls: _Tls) -> None:
        connection.open(read_server_info=False)
        if self._place.tls_first:
            return
        _, result, _, _ = connection.extended("1.3.6.1.4.1.1466.20037")
        if result["result"] != _SUCCESS:
            raise ldap_failures.no_starttls(
                self._profile, str(self._place), result["message"] or result["description"]
            )
        tls.wrap_socket(connection)
        connection.tls_started = True

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Make errors of ours of ldap3's."""
        if self._aborted:
            raise ldap_failures.unreachable(self._profile, str(self._place), "took too long")
        try:
            yield
        except (LDAPException, OSError) as error:
            raise self._explain(error) from None
        except (PyAsn1Error, LookupError, TypeError, ValueError):
            raise ldap_failures.no_ldap(
                self._profile, str(self._place), "what it says is not LDAP"
            ) from None

    def _explain(self, error: Exception) -> JupyterExtError:
        """Say what is wrong with the connection."""
        profile, where = self._profile, str(self._place)
        # ldap3 makes another error of what went wrong in TLS, and forgets the details.
        error = self._tls.failure if self._tls and self._tls.failure else _last(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            return ldap_failures.untrusted(profile, where, error)
        if isinstance(error, TimeoutError):
            return ldap_failures.unreachable(profile, where, "does not answer in time")
        if isinstance(error, ConnectionRefusedError):
            reason = "cannot be reached: nothing listens there"
            return ldap_failures.unreachable(profile, where, reason)
        if self._tls and self._tls.failure:
            reason = getattr(error, "reason", None) or "it hung up"
            return ldap_failures.no_tls(profile, where, str(reason))
        if isinstance(error, LDAPSessionTerminatedByServerError):
            return ldap_failures.no_ldap(profile, where, "it hung up")
        if isinstance(error, LDAPSocketOpenError) and not isinstance(error, OSError):
            reason = "cannot be reached: its name does not resolve"
            return ldap_failures.unreachable(profile, where, reason)
        if isinstance(error, OSError):
            return ldap_failures.unreachable(profile, where, f"cannot be reached ({error})")
        return ldap_failures.no_ldap(profile, where, str(error))


def _last(error: Exception) -> Exception:
    """Give what went wrong at the last of a name's addresses."""
    history = error.args[1] if len(error.args) > 1 else None
    if isinstance(history, list) and history:
        last = history[-1][0]
        return last if isinstance(last, Exception) else error
    return error
