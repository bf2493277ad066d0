"""The binding of RFC 5929, 4.1: the certificate's own hash, but never a weak one."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from jupyter_ext.credentials.channel_binding import server_end_point


def certificate(key, algorithm) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        (hashes.SHA256(), "sha256"),
        (hashes.SHA384(), "sha384"),
        (hashes.SHA512(), "sha512"),
        (None, "sha256"),  # Ed25519 names no hash
    ],
)
def test_the_hash_is_that_of_the_signature(algorithm, name):
    edwards = algorithm is None
    key = (
        ed25519.Ed25519PrivateKey.generate() if edwards else ec.generate_private_key(ec.SECP256R1())
    )
    der = certificate(key, algorithm)
    expected = b"tls-server-end-point:" + hashlib.new(name, der).digest()
    assert server_end_point(der) == expected
