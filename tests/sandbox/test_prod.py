"""prod: its realm, its directory, and Hadoop behind both."""

from __future__ import annotations

import os
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import gssapi
import ldap3
import pytest
from ldap3.core.exceptions import LDAPSocketOpenError

from tests.conftest import eventually
from tests.hadoop_sandbox import Login

POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"


@pytest.fixture(scope="module")
def alice(sandbox, tmp_path_factory) -> Login:
    return Login(sandbox, "alice", tmp_path_factory.mktemp("ccache"))


def directory(sandbox, scheme: str, ca=None) -> ldap3.Server:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(ca or sandbox.ca_file))
    return ldap3.Server(
        f"{scheme}://localhost:{sandbox.port('prod', scheme)}",
        tls=tls,
        connect_timeout=5,
        get_info=ldap3.NONE,
    )


@pytest.fixture
def bind(sandbox):
    """Bind to the directory over TLS; the connection and its answer."""

    def bind(user: str, password: str, *, scheme: str = "ldaps", ca=None) -> ldap3.Connection:
        server = directory(sandbox, scheme, ca)
        name = f"uid={user},ou=people,dc=example,dc=com"
        connection = ldap3.Connection(server, name, password, auto_referrals=False)
        connection.open()
        connection.bind(controls=[(POLICY, False, None)])
        return connection

    return bind


def test_users_log_in_to_the_realm(sandbox, tmp_path):
    for user in ("alice", "bob", "carol"):
        assert sandbox.kinit(user, tmp_path / user)[0] == 0


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("dave", "Password expired"),
        ("mustchange", "Password expired"),
        ("erin", "credentials have been revoked"),
        ("lapsed", "entry in database has expired"),
        ("nobody", "not found in Kerberos database"),
    ],
)
def test_others_do_not_and_learn_why(sandbox, tmp_path, user, expected):
    status, said = sandbox.kinit(user, tmp_path / user, f"{user}-password")
    assert status != 0
    assert expected in said


def test_three_wrong_passwords_lock_for_a_while(sandbox, tmp_path):
    try:
        for _ in range(3):
            assert "Password incorrect" in sandbox.kinit("lockout", tmp_path / "x", "wrong")[1]
        assert "have been revoked" in sandbox.kinit("lockout", tmp_path / "x")[1]
    finally:
        sandbox.reset("lockout")
    assert sandbox.kinit("lockout", tmp_path / "x")[0] == 0


def test_tickets_of_ten_seconds_can_be_renewed(sandbox, tmp_path):
    ccache = tmp_path / "shortlived"
    assert sandbox.kinit("shortlived", ccache)[0] == 0
    store = {"ccache": f"FILE:{ccache}"}
    assert 0 < gssapi.Credentials(usage="initiate", store=store).lifetime <= 10
    environment = {**os.environ, "KRB5_CONFIG": str(sandbox.krb5_conf)}
    subprocess.run(["kinit", "-R", "-c", ccache], env=environment, check=True, timeout=20)


def test_a_wrong_password_does_not(sandbox, tmp_path):
    status, said = sandbox.kinit("alice", tmp_path / "alice", "wrong")
    assert status != 0
    assert "Password incorrect" in said


def kpasswd(sandbox, user: str, now: str, then: str) -> str:
    changed = subprocess.run(
        ["kpasswd", user],
        input=f"{now}\n{then}\n{then}\n",
        env={**os.environ, "KRB5_CONFIG": str(sandbox.krb5_conf), "LANG": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return changed.stdout + changed.stderr


@pytest.mark.parametrize("user", ["carol", "dave", "mustchange"])
def test_a_password_can_be_changed_also_one_that_must_be(sandbox, tmp_path, user):
    try:
        said = kpasswd(sandbox, user, f"{user}-password", "another-password")
        assert "Password changed." in said
        assert sandbox.kinit(user, tmp_path / user, "another-password")[0] == 0
    finally:
        sandbox.reset(user)


def test_a_policy_rejects_a_password_with_its_reason(sandbox, tmp_path):
    try:
        said = kpasswd(sandbox, "strict", "strict-password", "short")
        assert "Please choose a password which is at least 10 characters long." in said
        said = kpasswd(sandbox, "strict", "strict-password", "strict-password")
        assert "New password was used previously." in said
        assert "changed" in kpasswd(sandbox, "strict", "strict-password", "another-password")
        assert sandbox.kinit("strict", tmp_path / "strict", "another-password")[0] == 0
    finally:
        sandbox.reset("strict")


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
    refused = (403, "AccessControlException")
    for private in ("/user/bob?op=LISTSTATUS", "/data/bob-only.csv?op=OPEN"):
        status, answer = alice.rest("GET", hdfs + private)
        assert (status, answer["RemoteException"]["exception"]) == refused
    status, answer = alice.rest("GET", f"{hdfs}/data/alice-only.csv?op=OPEN&noredirect=true")
    assert (status, list(answer)) == (200, ["Location"])


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


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_a_ticket_opens_the_directory_without_a_password(sandbox, alice, monkeypatch, scheme):
    monkeypatch.setenv("KRB5_CONFIG", str(sandbox.krb5_conf))
    ticket = gssapi.Credentials(usage="initiate", store={"ccache": f"FILE:{alice.ccache}"})
    connection = ldap3.Connection(
        directory(sandbox, scheme),
        authentication=ldap3.SASL,
        sasl_mechanism=ldap3.KERBEROS,
        sasl_credentials=("localhost", None, ticket),
        auto_referrals=False,
    )
    connection.open()
    if scheme == "ldap":
        assert connection.start_tls()
    assert connection.bind(), connection.result
    assert connection.extend.standard.who_am_i() == "dn:uid=alice,ou=people,dc=example,dc=com"
    connection.search("ou=people,dc=example,dc=com", "(uid=bob)", attributes=["cn", "mail"])
    [bob] = connection.response
    assert bob["attributes"] == {"cn": ["Bob Baker"], "mail": ["bob@example.com"]}
    connection.search("ou=groups,dc=example,dc=com", "(cn=engineers)", attributes=["member"])
    assert "uid=carol,ou=people,dc=example,dc=com" in connection.response[0]["attributes"]["member"]


def test_the_directory_says_that_a_password_must_be_changed(bind):
    connection = bind("mustchange", "mustchange-password")
    assert connection.result["description"] == "success"
    assert connection.result["controls"][POLICY]["value"][2:] == b"\x81\x01\x02"


async def test_the_directory_locks_after_three_wrong_passwords_for_a_while(bind):
    for _ in range(3):
        bind("lockout", "wrong")
    connection = bind("lockout", "lockout-password")
    assert connection.result["controls"][POLICY]["value"][2:] == b"\x81\x01\x01"

    def opened() -> bool:
        return bind("lockout", "lockout-password").result["description"] == "success"

    await eventually(opened)


@pytest.mark.parametrize(
    ("user", "password", "error"),
    [
        ("alice", "wrong", b""),
        # BER of the control's value (draft-behera-ldap-password-policy, 6.2): error [1] ENUMERATED.
        ("dave", "dave-password", b"\x81\x01\x00"),
        ("erin", "erin-password", b"\x81\x01\x01"),
        ("lapsed", "lapsed-password", b"\x81\x01\x01"),
    ],
    ids=["wrong password", "password expired", "account locked", "account lapsed"],
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
