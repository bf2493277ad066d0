"""Channel binding: ties a ticket to the TLS connection it is sent over."""

from __future__ import annotations

import hashlib


def server_end_point(certificate: bytes) -> bytes:
    """Make the ``tls-server-end-point`` binding of a server's certificate (RFC 5929, 4.1).

    Parameters
    ----------
    certificate
        In DER form.
    """
    from cryptography import x509

    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    name = "sha256" if algorithm is None or algorithm.name in ("md5", "sha1") else algorithm.name
    return b"tls-server-end-point:" + hashlib.new(name, certificate).digest()
