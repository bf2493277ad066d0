"""prod: its realm, its directory, and Hadoop behind both."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import LDAPSocketOpenError

from tests.conftest import eventually

POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"


class Login:
    """A user with a ticket, who talks to daemons by SPNEGO."""

    def __init__(self, sandbox, user: str, folder: Path) -> None:
        self.ccache = folder / user
        status, said = sandbox.kinit(user, self.ccache)
        assert status == 0, said
        self._environment = {
            **os.environ,
            "KRB5_CONFIG": str(sandbox.krb5_conf),
            "KRB5CCNAME": f"FILE:{self.ccache}",
        }

    def rest(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        data = [] if body is None else ["--json", json.dumps(body)]
        curl = ["curl", "-s", "--max-time", "20", "--negotiate", "-u", ":", "-w", "\n%{http_code}"]
        done = subprocess.run(
            [*curl, "-X", method, *data, url],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        text, _, code = done.stdout.rpartition("\n")
        return int(code), json.loads(text) if text.startswith("{") else text


@pytest.fixture(scope="module")
def alice(sandbox, tmp_path_factory) -> Login:
    return Login(sandbox, "alice", tmp_path_factory.mktemp("ccache"))


@pytest.fixture
def bind(sandbox):
    """Bind to the directory over TLS; the connection and its answer."""

    def bind(user: str, password: str, *, scheme: str = "ldaps", ca=None) -> ldap3.Connection:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(ca or sandbox.ca_file))
        server = ldap3.Server(
            f"{scheme}://localhost:{sandbox.port('prod', scheme)}",
            tls=tls,
            connect_timeout=5,
            get_info=ldap3.NONE,
        )
        name = f"uid={user},ou=people,dc=example,dc=com"
        connection = ldap3.Connection(server, name, password, auto_referrals=False)
        connection.open()
        connection.bind(controls=[(POLICY, False, None)])
        return connection

    return bind


def test_users_log_in_to_the_realm(sandbox, tmp_path):
    for user in ("alice", "bob", "carol"):
        assert sandbox.kinit(user, tmp_path / user)[0] == 0


def test_the_expired_and_the_locked_user_do_not(sandbox, tmp_path):
    status, said = sandbox.kinit("dave", tmp_path / "dave")
    assert status != 0
    assert "Password expired" in said
    status, said = sandbox.kinit("erin", tmp_path / "erin")
    assert status != 0
    assert "credentials have been revoked" in said


def test_a_wrong_password_does_not(sandbox, tmp_path):
    status, said = sandbox.kinit("alice", tmp_path / "alice", "wrong")
    assert status != 0
    assert "Password incorrect" in said


def test_a_password_can_be_changed(sandbox, tmp_path):
    old = sandbox.passwords["carol"]
    for now, then in ((old, "another-password"), ("another-password", old)):
        changed = subprocess.run(
            ["kpasswd", "carol"],
            input=f"{now}\n{then}\n{then}\n",
            env={**os.environ, "KRB5_CONFIG": str(sandbox.krb5_conf), "LANG": "C"},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert "Password changed." in changed.stdout, changed.stdout + changed.stderr
        assert sandbox.kinit("carol", tmp_path / "carol", then)[0] == 0


def test_no_ticket_no_entry(sandbox):
    url = f"{sandbox.resourcemanager('prod')}/ws/v1/cluster/metrics?user.name=alice"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, timeout=20)
    assert refused.value.code == 401
    assert refused.value.headers["WWW-Authenticate"] == "Negotiate"


def test_a_ticket_opens_yarn_and_hdfs(sandbox, alice):
    status, metrics = alice.rest("GET", f"{sandbox.resourcemanager('prod')}/ws/v1/cluster/metrics")
    assert (status, metrics["clusterMetrics"]["activeNodes"]) == (200, 1)
    hdfs = f"{sandbox.namenode('prod')}/webhdfs/v1"
    status, listing = alice.rest("GET", f"{hdfs}/data/bikes?op=LISTSTATUS")
    assert (status, len(listing["FileStatuses"]["FileStatus"])) == (200, 3)
    status, refused = alice.rest("GET", f"{hdfs}/user/bob?op=LISTSTATUS")
    assert (status, refused["RemoteException"]["exception"]) == (403, "AccessControlException")


async def test_an_application_with_a_token_runs(sandbox, alice):
    rm, nn = sandbox.resourcemanager("prod"), sandbox.namenode("prod")
    service = f"127.0.0.1:{sandbox.port('prod', 'namenode-rpc')}"
    query = f"renewer=hdfs&kind=HDFS_DELEGATION_TOKEN&service={service}"
    _, token = alice.rest("GET", f"{nn}/webhdfs/v1/?op=GETDELEGATIONTOKEN&{query}")
    _, new = alice.rest("POST", f"{rm}/ws/v1/cluster/apps/new-application")
    app = new["application-id"]
    entry = {"key": service, "value": token["Token"]["urlString"]}
    submission = {
        "application-id": app,
        "application-name": "with a token",
        "max-app-attempts": 1,
        "resource": {"memory": 128, "vCores": 1},
        "am-container-spec": {
            "commands": {"command": "whoami; echo $USER; sleep 300"},
            "credentials": {"tokens": {"entry": [entry]}},
        },
    }
    assert alice.rest("POST", f"{rm}/ws/v1/cluster/apps", submission)[0] == 202
    url = f"{rm}/ws/v1/cluster/apps/{app}"
    await eventually(lambda: alice.rest("GET", url)[1]["app"]["runningContainers"] == 1)
    status, _ = alice.rest("PUT", f"{url}/state", {"state": "KILLED"})
    assert status in (200, 202)
    await eventually(lambda: alice.rest("GET", url)[1]["app"]["state"] == "KILLED")


def test_users_bind_to_the_directory_over_tls(bind):
    connection = bind("alice", "alice-password")
    assert connection.result["description"] == "success"
    connection.search(
        "ou=groups,dc=example,dc=com",
        "(member=uid=alice,ou=people,dc=example,dc=com)",
        attributes=["cn"],
    )
    assert [entry["attributes"]["cn"] for entry in connection.response] == [["analysts"]]


@pytest.mark.parametrize(
    ("user", "password", "error"),
    [
        ("alice", "wrong", b""),
        # BER of the control's value (draft-behera-ldap-password-policy, 6.2): error [1] ENUMERATED.
        ("dave", "dave-password", b"\x81\x01\x00"),
        ("erin", "erin-password", b"\x81\x01\x01"),
    ],
    ids=["wrong password", "password expired", "account locked"],
)
def test_the_directory_refuses(bind, user, password, error):
    connection = bind(user, password)
    assert connection.result["description"] == "invalidCredentials"
    assert connection.result["controls"][POLICY]["value"][2:] == error


def test_the_directory_takes_no_password_in_clear(bind):
    connection = bind("alice", "alice-password", scheme="ldap")
    assert connection.result["description"] == "confidentialityRequired"


def test_the_directory_has_a_certificate_of_the_profiles_ca_only(bind, tmp_path):
    from jupyter_ext.sandbox.tls import Authority

    other = Authority(tmp_path)
    other.prepare()
    with pytest.raises(LDAPSocketOpenError, match="certificate verify failed"):
        bind("alice", "alice-password", ca=other.ca)


def test_secrets_are_for_their_owner_only_and_in_no_command_line(sandbox):
    for path in (sandbox.directory / "prod").rglob("*"):
        if path.is_file() and path.suffix in (".keytab", ".key", ".ldif", ".conf"):
            public = path.name == "krb5.conf"
            assert path.stat().st_mode & 0o077 == (0o044 if public else 0), path
    assert (sandbox.directory).stat().st_mode & 0o077 == 0
    profile = sandbox.config_dir / "clusters" / "prod"
    published = "".join(path.read_text() for path in profile.rglob("*") if path.is_file())
    assert "keytab" not in published
    for daemon in sandbox.status().daemons:
        line = Path(f"/proc/{daemon.pid}/cmdline").read_bytes()
        assert not any(password.encode() in line for password in sandbox.passwords.values())
