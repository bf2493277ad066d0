"""The certificate authority of ``prod``."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jupyter_ext.sandbox.files import write

_VALID = datetime.timedelta(days=365)
_RENEW = datetime.timedelta(days=30)


class Authority:
    """A CA and one server certificate for localhost; the CA's key is thrown away.

    Parameters
    ----------
    directory
        Where ``ca.pem``, ``server.pem`` and ``server.key`` are.
    """

    def __init__(self, directory: Path) -> None:
        self.ca = directory / "ca.pem"
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"

    @property
    def serial(self) -> str:
        """Serial number of the server's certificate; a new one must be loaded by a restart."""
        return f"{x509.load_pem_x509_certificate(self.certificate.read_bytes()).serial_number:x}"

    def prepare(self) -> None:
        """Make the certificates unless they are there and good for another month."""
        now = datetime.datetime.now(datetime.UTC)
        if self.ca.exists() and self.certificate.exists() and self.key.exists():
            present = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            if present.not_valid_after_utc - _RENEW > now:
                return
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca = _build("Sandbox CA", ca_key, "Sandbox CA", ca_key, now, authority=True)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _build("localhost", key, "Sandbox CA", ca_key, now, authority=False)
        pem = serialization.Encoding.PEM
        write(
            self.key,
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
        write(self.certificate, certificate.public_bytes(pem), 0o644)
        write(self.ca, ca.public_bytes(pem), 0o644)


def _build(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
    *,
    authority: bool,
) -> x509.Certificate:
    """Sign a certificate that strict verification (RFC 5280, Python 3.13) accepts."""
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage |= {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True}
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if not authority:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
