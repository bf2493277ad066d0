"""Token files and tokens, against what Hadoop's own Java makes of them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest

from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.hdts import BadToken, DelegationToken
from tests.token_file import TokenFile

TOKEN = DelegationToken(
    identifier=b"identifier-bytes",
    password=b"password-bytes",
    kind="HDFS_DELEGATION_TOKEN",
    service="10.0.0.1:8020",
)


@pytest.fixture(scope="module")
def java(sandbox, tmp_path_factory) -> TokenFile:
    return TokenFile(sandbox, tmp_path_factory.mktemp("java"))


def test_a_file_of_hadoops_is_read_and_written_byte_by_byte(java):
    data, described = java.write()
    tokens, secrets = hdts.read_file_bytes(data)
    assert len(tokens) == len(described) == 40
    for alias, url, owner, renewer, real_user, *numbers in described:
        token = tokens[alias]
        assert hdts.encode_url_string(token) == url
        assert hdts.decode_url_string(url) == token
        fields = hdts.read_identifier(token.identifier)
        assert (fields.owner, fields.renewer, fields.real_user) == (owner, renewer, real_user)
        issued, longest, sequence, key = map(int, numbers)
        assert (fields.sequence, fields.key_id) == (sequence, key)
        assert (fields.issue_date, fields.max_date) == (issued / 1000, longest / 1000)
    assert secrets == {"a.secret": b"\x00\xff\n\r", "long.secret": bytes(70000)}
    assert hdts.write_file_bytes(tokens, secrets) == data


def test_hadoop_reads_what_is_written_here(java):
    strange = DelegationToken(b"", b"\x00\xff" * 100, "kms-dt", "kms://https@höst;b:9600/kms")
    for token in (TOKEN, strange):
        alone = hdts.write_file_bytes({token.service: token})
        assert java.copy(alone) == alone

    many = {f"alias {number}": replace(TOKEN, service=f"h:{number}") for number in range(300)}
    secrets = {"secret": b"\x00\xff", "empty": b""}
    data = hdts.write_file_bytes(many, secrets)
    assert hdts.read_file_bytes(java.copy(data)) == (many, secrets)  # in its own order


def test_a_file_of_nothing(java):
    nothing = hdts.write_file_bytes({})
    assert nothing == b"HDTS\0\0\0"
    assert java.copy(nothing) == nothing


def test_bytes_are_never_shown():
    for shown in (repr(TOKEN), str(TOKEN), f"{TOKEN}", f"{[TOKEN]!r}", f"{TOKEN!r:.200}"):
        assert "bytes" not in shown
        assert "HDFS_DELEGATION_TOKEN" in shown
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            leave(TOKEN)
    with pytest.raises(AttributeError):
        TOKEN.password = b""


WHOLE = hdts.write_file_bytes({"alias": TOKEN}, {"secret": b"secret"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04" + WHOLE[4:], "no Hadoop token file"),
        (b"HDTS\x01\x0a\x00", "has version 1"),
        (WHOLE + b"\0", "Something follows"),
        (b"HDTS\0\xff", "damaged"),  # -1 tokens
        (b"HDTS\0\x01\x02\xff\xfe" + WHOLE, "damaged"),  # an alias that is not UTF-8
        (b"HDTS\0\x88\x7f\xff\xff\xff\xff\xff\xff\xff", "cut off"),  # 2**63 - 1 tokens
        *((WHOLE[:size], "cut off") for size in range(4, len(WHOLE))),
    ],
)
def test_a_file_that_is_none(data, message):
    with pytest.raises(BadToken, match=message):
        hdts.read_file_bytes(data)


@pytest.mark.parametrize("text", ["", "no token!", "héllo", "AAAA AAAA", "AAAAA", "_" * 400])
def test_a_url_string_that_is_none(text):
    with pytest.raises(BadToken) as caught:
        hdts.decode_url_string(text)
    assert not text or text not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_identifier_of_another_kind():
    with pytest.raises(BadToken, match="version 10"):
        hdts.read_identifier(b"\x0a\x16alice@PROD.EXAMPLE.COM")
