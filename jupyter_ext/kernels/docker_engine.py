"""Which Docker daemon there is, how it is reached, and what its silence means."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import JupyterExtError, Misconfigured, Unreachable, Untrusted

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Engine:
    """A Docker daemon: where it listens, and the PEM files by which both sides prove themselves."""

    host: str
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    cluster: str | None = field(default=None, compare=False)
    """Name of the profile, for messages."""

    @classmethod
    def of(cls, profile: Profile | None, environment: Mapping[str, str] = os.environ) -> Engine:
        """Choose the daemon that a profile names, else the one that ``docker`` itself would use.

        ``DOCKER_HOST``, ``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH`` mean what they mean to
        ``docker``; without them it is this machine's daemon, or else the user's own (rootless).

        Raises
        ------
        Misconfigured
            If the daemon would be asked in clear text over a network.
        """
        cluster = profile.name if profile else None
        settings = profile.config.kernels.docker if profile else None
        if profile and settings and settings.host:
            below = Path(profile.directory)
            files = (settings.tls_ca, settings.tls_cert, settings.tls_key)
            ca, cert, key = (str(below / name) if name else None for name in files)
            engine = cls(settings.host, ca, cert, key, cluster)
        elif host := environment.get("DOCKER_HOST"):
            engine = cls(host, cluster=cluster)
            if environment.get("DOCKER_TLS_VERIFY"):
                home = Path(environment.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
                ca, cert, key = (str(home / f"{name}.pem") for name in ("ca", "cert", "key"))
                engine = cls(host, ca, cert, key, cluster)
        else:
            engine = cls(f"unix://{_socket(environment)}", cluster=cluster)
        engine.check()
        return engine

    def check(self) -> None:
        """Raise Misconfigured unless a kernel's secrets can be told to this daemon."""
        if not self.host.startswith(("unix:///", "tcp://")):
            raise Misconfigured(
                f"{self.host!r} is no address of a Docker daemon that can be used here.",
                hint="Write unix:///path or tcp://host:port as kernels.docker.host.",
                cluster=self.cluster,
            )
        if not (self.local or self.ca or self.hostname in _LOOPBACK):
            raise Misconfigured(
                f"The Docker daemon at {self.host} would be asked without TLS: whoever reads the "
                "network could take over its kernels.",
                hint="Name tls_ca, tls_cert and tls_key below [kernels.docker].",
                cluster=self.cluster,
            )

    @property
    def local(self) -> bool:
        """Whether it is reached by a socket of this machine."""
        return self.host.startswith("unix://")

    @property
    def hostname(self) -> str:
        """The machine it runs on; empty for this one."""
        return "" if self.local else self.host.removeprefix("tcp://").rpartition(":")[0]

    def to_json(self) -> dict[str, str]:
        """Give what a handle keeps of it; ``Engine(**json)`` is the same again."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value}

    def tls(self) -> ssl.SSLContext | None:
        """Make what both sides check each other with; None for a daemon without certificates.

        Raises
        ------
        Misconfigured
            If the PEM files cannot be read.
        """
        if self.ca is None:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.cert:
                context.load_cert_chain(self.cert, self.key)
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(
                f"The PEM files for the Docker daemon at {self.host} cannot be read: {error}.",
                hint="Check tls_ca, tls_cert and tls_key below [kernels.docker].",
                cluster=self.cluster,
            ) from error
        return context

    def silence(self, error: BaseException) -> JupyterExtError:
        """Say why the daemon does not answer, by what happened to the connection."""
        daemon = f"The Docker daemon at {self.host}"
        causes = list(_causes(error))
        codes = {each.errno for each in causes if isinstance(each, OSError)}
        distrust = [each for each in causes if isinstance(each, ssl.SSLError)]
        # Who wants a certificate and gets none hangs up, with TLS 1.3 often without a word.
        asks = bool(self.ca and not self.cert) and not codes
        if distrust or asks:
            reason = (
                "it wants a certificate of yours"
                if asks
                else getattr(distrust[-1], "verify_message", None) or distrust[-1].reason
            )
            message = f"{daemon} and this machine do not trust each other: {reason}."
            hint = "Check tls_ca, tls_cert and tls_key below [kernels.docker]."
            return Untrusted(message, hint=hint, cluster=self.cluster)
        if codes & {errno.EACCES, errno.EPERM}:
            message = f"{daemon} may not be used by you."
            hint = "Ask for membership in the group docker, or run a rootless daemon of your own."
        elif isinstance(error, TimeoutError):
            message = f"{daemon} takes too long to answer."
            hint = "Look whether its machine is overloaded, or a firewall swallows the connection."
        else:
            message = f"{daemon} does not answer: it is not running, or its address is wrong."
            start = "sudo systemctl start docker" if self.local else f"ssh {self.hostname}"
            hint = f"Start it ({start}), or correct kernels.docker.host."
        return Unreachable(message, hint=hint, cluster=self.cluster)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _socket(environment: Mapping[str, str]) -> Path:
    """Where this machine's daemon listens, or the user's own."""
    system = Path("/var/run/docker.sock")
    own = Path(environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / "docker.sock"
    return own if own.is_socket() and not os.access(system, os.W_OK) else system
