"""The Kerberos realm of ``prod``: MIT's KDC and its password service, on the loopback interface."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from jupyter_ext.errors import Unavailable
from jupyter_ext.sandbox.files import write
from jupyter_ext.sandbox.people import PEOPLE, Condition
from jupyter_ext.sandbox.processes import Program
from jupyter_ext.sandbox.requirements import installed
from jupyter_ext.sandbox.site import REALM

PORTS = ("kdc", "kpasswd", "kadmin")
SERVICES = ("hdfs/localhost", "HTTP/localhost")

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
_CONDITION: Mapping[Condition, str] = {
    "good": "",
    "expired": '-pwexpire "2020-01-01 00:00:00"',
    "locked": "-allow_tix",
}


class Kdc:
    """The realm's database, and the programs that serve it.

    Parameters
    ----------
    directory
        Where everything of it is.
    ports
        Ports by the names in ``PORTS``.
    """

    def __init__(self, directory: Path, ports: Mapping[str, int]) -> None:
        self.directory = directory
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

    def prepare(self, lock: int) -> None:
        """Write the configuration; make the database, all principals and keytabs once.

        Raises
        ------
        Unavailable
            If one of Kerberos's programs refuses.
        """
        complete = self.directory / "complete"
        if not complete.exists() and self.directory.exists():
            shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        values = {"realm": REALM, "directory": self.directory, **self.ports}
        write(self.krb5_conf, _KRB5.format(**values), 0o644)
        write(self.directory / "kdc.conf", _KDC.format(**values))
        if complete.exists():
            return
        # Nobody administers this realm from outside; everyone may change their own password.
        write(self.directory / "kadm5.acl", "")
        write(self.directory / "signature-secret", secrets.token_hex(32))
        master = secrets.token_hex(32)
        self._run(["kdb5_util", "create", "-r", REALM, "-s", "-W"], f"{master}\n{master}\n", lock)
        keytab = self.directory / "services.keytab"
        commands = [
            *(f"addprinc -randkey {service}" for service in SERVICES),
            *(f"ktadd -norandkey -k {keytab} {service}" for service in SERVICES),
            *(
                f"addprinc -pw {person.password} +requires_preauth"
                f" {_CONDITION[person.condition]} {person.name}"
                for person in PEOPLE
            ),
        ]
        # Passwords go in by standard input: an argument would be in the process list.
        self._run(["kadmin.local", "-r", REALM], "\n".join([*commands, "listprincs", ""]), lock)
        if not keytab.exists():
            raise Unavailable("The sandbox's KDC was made without its services' keys.")
        keytab.chmod(0o600)
        complete.touch()

    def programs(self) -> list[Program]:
        """List the KDC and the password service."""
        fingerprint = "-".join(str(port) for port in self.ports.values())
        return [
            Program(
                "prod-kdc",
                (installed("krb5kdc"), "-r", REALM, "-n"),
                self.directory,
                self.environment,
                fingerprint,
            ),
            Program(
                "prod-kadmin",
                (installed("kadmind"), "-r", REALM, "-nofork"),
                self.directory,
                self.environment,
                fingerprint,
            ),
        ]

    def _run(self, argv: list[str], text: str, lock: int) -> None:
        done = subprocess.run(
            [installed(argv[0]), *argv[1:]],
            input=text,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", **self.environment},
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[lock],
            timeout=30,
        )
        complaints = [line for line in done.stderr.splitlines() if not line.startswith("No policy")]
        if done.returncode or any("while" in line for line in complaints):
            reason = complaints[-1] if complaints else f"exit status {done.returncode}"
            raise Unavailable(f"The sandbox's KDC could not be made: {argv[0]}: {reason}")
