"""A Kerberos realm: MIT's KDC and its password service, on the loopback interface."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_ext.errors import Unavailable
from jupyter_ext.sandbox.files import write
from jupyter_ext.sandbox.people import PEOPLE, Condition, Person
from jupyter_ext.sandbox.processes import Program
from jupyter_ext.sandbox.requirements import installed
from jupyter_ext.sandbox.site import REALM

PORTS = ("kdc", "kpasswd", "kadmin")
COMPLETE = "complete"
"""File that says which people and services the database was made for."""
KEYTABS: Mapping[str, Sequence[str]] = {
    "services.keytab": ("hdfs/localhost", "HTTP/localhost"),
    "ldap.keytab": ("ldap/localhost",),
}
"""File to the service principals whose keys it holds."""

# request_timeout is for MIT 1.22 and later, which else waits without end; kdc_timeout (ms) and
# max_retries are for Java, which else waits for three minutes. Who knows none of them ignores it.
_KRB5 = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  forwardable = true
  ticket_lifetime = 10h
  renew_lifetime = 7d
  request_timeout = 5s
  kdc_timeout = 3000
  max_retries = 2

[realms]
  {realm} = {{
    kdc = 127.0.0.1:{kdc}
    admin_server = 127.0.0.1:{kadmin}
    kpasswd_server = 127.0.0.1:{kpasswd}
  }}

[domain_realm]
  localhost = {realm}
"""
_KDC = """\
[kdcdefaults]
  kdc_listen = 127.0.0.1:{kdc}
  kdc_tcp_listen = 127.0.0.1:{kdc}

[realms]
  {realm} = {{
    database_name = {directory}/principal
    key_stash_file = {directory}/stash
    acl_file = {directory}/kadm5.acl
    kadmind_listen = 127.0.0.1:{kadmin}
    kpasswd_listen = 127.0.0.1:{kpasswd}
    max_life = 10h
    max_renewable_life = 7d
  }}

[logging]
  kdc = STDERR
  admin_server = STDERR
  default = STDERR
"""
_POLICIES = (
    'addpol -maxfailure 3 -lockoutduration "10 seconds" lockout',
    "addpol -minlength 10 -history 3 strict",
)
_CONDITION: Mapping[Condition, str] = {
    "good": "",
    "expired": '-pwexpire "2020-01-01 00:00:00"',
    "locked": "-allow_tix",
    "must-change": "+needchange",
    "lapsed": '-expire "2020-01-01 00:00:00"',
    "lockout": "-policy lockout",
    "strict": "-policy strict",
    "short-lived": '-maxlife "10 seconds" -maxrenewlife "60 seconds"',
}


def addprinc(person: Person) -> str:
    """Write the command that gives someone a principal, as they are when the realm is new."""
    condition = _CONDITION[person.condition]
    return f"addprinc -pw {person.password} +requires_preauth {condition} {person.name}"


class Kdc:
    """The realm's database, and the programs that serve it.

    Parameters
    ----------
    directory
        Where everything of it is.
    ports
        Ports by the names in ``PORTS``.
    name
        Of the cluster it belongs to; its programs are called after it.
    realm
        Name of the realm.
    people
        Who has a principal.
    keytabs
        File name to service principals.
    """

    def __init__(
        self,
        directory: Path,
        ports: Mapping[str, int],
        *,
        name: str = "prod",
        realm: str = REALM,
        people: Sequence[Person] = PEOPLE,
        keytabs: Mapping[str, Sequence[str]] = KEYTABS,
    ) -> None:
        self.directory = directory
        self.name = name
        self.realm = realm
        self._people = people
        self._keytabs = keytabs
        self.krb5_conf = directory / "krb5.conf"
        self.ports = {name: ports[name] for name in PORTS}

    @property
    def address(self) -> str:
        """host:port of the KDC."""
        return f"127.0.0.1:{self.ports['kdc']}"

    @property
    def environment(self) -> dict[str, str]:
        """What points the Kerberos programs at this realm."""
        return {
            "KRB5_CONFIG": str(self.krb5_conf),
            "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf"),
        }

    def keytab(self, name: str) -> Path:
        """Path of one of the keytabs."""
        return self.directory / name

    def prepare(self, lock: int | None = None) -> None:
        """Write the configuration; make the database, all principals and keytabs once.

        Parameters
        ----------
        lock
            Descriptor that Kerberos's programs hold open while they work.

        Raises
        ------
        Unavailable
            If one of Kerberos's programs refuses.
        """
        commands = self._commands()
        generation = hashlib.sha256("\n".join([self.realm, *commands]).encode()).hexdigest()[:16]
        complete = self.directory / COMPLETE
        present = complete.read_text() if complete.exists() else ""
        if present != generation and self.directory.exists():
            shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        values = {"realm": self.realm, "directory": self.directory, **self.ports}
        write(self.krb5_conf, _KRB5.format(**values), 0o644)
        write(self.directory / "kdc.conf", _KDC.format(**values))
        if present == generation:
            return
        # Nobody administers this realm from outside; everyone may change their own password.
        write(self.directory / "kadm5.acl", "")
        write(self.directory / "signature-secret", secrets.token_hex(32))
        master = secrets.token_hex(32)
        create = ["kdb5_util", "create", "-r", self.realm, "-s", "-W"]
        self._run(create, f"{master}\n{master}\n", lock)
        # Passwords go in by standard input: an argument would be in the process list.
        self._run(["kadmin.local", "-r", self.realm], "\n".join([*commands, ""]), lock)
        for name in self._keytabs:
            if not self.keytab(name).exists():
                raise Unavailable("The sandbox's KDC was made without its services' keys.")
            self.keytab(name).chmod(0o600)
        write(complete, generation)

    def _commands(self) -> list[str]:
        """Tell kadmin.local who there is."""
        keys = [(name, service) for name, services in self._keytabs.items() for service in services]
        return [
            *_POLICIES,
            *(f"addprinc -randkey {service}" for _, service in keys),
            *(f"ktadd -norandkey -k {self.keytab(name)} {service}" for name, service in keys),
            *(addprinc(person) for person in self._people),
        ]

    def programs(self) -> list[Program]:
        """List the KDC and the password service; a database made anew restarts them."""
        generation = (self.directory / COMPLETE).read_text()
        fingerprint = "-".join([*(str(port) for port in self.ports.values()), generation])
        return [
            Program(
                f"{self.name}-kdc",
                (installed("krb5kdc"), "-r", self.realm, "-n"),
                self.directory,
                self.environment,
                fingerprint,
            ),
            Program(
                f"{self.name}-kadmin",
                (installed("kadmind"), "-r", self.realm, "-nofork"),
                self.directory,
                self.environment,
                fingerprint,
            ),
        ]

    def _run(self, argv: list[str], text: str, lock: int | None) -> None:
        done = subprocess.run(
            [installed(argv[0]), *argv[1:]],
            input=text,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", **self.environment},
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[] if lock is None else [lock],
            timeout=30,
        )
        complaints = [line for line in done.stderr.splitlines() if not line.startswith("No policy")]
        if done.returncode or any("while" in line for line in complaints):
            reason = complaints[-1] if complaints else f"exit status {done.returncode}"
            raise Unavailable(f"The sandbox's KDC could not be made: {argv[0]}: {reason}")
