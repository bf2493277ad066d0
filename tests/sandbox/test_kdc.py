"""Realms beside the sandbox's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_ext.sandbox.people import Person
from tests.kdc import RunningKdc, running_kdc

REALM = "PROD.EXAMPLE.COM"


def run(realm: RunningKdc, ccache: Path, *argv: str, text: str = "") -> tuple[int, str]:
    done = subprocess.run(
        argv,
        input=text,
        env=realm.client(ccache),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def two(tmp_path):
    other = [Person("alice", "Alice Other", password="other-password"), Person("zoe", "Zoe Zimt")]
    with (
        running_kdc(tmp_path / "one") as one,
        running_kdc(tmp_path / "two", people=other) as two,
    ):
        yield one, two


def test_two_realms_of_one_name_give_tickets_at_once(two, tmp_path):
    assert {realm.realm for realm in two} == {REALM}
    for realm, password in zip(two, ("alice-password", "other-password"), strict=True):
        ccache = tmp_path / realm.directory.name / "alice"
        assert run(realm, ccache, "kinit", "alice", text=password) == (
            0,
            f"Password for alice@{REALM}: \n",
        )
        status, said = run(realm, ccache, "kvno", "-k", str(realm.keytab), "HTTP/localhost")
        assert (status, said) == (0, f"HTTP/localhost@{REALM}: kvno = 1, keytab entry valid\n")


def test_neither_takes_the_others_password_or_ticket(two, tmp_path):
    one, other = two
    ccache = tmp_path / "alice"
    status, said = run(other, ccache, "kinit", "alice", text="alice-password")
    assert status != 0
    assert "Password incorrect" in said
    assert run(one, ccache, "kinit", "alice", text="alice-password")[0] == 0
    status, said = run(other, ccache, "kvno", "HTTP/localhost")
    assert status != 0, said


def test_it_is_administered_from_a_test_and_gone_after_it(tmp_path):
    with running_kdc(tmp_path / "kdc", realm="OTHER.TEST") as realm:
        realm.kadmin("cpw -pw new-password bob")
        assert run(realm, tmp_path / "bob", "kinit", "bob", text="new-password")[0] == 0
    status, said = run(realm, tmp_path / "bob", "kinit", "bob", text="new-password")
    assert status != 0
    assert "Cannot contact any KDC for realm 'OTHER.TEST'" in said
