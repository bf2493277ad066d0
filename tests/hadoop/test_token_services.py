"""Tokens of what the sandbox has not: a KMS, HiveServer2, and pairs of daemons."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_ext.clusters.models import ClusterConfig, Daemon, Endpoints, Profile
from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.minted import Minted
from jupyter_ext.errors import Forbidden
from jupyter_ext.hadoop.tokens import TokenDesk
from tests import profiles
from tests.fakes.certificates import Authority
from tests.fakes.raw_server import Script, always, closed_port, raw_server, reply
from tests.fakes.token_services import WEEK_S, Tokens, hiveserver2, key, kms
from tests.hadoop.daemons import as_json, info, paths


def profile(config: dict[str, Any] | None = None, **changes: Any) -> Profile:
    """A cluster with Kerberos whose daemons ask for no ticket."""
    values = {"auth": "kerberos", "user": "alice", "config": ClusterConfig(**config or {})}
    return profiles.profile("made-up", **values | changes)


def desk(made: Profile) -> TokenDesk:
    return TokenDesk.open(made, None)


def site(directory: Path, **properties: str) -> str:
    """Write a core-site.xml; underscores stand for dots."""
    written = "".join(
        f"<property><name>{key.replace('_', '.')}</name><value>{value}</value></property>"
        for key, value in properties.items()
    )
    (directory / "core-site.xml").write_text(f"<configuration>{written}</configuration>")
    return str(directory)


async def one(asked: TokenDesk) -> Minted:
    [minted] = await asked.mint()
    return minted


# -- KMS --------------------------------------------------------------------------------------


async def test_a_token_of_the_kms(tmp_path):
    async with kms() as server:
        uri = f"kms://http@localhost:{server.port}/kms"
        conf = site(tmp_path, hadoop_security_key_provider_path=uri)
        asked = desk(profile(conf_dir=conf))
        minted = await one(asked)
        assert minted.info.service == "kms"
        assert minted.info.address == f"localhost:{server.port}"
        assert minted.info.kind == "kms-dt"
        assert minted.info.error is None
        assert minted.info.renewer == "alice"
        assert abs(minted.info.expires_at - time.time() - 86400) < 60
        assert abs(minted.info.max_date - time.time() - WEEK_S) < 60
        # Newer clients look for the URI, older ones for the address.
        assert list(minted.tokens) == [uri, f"127.0.0.1:{server.port}", f"localhost:{server.port}"]
        assert {token.service for token in minted.tokens.values()} == {uri}
        assert {token.kind for token in minted.tokens.values()} == {"kms-dt"}

        renewed = await asked.renew(minted)
        assert renewed.tokens == minted.tokens
        assert renewed.info.expires_at > minted.info.expires_at
        await asked.cancel(renewed)
        assert server.alive == []
        await asked.aclose()
    wanted = ["GET GETDELEGATIONTOKEN", "PUT RENEWDELEGATIONTOKEN", "PUT CANCELDELEGATIONTOKEN"]
    assert server.calls == wanted


async def test_the_second_kms_answers_where_the_first_is_down(tmp_path):
    async with kms() as server:
        # Both have one port, as Hadoop wants it; only one of them listens there.
        uri = f"kms://http@127.0.0.2;localhost:{server.port}/kms"
        asked = desk(profile(conf_dir=site(tmp_path, hadoop_security_key_provider_path=uri)))
        minted = await one(asked)
        await asked.aclose()
    assert minted.info.error is None
    assert list(minted.tokens)[:2] == [uri, f"127.0.0.2:{server.port}"]


async def test_the_kms_of_cluster_toml_comes_before_that_of_the_xml(tmp_path):
    conf = site(tmp_path, hadoop_security_key_provider_path="kms://http@wrong:1/kms")
    async with kms() as server:
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}, conf_dir=conf))
        minted = await one(asked)
        await asked.aclose()
    assert next(iter(minted.tokens)) == f"kms://http@localhost:{server.port}/kms"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("kms://ftp@host/kms", "expected kms://http@host:port/kms"),
        (f"kms://http@localhost:{closed_port()}/kms", "connection refused"),
    ],
)
async def test_no_kms_there(tmp_path, uri, message):
    asked = desk(profile(conf_dir=site(tmp_path, hadoop_security_key_provider_path=uri)))
    minted = await one(asked)
    await asked.aclose()
    assert message in minted.info.error.message
    assert not minted.tokens
    assert minted.info.expires_at is None


async def test_keys_in_a_file_are_no_kms(tmp_path):
    conf = site(tmp_path, hadoop_security_key_provider_path="jceks://file/keys.jceks")
    asked = desk(profile(conf_dir=conf))
    assert await asked.mint() == []
    await asked.aclose()


async def test_a_kms_that_refuses_says_why(tmp_path):
    async with kms() as server:
        server.refusal = "User alice is not allowed to do GET_DT"
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        minted = await one(asked)
        await asked.aclose()
    assert minted.info.error.code == "forbidden"
    assert "not allowed to do GET_DT" in minted.info.error.message


# -- HiveServer2 ------------------------------------------------------------------------------


async def test_a_token_of_hiveserver2():
    async with hiveserver2() as server:
        address = f"localhost:{server.port}"
        asked = desk(profile({"hiveserver2": address}))
        minted = await one(asked)
        assert minted.info.error is None
        assert minted.info.address == address
        assert minted.info.renewer == "alice"
        assert abs(minted.info.max_date - time.time() - WEEK_S) < 60
        [(alias, token)] = minted.tokens.items()
        assert alias == f"hiveserver2ClientToken@{address}"
        assert (token.kind, token.service) == ("HIVE_DELEGATION_TOKEN", "hiveserver2ClientToken")
        assert [key(hdts.encode_url_string(token))] == server.alive

        renewed = await asked.renew(minted)
        assert renewed.info.expires_at > minted.info.expires_at
        await asked.cancel(renewed)
        assert server.alive == []
        await asked.aclose()
    inner = ["GetDelegationToken", "RenewDelegationToken", "CancelDelegationToken"]
    assert server.calls == [
        call for name in inner for call in ("OpenSession", name, "CloseSession")
    ]


async def test_hiveserver2_that_gives_no_token_says_why():
    async with hiveserver2() as server:
        server.refusal = "Delegation token only supported over remote client with kerberos"
        asked = desk(profile({"hiveserver2": f"localhost:{server.port}"}))
        minted = await one(asked)
        await asked.aclose()
    assert "refused GetDelegationToken: Delegation token only" in minted.info.error.message
    assert server.calls[-1] == "CloseSession"


SASL_ERROR = b"\x04\0\0\0\x11Invalid status 80"


@pytest.mark.parametrize(
    "answer",
    [
        SASL_ERROR,  # what its binary mode says to a POST
        b"",
        reply(b"<html>", Content_Type="text/html"),
        reply(b"\x80\x01\0\x02\0", Content_Type="application/x-thrift"),
        reply(b"\x0c" * 40, Content_Type="application/x-thrift"),
    ],
)
async def test_hiveserver2_in_binary_mode(answer):
    async with raw_server(always(answer)) as server:
        asked = desk(profile({"hiveserver2": f"localhost:{server.port}"}))
        minted = await one(asked)
        await asked.aclose()
    assert f"localhost:{server.port} does not answer as HiveServer2" in minted.info.error.message
    assert "hive.server2.transport.mode" in minted.info.error.hint
    assert not minted.tokens


async def test_hiveserver2_of_a_version_that_knows_no_such_call():
    said = b"Invalid method name: 'OpenSession'"
    body = b"\x0b\0\x01" + len(said).to_bytes(4, "big") + said + b"\0"
    head = b"\x80\x01\0\x03\0\0\0\x0bOpenSession\0\0\0\x01"
    answer = reply(head + body, Content_Type="application/x-thrift")
    async with raw_server(always(answer)) as server:
        asked = desk(profile({"hiveserver2": server.url("/cliservice")}))
        minted = await one(asked)
        await asked.aclose()
    assert minted.info.error.code == "forbidden"
    assert f"refused OpenSession: {said.decode()}" in minted.info.error.message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"Token": {}}, "is none"),
        ({"Token": {"urlString": "AAAA"}}, "is none"),
        ({"Token": {"urlString": "BQEAAAAFAXgBeAF4AXg"}}, "is none"),
    ],
)
async def test_a_token_that_is_none(answer, said):
    async with raw_server(always(as_json(answer))) as server:
        asked = desk(profile({"kms": server.url("/kms")}))
        minted = await one(asked)
        await asked.aclose()
    assert said in minted.info.error.message
    assert "between here and there" in minted.info.error.hint
    assert not minted.tokens


async def test_a_renewal_that_does_not_say_until_when():
    async with kms() as server:
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        minted = await one(asked)
        await asked.aclose()
    async with raw_server(always(as_json({}))) as odd:
        asked = desk(profile({"kms": odd.url("/kms")}))
        moved = minted.info.model_copy(update={"address": f"localhost:{odd.port}"})
        renewed = await asked.renew(Minted(moved, minted.issued))
        await asked.aclose()
    # What there was stays, and why there is nothing new is said.
    assert renewed.tokens == minted.tokens
    assert "is none" in renewed.info.error.message


async def test_hiveserver2_down():
    asked = desk(profile({"hiveserver2": f"localhost:{closed_port()}"}))
    minted = await one(asked)
    await asked.aclose()
    assert minted.info.error.code == "unreachable"
    assert "connection refused" in minted.info.error.message


# -- pairs ------------------------------------------------------------------------------------


def namenode(state: str, tokens: Tokens) -> Script:
    bean = {"name": "Hadoop:service=NameNode,name=NameNodeStatus", "State": state}
    given = {"Token": {"urlString": tokens.give("rm/host@R", "WEBHDFS delegation", "x:1")}}
    webhdfs = {"/webhdfs": as_json(given)} if state == "active" else {}
    return paths({"/jmx": as_json({"beans": [bean]}), **webhdfs})


async def test_a_pair_of_namenodes_has_one_token_under_the_names_of_all():
    tokens = Tokens()
    async with (
        raw_server(namenode("standby", tokens)) as first,
        raw_server(namenode("active", tokens)) as second,
    ):
        pair = [
            Daemon(id=f"nn{number}", nameservice="ns", url=server.url(), rpc=f"localhost:{port}")
            for number, (server, port) in enumerate([(first, 8020), (second, 8021)], 1)
        ]
        where = Endpoints(default_fs="hdfs://ns", namenodes=pair)
        asked = desk(profile(endpoints=where))
        minted = await one(asked)
        await asked.aclose()
    assert minted.info.address == "ns"
    names = ["ha-hdfs:ns", "127.0.0.1:8020", "localhost:8020", "127.0.0.1:8021", "localhost:8021"]
    assert list(minted.tokens) == names
    assert [token.service for token in minted.tokens.values()] == names
    assert {token.kind for token in minted.tokens.values()} == {"HDFS_DELEGATION_TOKEN"}
    assert minted.info.renewer == "rm"


async def test_every_nameservice_of_a_federation_gives_a_token_or_a_reason():
    tokens = Tokens()
    async with raw_server(namenode("active", tokens)) as server:
        both = [
            Daemon(nameservice="one", url=server.url(), rpc="localhost:8020"),
            Daemon(nameservice="two", url=f"http://localhost:{closed_port()}", rpc="nohost.test:1"),
        ]
        where = Endpoints(default_fs="hdfs://one", namenodes=both)
        asked = desk(profile(endpoints=where))
        one, two = await asked.mint()
        await asked.aclose()
    assert list(one.tokens) == ["127.0.0.1:8020", "localhost:8020"]
    assert (two.info.address, two.info.error.code) == ("two", "unreachable")


async def test_a_pair_of_resourcemanagers_has_one_token_whose_service_names_both():
    found = {
        "token": Tokens().give("alice", "RM_DELEGATION_TOKEN", ""),
        "renewer": "alice",
        "owner": "alice@EXAMPLE.COM",
        "kind": "RM_DELEGATION_TOKEN",
        "expiration-time": 1_000_000,
        "max-validity": 2_000_000,
    }
    token = {"/ws/v1/cluster/delegation-token": as_json(found)}
    async with (
        raw_server(paths({"/ws/v1/cluster/info": info("STANDBY")})) as first,
        raw_server(paths({"/ws/v1/cluster/info": info("ACTIVE"), **token})) as second,
    ):
        pair = [
            Daemon(id="rm1", url=first.url(), rpc="localhost:8032"),
            Daemon(id="rm2", url=second.url(), rpc="nohost.test:8032"),
        ]
        asked = desk(profile(endpoints=Endpoints(resourcemanagers=pair)))
        minted = await one(asked)
        await asked.aclose()
    assert minted.info.error is None
    assert (minted.info.expires_at, minted.info.max_date) == (1000, 2000)
    # A host that cannot be resolved here keeps its name.
    assert list(minted.tokens) == [
        "127.0.0.1:8032,nohost.test:8032",
        "localhost:8032,nohost.test:8032",
    ]


# -- renewal ----------------------------------------------------------------------------------


async def test_a_token_that_cannot_be_put_off_any_more_is_replaced():
    async with kms() as server:
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        minted = await one(asked)
        old = minted.issued[0]
        nearly = replace(old, max_date=time.time() + 86000)
        renewed = await asked.renew(Minted(minted.info, (nearly,)))
        assert renewed.tokens != minted.tokens
        assert renewed.info.expires_at < renewed.info.max_date
        # Programs that run may use the old one: it is good until the logout.
        assert len(server.alive) == 2
        await asked.cancel(renewed)
        assert server.alive == []
        await asked.aclose()


async def test_a_failed_renewal_keeps_the_token_and_says_why():
    async with kms() as server:
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        minted = await one(asked)
        server.refusal = "The database is gone"
        failed = await asked.renew(minted)
        assert failed.tokens == minted.tokens
        assert failed.info.expires_at == minted.info.expires_at
        assert "The database is gone" in failed.info.error.message
        server.refusal = ""
        assert (await asked.renew(failed)).info.error is None
        await asked.aclose()


async def test_renewal_gets_a_token_where_there_was_none():
    async with kms() as server:
        server.refusal = "not yet"
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        minted = await one(asked)
        assert not minted.tokens
        server.refusal = ""
        assert (await asked.renew(minted)).tokens
        await asked.aclose()


async def test_a_failed_cancellation_is_told():
    async with kms() as server:
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        minted = await one(asked)
        server.refusal = "The database is gone"
        with pytest.raises(Forbidden, match="The database is gone"):
            await asked.cancel(minted)
        await asked.aclose()


async def test_what_is_gone_already_keeps_no_other_from_being_cancelled():
    async with kms() as server:
        asked = desk(profile({"kms": f"http://localhost:{server.port}/kms"}))
        first, second = await one(asked), await one(asked)
        await asked.cancel(first)
        await asked.cancel(Minted(first.info, (*first.issued, *second.issued)))
        assert server.alive == []
        await asked.aclose()


async def test_certificates_of_a_kms_and_a_hiveserver2_are_checked(tmp_path):
    authority = Authority(tmp_path)
    async with raw_server(always(reply(b"")), authority.server()) as server:
        for key, path in (("kms", "/kms"), ("hiveserver2", "/cliservice")):
            where = {key: server.url(path, "https")}
            for ca, message in ((str(authority.ca_file), "answer"), (None, "The certificate of")):
                asked = desk(profile(where, ca_file=ca))
                minted = await one(asked)
                await asked.aclose()
                assert message in minted.info.error.message


@pytest.mark.parametrize("auth", ["simple", "gateway"])
async def test_no_tokens_without_kerberos(auth):
    asked = desk(profile({"kms": "http://localhost:1/kms"}, auth=auth))
    assert await asked.mint() == []
    await asked.aclose()
