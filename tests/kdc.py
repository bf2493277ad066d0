"""Further realms, each started in a moment: of any name, with any people."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jupyter_ext.sandbox import kdc, ports
from jupyter_ext.sandbox.kdc import Kdc
from jupyter_ext.sandbox.people import PEOPLE, Person
from tests.hadoop_sandbox import kadmin
from tests.loop_watch import aside

CORE_SITE = """<configuration>
<property><name>fs.defaultFS</name><value>hdfs://localhost:8020</value></property>
<property><name>hadoop.security.authentication</name><value>kerberos</value></property>
</configuration>"""


class RunningKdc:
    """A realm: ``krb5_conf`` is what a client needs, ``keytab`` holds the services' keys."""

    def __init__(self, made: Kdc) -> None:
        self.realm = made.realm
        self.directory = made.directory
        self.krb5_conf = made.krb5_conf
        self.keytab = made.keytab("services.keytab")
        self.address = made.address
        self.ports = made.ports

    def client(self, ccache: Path) -> dict[str, str]:
        """Environment for kinit, kvno, klist and the like."""
        return {
            **os.environ,
            "KRB5_CONFIG": str(self.krb5_conf),
            "KRB5CCNAME": f"FILE:{ccache}",
            "LANG": "C",
        }

    def kadmin(self, *commands: str) -> str:
        """Administer it, e.g. ``cpw -pw NEW alice``; what kadmin.local says."""
        return kadmin(self.directory, *commands)

    def write_profile(self, layer: Path, name: str, toml: str = "", core_site: str = "") -> Path:
        """Make a profile of a cluster in this realm, which need not exist; its directory."""
        directory = layer / name
        (directory / "conf").mkdir(parents=True)
        (directory / "conf" / "core-site.xml").write_text(core_site or CORE_SITE)
        shutil.copy(self.krb5_conf, directory / "krb5.conf")
        (directory / "cluster.toml").write_text(toml)
        return directory


@contextmanager
def running_kdc(
    directory: Path,
    *,
    realm: str = "PROD.EXAMPLE.COM",
    people: Sequence[Person] = PEOPLE,
    services: Sequence[str] = ("HTTP/localhost",),
    clock: str = "",
) -> Iterator[RunningKdc]:
    """Start a realm of its own in an empty directory; it ends with the ``with`` statement.

    The default is a realm of the same name as the sandbox's ``prod``, with the same people: no
    ticket of one is good in the other. ``clock`` sets its clock off, e.g. ``+10m``.
    """
    made = Kdc(
        directory,
        ports.assign(kdc.PORTS, {}, []),
        realm=realm,
        people=people,
        keytabs={"services.keytab": services},
    )
    with ExitStack() as stack:
        with aside():
            made.prepare()
            for program in made.programs():
                log = stack.enter_context((directory / f"{program.name}.log").open("wb"))
                running = subprocess.Popen(
                    program.argv,
                    cwd=program.directory,
                    env={**os.environ, **program.environment, **(faked(clock) if clock else {})},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
                stack.callback(_stop, running)
            deadline = time.monotonic() + 10
            while not all(ports.listens(made.ports[name]) for name in ("kdc", "kadmin")):
                assert time.monotonic() < deadline, (directory / "prod-kdc.log").read_text()
                time.sleep(0.01)
        yield RunningKdc(made)


@aside()
def _stop(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    program.wait(10)


def faked(clock: str) -> dict[str, str]:
    """Environment of a program whose clock is off; see faketime(1).

    Not by the command ``faketime``, which would be the parent of the program and outlive it.
    """
    [library] = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": clock,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
