"""Rows of the table of errors, and the clusters on which they happen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.raw_server import black_hole, closed_port
from tests.hadoop_xml import site
from tests.kdc import RunningKdc, running_kdc

REALM = "PROD.EXAMPLE.COM"


@dataclass(frozen=True)
class Row:
    """One thing that goes wrong."""

    case: str
    user: str
    password: str
    status: int
    code: str
    says: str
    """Of the message; ``{kdc}`` is where the KDC should be, ``{ldap}`` where the directory is."""
    advises: str
    """Of the hint."""
    at: str = "prod"
    """What kind of KDC; see ``kdc_of``."""

    def __str__(self) -> str:
        return self.case


@dataclass(frozen=True)
class Refusal(Row):
    """A refusal that OpenLDAP does not make, or not to a client that insists on TLS."""

    result: int = 49
    told: str = ""


def active_directory(data: str, status: int, code: str, says: str, advises: str) -> Refusal:
    """Make a row of one of the details by which Active Directory tells refusals apart."""
    told = f"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {data}"
    who = ("alice", "alice-password")
    return Refusal(f"LDAP 49 data {data}", *who, status, code, says, advises, told=told)


def rows(*table: Row) -> pytest.MarkDecorator:
    """Make one test of each row."""
    return pytest.mark.parametrize("row", table, ids=str)


def check(row: Row, answer: tuple[int, dict], cluster: str, **places: str) -> None:
    """Compare an answer with what the table says."""
    status, error = answer
    assert (status, error["code"]) == (row.status, row.code), error
    assert row.says.format(**places) in error["message"]
    assert row.advises.format(**places) in error["hint"]
    assert error["cluster"] == cluster
    assert error["error_id"]
    said = json.dumps(error).replace(f"{row.user}@", "")
    assert not row.password or row.password not in said


def write(directory: Path, auth: str, toml: str = "", krb5_conf: str = "", ca: str = "") -> None:
    """Write a profile."""
    name_node = {"fs.defaultFS": "hdfs://localhost:1", "hadoop.security.authentication": auth}
    site(directory / "conf", "core", name_node)
    (directory / "cluster.toml").write_text(toml)
    if krb5_conf:
        (directory / "krb5.conf").write_text(krb5_conf)
    if ca:
        (directory / "ca.pem").write_text(ca)


def conf(*kdcs: str) -> str:
    """Write a krb5.conf."""
    where = "".join(f"    kdc = {kdc}\n" for kdc in kdcs)
    return (
        f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n"
        f" udp_preference_limit = 1\n[realms]\n {REALM} = {{\n{where} }}\n"
    )


@asynccontextmanager
async def kdc_of(kind: str, kdc: RunningKdc, directory: Path) -> AsyncIterator[str]:
    """Let there be a KDC of some kind; gives host:port."""
    async with AsyncExitStack() as stack:
        if kind == "prod":
            yield kdc.address
        elif kind == "10 minutes ahead":
            yield stack.enter_context(running_kdc(directory, clock="+10m")).address
        elif kind == "closed":
            yield f"127.0.0.1:{closed_port()}"
        elif kind == "a black hole":
            yield f"127.0.0.1:{(await stack.enter_async_context(black_hole())).port}"
        else:
            assert kind == "nowhere"
            yield ""


def ldap_toml(url: str) -> str:
    """Write what cluster.toml says of a directory."""
    return f'[ldap]\nurl = "{url}"\nbase_dn = "ou=people,dc=example,dc=com"\n'
