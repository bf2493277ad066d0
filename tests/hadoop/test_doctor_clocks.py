"""The doctor reads clocks, and asks KDCs whom they serve."""

from __future__ import annotations

import re
import time

import pytest

from jupyter_ext.clusters.models import ClusterConfig
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import kdc_clock
from jupyter_ext.hadoop.doctor import examine
from tests.fakes.listening import listening
from tests.fakes.raw_server import always, closed_port, raw_server, reply
from tests.hadoop.examined import checks, info, profile, resourcemanager
from tests.kdc import running_kdc


def in_realm(realm, *kdcs):
    """A profile of a realm, without any daemon."""
    config = ClusterConfig.model_validate({"kerberos": {"kdc": list(kdcs)}})
    return profile(auth="kerberos", realm=realm, config=config)


@pytest.mark.parametrize(
    ("auth", "seconds", "verdict", "message"),
    [
        (
            "kerberos",
            600,
            "failed",
            r"is \d+ s \(10 minutes\) ahead of this machine's\. Kerberos refuses",
        ),
        ("kerberos", -600, "failed", r"is \d+ s \(10 minutes\) behind this machine's"),
        ("simple", 600, "warning", r"is \d+ s \(10 minutes\) ahead of"),
        ("kerberos", 90, "warning", r"\d s ahead of this machine's\."),
        ("kerberos", 0, "ok", r"Agrees with this machine's\. The difference is \d\.\d s\."),
    ],
)
async def test_clocks(auth, seconds, verdict, message):
    script = resourcemanager(date=time.time() + seconds)
    async with raw_server(script) as server:
        found = await checks(profile([server.url()], auth=auth))
    assert found["clock"].verdict == verdict
    assert re.search(message, found["clock"].message)
    assert ("NTP" in found["clock"].remedy) == (verdict != "ok")


@pytest.mark.parametrize(
    ("clock", "verdict", "message"),
    [
        ("", "ok", r"Agrees with this machine's\. The difference is 0\.\d s\."),
        ("-10m", "failed", r"is \d+ s \(10 minutes\) behind this machine's\. Kerberos refuses"),
    ],
)
async def test_the_clock_of_a_kdc(tmp_path, clock, verdict, message):
    with running_kdc(tmp_path / "realm", clock=clock) as kdc:
        found = await checks(in_realm(kdc.realm, kdc.address))
    assert found["tcp"].target == kdc.address
    assert found["clock"].target == f"KDC {kdc.address}"
    assert found["clock"].verdict == verdict
    assert re.search(message, found["clock"].message)
    assert found["realm"].verdict == "ok"
    assert found["realm"].message == f"Serves {kdc.realm}."


async def test_every_kdc_has_its_own_checks(sandbox, tmp_path):
    port = closed_port()
    with running_kdc(tmp_path / "other", realm="OTHER.COM") as other:
        own = ProfileStore(sandbox.layers).get("prod").config.kerberos.kdc[0]
        dead = f"localhost:{port}"
        report = await examine(in_realm("PROD.EXAMPLE.COM", own, other.address, dead))
    verdicts = {(c.name, c.target): c.verdict for c in report.checks}
    assert verdicts["realm", f"KDC {own}"] == "ok"
    assert verdicts["realm", f"KDC {other.address}"] == "failed"
    assert verdicts["tcp", dead] == "failed"
    assert ("realm", f"KDC {dead}") not in verdicts
    [wrong] = [c for c in report.checks if (c.name, c.verdict) == ("realm", "failed")]
    assert wrong.message == "Is a KDC, but not of the realm PROD.EXAMPLE.COM."
    assert "kerberos.realm" in wrong.remedy


@pytest.mark.parametrize(
    ("realm", "conf", "verdict", "message", "remedy"),
    [
        (None, "[libdefaults]\n", "failed", "does not say which Kerberos realm", "kerberos.realm"),
        (None, None, "failed", "does not say which Kerberos realm", "krb5.conf"),
        ("TEST", "[libdefaults]\n", "skipped", "are found by DNS", ""),
        (
            "TEST",
            "[libdefaults]\n dns_lookup_kdc = false\n",
            "failed",
            "Neither cluster.toml nor krb5.conf says where its KDC is.",
            "[realms], TEST, kdc",
        ),
    ],
)
async def test_a_realm_without_a_kdc(tmp_path, realm, conf, verdict, message, remedy):
    path = tmp_path / "krb5.conf"
    if conf is not None:
        path.write_text(conf)
    krb5_conf = None if conf is None else str(path)
    found = await checks(profile(auth="kerberos", realm=realm, krb5_conf=krb5_conf))
    assert found["realm"].verdict == verdict
    assert message in found["realm"].message
    assert remedy in found["realm"].remedy


async def test_a_krb5_conf_that_cannot_be_read(tmp_path):
    missing = tmp_path / "krb5.conf"
    found = await checks(profile(auth="kerberos", realm="TEST", krb5_conf=str(missing)))
    assert found["realm"].verdict == "failed"
    assert found["realm"].message == f"{missing} cannot be read: No such file or directory."


# KRB-ERROR of a KDC that does not know the realm, but for what makes it one.
TIME = b"\xa4\x11\x18\x0f20260101000000Z"


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff\xff\xff",
        b"\0\0\0\2\x7e\x05",
        b"\0\0\0\4\x30\x02\x30\0",
        b"\0\0\0\1\x7e",
        b"\0\0\0\x17\x7e\x15\x30\x13" + TIME,
        b"\0\0\0\x21\x6b\x1f\x30\x1d" + TIME + b"\xa5\x03\x02\x01\0" + b"\xa6\x03\x02\x01\x06",
    ],
)
async def test_an_answer_of_nothing_that_is_a_kdc(answer):
    async def handle(reader, writer):
        await reader.readexactly(4)
        writer.write(answer)

    async with listening(handle) as port:
        found = await checks(in_realm("TEST", f"localhost:{port}"))
    assert found["realm"].verdict == "failed"
    assert "Does not answer as a KDC: the answer is no Kerberos" in found["realm"].message
    assert "clock" not in found


@pytest.mark.parametrize("config", [{"kdc": ["localhost:{}"]}, {}])
async def test_a_kdc_that_is_none(tmp_path, config):
    async with raw_server(resourcemanager()) as server:
        krb5_conf = tmp_path / "krb5.conf"
        krb5_conf.write_text(
            "[realms]\n OTHER = {\n  kdc = nowhere.invalid\n }\n"
            f" TEST = {{\n  kdc = localhost:{server.port}\n  admin_server = x\n }}\n"
        )
        kerberos = {key: [value.format(server.port) for value in config[key]] for key in config}
        examined = profile(
            auth="kerberos",
            realm="TEST",
            krb5_conf=str(krb5_conf),
            config=ClusterConfig.model_validate({"kerberos": kerberos}),
        )
        found = await checks(examined, connect_timeout_s=0.3)
    assert found["realm"].target == f"KDC localhost:{server.port}"
    assert found["realm"].verdict == "failed"
    assert "Does not answer as a KDC" in found["realm"].message
    assert "KDC of the realm TEST" in found["realm"].remedy
    assert "clock" not in found


@pytest.mark.parametrize(
    ("kdc", "verdict", "message"),
    [
        ("localhost:abc", "failed", "Is no host:port."),
        ("localhost:99999", "failed", "Is no host:port."),
        ("localhost:0", "failed", "Is no host:port."),
        ("", "failed", "Is no host:port."),
        ("https://proxy.example.com/KdcProxy", "skipped", "Is a KDC proxy"),
    ],
)
async def test_a_kdc_without_an_address(kdc, verdict, message):
    found = await checks(in_realm("TEST", kdc))
    assert found["realm"].verdict == verdict
    assert message in found["realm"].message


@pytest.mark.parametrize(
    ("kdc", "place"),
    [
        ("kdc.example.com", ("kdc.example.com", 88)),
        ("kdc.example.com:750", ("kdc.example.com", 750)),
        ("tcp/kdc.example.com", ("kdc.example.com", 88)),
        ("[::1]:1088", ("::1", 1088)),
        ("[::1]", ("::1", 88)),
    ],
)
def test_addresses_of_kdcs(kdc, place):
    assert kdc_clock.place(kdc) == place


async def test_an_answer_without_a_date():
    answer = reply(info(), Content_Type="application/json").replace(b"Date:", b"X-Date:")
    async with raw_server(always(answer)) as server:
        found = await checks(profile([server.url()]))
    assert found["clock"].verdict == "skipped"
