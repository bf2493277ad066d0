"""What the agent reads and writes on YARN, against Hadoop's and Java's own implementations."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_ext_agent.yarn import token_file
from jupyter_ext_agent.yarn.protobuf import BadMessage, Message, encode, read_varint, varint
from jupyter_ext_agent.yarn.sasl import DigestMd5, Rc4, SaslError
from jupyter_ext_agent.yarn.token_file import BadTokenFile, Credentials, Token

from jupyter_ext.credentials import hdts
from tests.token_file import TokenFile

TOKEN = Token(b"identifier" * 30, b"password", "YARN_AM_RM_TOKEN", "")


@pytest.fixture(scope="module")
def java(sandbox, tmp_path_factory) -> TokenFile:
    return TokenFile(sandbox, tmp_path_factory.mktemp("java"))


# -- token files ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["copy", "protobuf"])
def test_a_token_file_that_hadoop_wrote(java, version):
    tokens = {"one": hdts.DelegationToken(b"i" * 300, b"p", "K", "10.0.0.1:8020")}
    secrets = {"jupyter-ext": b"s3cr3t\x00\xffbin", "empty": b""}
    written = java.copy(hdts.write_file_bytes(tokens, secrets), version)
    assert written[4] == (version == "protobuf")
    found = token_file.read(written)
    assert found.tokens == {"one": Token(b"i" * 300, b"p", "K", "10.0.0.1:8020")}
    assert found.secrets == secrets


def test_hadoop_reads_the_token_file_of_a_second_container(java):
    given = Credentials({"": TOKEN}, {"jupyter-ext": b"x" * 1000})
    assert token_file.read(java.copy(token_file.write(given))) == given


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HDTS",
        b"nope\0",
        b"HDTS\x02",
        b"HDTS\0\x01\x03abc",
        b"HDTS\0\x01\x8f\xff\xff\xff\xff\xff\xff\xff\xff",
        b"HDTS\x01\x7fabc",
    ],
)
def test_a_damaged_token_file(data):
    with pytest.raises(BadTokenFile):
        token_file.read(data)


def test_no_secret_is_shown():
    shown = repr(Credentials({"one": TOKEN}, {"jupyter-ext": b"s3cr3t"}))
    assert "password" not in shown
    assert "s3cr3t" not in shown
    assert "YARN_AM_RM_TOKEN" in repr(TOKEN)


# -- protocol buffers ---------------------------------------------------------------------------


def test_messages():
    inner = encode((1, "größe"), (3, -5))
    message = Message(
        encode((1, 7), (2, [inner, inner]), (3, None), (4, True), (5, 0.5), (16, b""))
    )
    assert message.integer(1) == 7
    assert [one.text(1) for one in message.messages(2)] == ["größe", "größe"]
    assert message.messages(2)[0].integer(3) == -5
    assert 3 not in message
    assert 16 in message
    assert message.integer(99, 3) == 3
    with pytest.raises(BadMessage):
        Message(inner[:-1])
    with pytest.raises(BadMessage):
        read_varint(b"\xff" * 11, 0)
    assert read_varint(varint(1 << 60), 0)[0] == 1 << 60


# -- DIGEST-MD5 ---------------------------------------------------------------------------------


def test_rc4():
    """RFC 6229, 40-bit key."""
    cipher = Rc4(bytes.fromhex("0102030405"))
    assert cipher.apply(bytes(16)).hex() == "b2396305f03dc027ccc3524a0a1118a8"
    assert cipher.apply(bytes(16)).hex() == "6982944f18fc82d589c403a47a0d0919"


@pytest.fixture(scope="module")
def digest_server(tmp_path_factory):
    classes = tmp_path_factory.mktemp("digest")
    source = Path(__file__).with_name("DigestServer.java")
    subprocess.run(["javac", "-nowarn", "-d", classes, source], check=True, timeout=60)

    @contextmanager
    def start(protection: str, password: bytes):
        secret = base64.b64encode(password).decode()
        command = ["java", "-XX:TieredStopAtLevel=1", "-cp", classes, "DigestServer"]
        process = subprocess.Popen(
            [*command, protection, secret], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

        def ask(data: bytes | None = None) -> bytes:
            if data is not None:
                process.stdin.write(base64.b64encode(data) + b"\n")
                process.stdin.flush()
            return base64.b64decode(process.stdout.readline())

        try:
            yield ask
        finally:
            process.communicate()

    return start


def authenticate(ask: Callable[..., bytes], token: Token = TOKEN) -> DigestMd5:
    sasl = DigestMd5(token, "", "default")
    sasl.check(ask(sasl.respond(ask())))
    return sasl


@pytest.mark.parametrize("protection", ["auth", "auth-int", "auth-conf"])
def test_javas_own_server(digest_server, protection):
    with digest_server(protection, TOKEN.password) as ask:
        sasl = authenticate(ask)
        assert sasl.protects == (protection != "auth")
        if sasl.protects:
            for text in (b"one", b"two", b"more than one block of any cipher" * 99):
                assert sasl.unwrap(ask(sasl.wrap(text))) == text
            sealed = bytearray(ask(sasl.wrap(b"pay 1")))
            sealed[0] ^= 1
            with pytest.raises(SaslError, match="changed on the way"):
                sasl.unwrap(bytes(sealed))


def test_who_does_not_know_the_token_is_not_believed(digest_server):
    with digest_server("auth", b"another") as ask:
        sasl = DigestMd5(TOKEN, "", "default")
        answer = sasl.respond(ask())
        with pytest.raises(SaslError, match="did not prove"):
            sasl.check(b"rspauth=" + b"0" * 32)
        # Java refuses it in turn, and its process ends.
        with pytest.raises(SaslError, match="did not prove"):
            sasl.check(ask(answer))


def test_a_protection_that_is_not_known():
    challenge = b'realm="default",nonce="x",qop="auth-conf",cipher="3des,des",algorithm=md5-sess'
    with pytest.raises(SaslError, match="none of the RC4 ciphers"):
        DigestMd5(TOKEN, "", "default").respond(challenge)
    with pytest.raises(SaslError, match="unknown protection"):
        DigestMd5(TOKEN, "", "default").respond(challenge.replace(b"auth-conf", b"auth-new"))
