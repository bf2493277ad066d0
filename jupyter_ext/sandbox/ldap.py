"""The directory of a secure cluster: OpenLDAP's slapd with TLS, password policies and GSSAPI."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from jupyter_ext.errors import Unavailable
from jupyter_ext.sandbox.files import write
from jupyter_ext.sandbox.kdc import Kdc
from jupyter_ext.sandbox.people import GROUPS, PEOPLE, Condition
from jupyter_ext.sandbox.processes import Program
from jupyter_ext.sandbox.requirements import installed
from jupyter_ext.sandbox.tls import Authority

PORTS = ("ldap", "ldaps")
BASE = "dc=example,dc=com"
PEOPLE_DN = f"ou=people,{BASE}"
GROUPS_DN = f"ou=groups,{BASE}"

_CONF = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {directory}/slapd.pid
argsfile {directory}/slapd.args

TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSProtocolMin 3.3
# A password in clear over the wire is refused (confidentialityRequired).
security simple_bind=128
disallow bind_anon
require authc

# By SASL a user is who their ticket says; only this realm's users are anyone here.
sasl-host localhost
sasl-realm {realm}
authz-regexp "^uid=([^,/]+)(,cn={realm_pattern})?,cn=gssapi,cn=auth$" "uid=$1,{people}"

database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
maxsize 16777216
directory {directory}/db
index objectClass,uid eq
access to attrs=userPassword by self =xw by anonymous auth by * none
access to * by users read by anonymous auth by * none
overlay ppolicy
ppolicy_default "cn=default,ou=policies,{base}"
ppolicy_use_lockout
"""
_TREE = """\
dn: {base}
objectClass: domain
dc: example

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups

dn: ou=policies,{base}
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,{base}
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMustChange: TRUE
pwdAllowUserChange: TRUE

dn: cn=lockout,ou=policies,{base}
objectClass: device
objectClass: pwdPolicy
cn: lockout
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdLockoutDuration: 10
pwdAllowUserChange: TRUE

dn: cn=strict,ou=policies,{base}
objectClass: device
objectClass: pwdPolicy
cn: strict
pwdAttribute: userPassword
pwdCheckQuality: 1
pwdMinLength: 10
pwdInHistory: 3
pwdAllowUserChange: TRUE

dn: cn=ageing,ou=policies,{base}
objectClass: device
objectClass: pwdPolicy
cn: ageing
pwdAttribute: userPassword
pwdMaxAge: 7776000
pwdGraceAuthNLimit: 0
pwdAllowUserChange: TRUE
"""
_PERSON = """\
dn: uid={name},{people}
objectClass: inetOrgPerson
uid: {name}
cn: {full_name}
sn: {surname}
mail: {name}@example.com
userPassword: {password}
{condition}"""
_CONDITION: Mapping[Condition, str] = {
    "good": "",
    "expired": (
        f"pwdPolicySubentry: cn=ageing,ou=policies,{BASE}\npwdChangedTime: 20200101000000Z\n"
    ),
    # The time that means: for good (draft-behera-ldap-password-policy, 5.3.3).
    "locked": "pwdAccountLockedTime: 000001010000Z\n",
    "must-change": "pwdReset: TRUE\n",
    "lapsed": "pwdEndTime: 20200101000000Z\n",
    "lockout": f"pwdPolicySubentry: cn=lockout,ou=policies,{BASE}\n",
    "strict": f"pwdPolicySubentry: cn=strict,ou=policies,{BASE}\n",
    "short-lived": "",
}


class Ldap:
    """The directory's data, and the program that serves it.

    Parameters
    ----------
    directory
        Where everything of it is.
    ports
        Ports by the names in ``PORTS``.
    authority
        Certificates for TLS.
    kdc
        The realm whose tickets it takes.
    """

    def __init__(
        self, directory: Path, ports: Mapping[str, int], authority: Authority, kdc: Kdc
    ) -> None:
        self.directory = directory
        self.ports = {name: ports[name] for name in PORTS}
        self._authority = authority
        self._kdc = kdc

    @property
    def url(self) -> str:
        """Where clients connect, with TLS from the first byte."""
        return f"ldaps://localhost:{self.ports['ldaps']}"

    def prepare(self, lock: int) -> None:
        """Write the configuration; load the people once.

        Raises
        ------
        Unavailable
            If slapd refuses them.
        """
        tree = entries()
        generation = hashlib.sha256(tree.encode()).hexdigest()[:16]
        complete = self.directory / "complete"
        present = complete.read_text() if complete.exists() else ""
        if present != generation and self.directory.exists():
            shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self.directory / "slapd.conf", self._configuration())
        if present == generation:
            return
        # Ubuntu's AppArmor lets /usr/sbin/slapd read its own folders only; a copy is free. Another
        # process makes it: while this one has a file open for writing, a child that a thread is
        # just starting has it open too, and nobody may run it ("text file busy").
        subprocess.run(["cp", installed("slapd"), self.directory / "slapd"], check=True, timeout=30)
        (self.directory / "db").mkdir(mode=0o700)
        # Passwords are public here; they go in by standard input all the same.
        done = subprocess.run(
            [self.directory / "slapd", "-T", "add", "-q", "-f", self.directory / "slapd.conf"],
            input=tree,
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[lock],
            timeout=30,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"The sandbox's LDAP server does not take its people: {reason}")
        write(complete, generation)

    def programs(self) -> list[Program]:
        """List the server; a new certificate, configuration or set of people restarts it."""
        urls = f"ldap://127.0.0.1:{self.ports['ldap']}/ ldaps://127.0.0.1:{self.ports['ldaps']}/"
        conf = str(self.directory / "slapd.conf")
        # -d keeps it in the foreground; 256 logs connections, operations and results.
        argv = (str(self.directory / "slapd"), "-f", conf, "-h", urls, "-d", "256")
        environment = {
            "KRB5_CONFIG": str(self._kdc.krb5_conf),
            "KRB5_KTNAME": f"FILE:{self._kdc.keytab('ldap.keytab')}",
            "KRB5RCACHENAME": f"file2:{self.directory}/replay-cache",
        }
        parts = [urls, self._authority.serial, self._configuration(), entries()]
        fingerprint = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
        name = f"{self._kdc.name}-ldap"
        return [Program(name, argv, self.directory, environment, fingerprint)]

    def _configuration(self) -> str:
        return _CONF.format(
            directory=self.directory,
            base=BASE,
            people=PEOPLE_DN,
            realm=self._kdc.realm,
            # A DN is compared in lower case.
            realm_pattern=re.escape(self._kdc.realm.lower()),
            ca=self._authority.ca,
            certificate=self._authority.certificate,
            key=self._authority.key,
        )


def entries() -> str:
    """Write everyone as LDIF."""
    parts = [_TREE.format(base=BASE)]
    parts += [
        _PERSON.format(
            name=person.name,
            people=PEOPLE_DN,
            full_name=person.full_name,
            surname=person.full_name.split()[-1],
            password=person.password,
            condition=_CONDITION[person.condition],
        )
        for person in PEOPLE
    ]
    parts += [
        "\n".join(
            [
                f"dn: cn={group},ou=groups,{BASE}",
                "objectClass: groupOfNames",
                f"cn: {group}",
                *(
                    f"member: uid={person.name},{PEOPLE_DN}"
                    for person in PEOPLE
                    if group in person.groups
                ),
                "",
            ]
        )
        for group in GROUPS
    ]
    return "\n".join(parts)
