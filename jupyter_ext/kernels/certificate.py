"""The certificate by which agents know their hub."""

from __future__ import annotations

import hashlib
import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jupyter_ext.errors import Unavailable

# Agents compare it with the fingerprint they were started with, and look at nothing else in it.
_YEARS = timedelta(days=365 * 50)


class Certificate:
    """Key and certificate in one file, which is made if it is not there.

    Servers that are to adopt each other's kernels need the same one.

    Parameters
    ----------
    path
        Of a PEM file, mode 0600; its directory has to exist.

    Attributes
    ----------
    fingerprint
        SHA-256 of the certificate (DER), hexadecimal.

    Raises
    ------
    Unavailable
        If it can be neither read nor made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not path.exists():
                _make(path)
            self.fingerprint = hashlib.sha256(_der(path)).hexdigest()
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"The certificate for remote kernels, {path}, cannot be read or made: {error}.",
                hint="Remove the file to get a new one; kernels that run have to be started anew.",
            ) from error

    def context(self) -> ssl.SSLContext:
        """Make what a TLS server needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.path)
        # Agents make a new connection once in days: nothing is gained by tickets.
        context.num_tickets = 0
        return context


def _der(path: Path) -> bytes:
    certificate, end, _ = path.read_text(encoding="ascii").partition(ssl.PEM_FOOTER)
    return ssl.PEM_cert_to_DER_cert(certificate + end)


def _make(path: Path) -> None:
    # Once in fifty years; loading it would take every server a tenth of its start.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jupyter-ext hub")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        # Of several servers that start at once the first one's certificate is everybody's.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
