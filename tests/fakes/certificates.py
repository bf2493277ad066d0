"""Certificates, good and bad ones, made as a test needs them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """A CA of our own; its certificate is in ``ca_file``, the last that it issued in ``last``."""

    last: bytes

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        self.ca_file = directory / "ca.pem"
        certificate = self._build(self.name, self.key, "", -1, 3650, ca=True)
        self.ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def server(
        self,
        host: str = "localhost",
        *,
        valid_from_days: float = -1,
        valid_days: float = 365,
        self_signed: bool = False,
    ) -> ssl.SSLContext:
        """Make the context of a server with a fresh certificate for a host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self._certify(host, valid_from_days, valid_days, self_signed=self_signed)
        )
        return context

    def renew(self, context: ssl.SSLContext) -> None:
        """Give a server another certificate, which its next connections get."""
        context.load_cert_chain(self._certify("localhost", -1, 365))

    def client(self) -> Path:
        """Write a fresh certificate of a client, with its key."""
        return self._certify("client", -1, 365)

    def _certify(
        self, host: str, valid_from_days: float, valid_days: float, *, self_signed: bool = False
    ) -> Path:
        """Write a fresh certificate and its key to a file."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]) if self_signed else self.name
        )
        certificate = self._build(
            issuer, key, host, valid_from_days, valid_days, signer=key if self_signed else self.key
        )
        path = self.directory / f"{x509.random_serial_number():x}.pem"
        self.last = certificate.public_bytes(Encoding.DER)
        path.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return path

    def _build(
        self,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        host: str,
        from_days: float,
        days: float,
        *,
        signer: ec.EllipticCurvePrivateKey | None = None,
        ca: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = self.name if ca else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=from_days))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(signer or self.key, hashes.SHA256())
