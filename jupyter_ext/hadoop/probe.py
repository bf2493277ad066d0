"""One look at one address: name, port, certificate, first answer. Never an identity.

Each function awaits one thing and reports it as it was; what it means is the doctor's business.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import httpx

from jupyter_ext.clusters.models import Daemon, Profile

if TYPE_CHECKING:
    from cryptography import x509

Kind = Literal["resourcemanager", "namenode"]


def path(profile: Profile, kind: Kind) -> str:
    """Name what each kind of daemon answers itself, active or not."""
    if kind == "resourcemanager":
        return f"{profile.cluster_api}/info"
    if profile.auth == "gateway":
        # It passes files on, and nothing that the NameNode says of itself.
        return "/webhdfs/v1/?op=GETHOMEDIRECTORY"
    return "/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus"


def daemons(profile: Profile) -> list[tuple[Kind, Daemon]]:
    """Every daemon of a cluster, with what it is."""
    endpoints = profile.endpoints
    return [
        *(("resourcemanager", daemon) for daemon in endpoints.resourcemanagers),
        *(("namenode", daemon) for daemon in endpoints.namenodes),
    ]


def address_of(daemon: Daemon) -> tuple[str, int]:
    """Host and port of a daemon's web server; an empty host if its URL is unusable."""
    try:
        parts = urlsplit(daemon.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0
    host = parts.hostname or ""
    return ("" if "$" in host else host), port


async def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Look a name up.

    Raises
    ------
    OSError
        If it does not resolve.
    TimeoutError
        If nobody answers.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        found = await loop.getaddrinfo(host, port, proto=6)
    return sorted({str(address[4][0]) for address in found})


async def connect(host: str, port: int, timeout_s: float) -> None:
    """Open a TCP connection and close it again.

    Raises
    ------
    OSError
        If it is refused.
    TimeoutError
        If nobody answers.
    """
    async with asyncio.timeout(timeout_s):
        _, writer = await asyncio.open_connection(host, port)
    writer.close()


async def trust(ca_file: str | None) -> ssl.SSLContext:
    """Make the context that checks certificates: against the profile's CA, else the system's.

    Raises
    ------
    OSError
        If the file cannot be read (``ssl.SSLError``, a subclass, if it holds no certificate).
    """
    # In a thread: reading a system's hundred certificates takes tens of milliseconds.
    return await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)


async def handshake(host: str, port: int, context: ssl.SSLContext, timeout_s: float) -> bytes:
    """Shake hands over TLS and give the certificate, DER encoded.

    Raises
    ------
    ssl.SSLCertVerificationError
        If the context does not accept the certificate.
    ssl.SSLError, OSError
        If there is no handshake.
    TimeoutError
        If the peer accepts the connection and then says nothing.
    """
    async with asyncio.timeout(timeout_s):
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        writer.close()


@dataclass(frozen=True)
class Certificate:
    """What a certificate says about itself."""

    names: tuple[str, ...]
    """DNS names and IP addresses it is for."""
    issuer: str
    not_before: float
    not_after: float
    """Epoch seconds."""
    self_signed: bool


async def read_certificate(host: str, port: int, timeout_s: float) -> Certificate:
    """Fetch the certificate of a peer that was refused, to tell what is wrong with it.

    This is the one handshake without a check. It sends nothing and the connection is closed at
    once: an expired or foreign certificate could not be described without it.

    Raises
    ------
    OSError, TimeoutError
        If there is no handshake this time.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return await describe(await handshake(host, port, context, timeout_s))


async def describe(der: bytes) -> Certificate:
    """Parse a DER certificate, off the event loop."""
    return await asyncio.to_thread(_describe, der)


def _describe(der: bytes) -> Certificate:
    # Imported here, in the thread: it takes long to load and most clusters speak plain http.
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(der)
    return Certificate(
        names=_names(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        self_signed=certificate.issuer == certificate.subject,
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return tuple(str(attribute.value) for attribute in common)
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*names, *(str(address) for address in addresses))


@dataclass(frozen=True)
class Answer:
    """The first reply of a web server to someone without an identity."""

    status: int
    challenges: tuple[str, ...]
    """Authentication schemes it asks for, lower case, for example negotiate."""
    content_type: str
    skew_s: float | None
    """How far its clock is ahead of ours; None without a Date header."""


async def ask(client: httpx.AsyncClient, url: str) -> Answer:
    """Ask for one page; reads the head of the reply only.

    Raises
    ------
    httpx.HTTPError
        If there is no reply.
    """
    before = time.time()
    async with client.stream("GET", url) as response:
        middle = (before + time.time()) / 2
        headers = response.headers
        return Answer(
            status=response.status_code,
            challenges=tuple(
                value.split()[0].lower() for value in headers.get_list("WWW-Authenticate") if value
            ),
            content_type=headers.get("Content-Type", ""),
            skew_s=skew(headers, middle),
        )


def skew(headers: httpx.Headers, now: float) -> float | None:
    """Seconds between a Date header, which has no fractions (RFC 9110, 6.6.1), and our clock.

    Hadoop's NoCacheFilter adds a second, equal one.

    Returns
    -------
    None if there is no date, or none that can be read.
    """
    try:
        return parsedate_to_datetime(headers.get_list("Date")[0]).timestamp() + 0.5 - now
    except (IndexError, ValueError):
        return None
