"""Asks a program of the site's own for credentials: of a vault, of single sign-on.

The program gets one JSON object on its standard input and writes one to its standard output, as
the credential programs of kubectl and docker do:

    {"version": 1, "cluster": "prod", "realm": "EXAMPLE.COM", "user": "alice", "auth": "kerberos"}

and back one of

    {"ccache": "..."}                                      a FILE ticket cache, base64
    {"password": "...", "user": "alice"}                   used once, at once
    {"token": "...", "user": "alice", "expires_at": 1e9}   a gateway's bearer token

What it writes to standard error explains a failure; its last line is shown. It runs as the user of
the Jupyter server, in ``/``, and inherits the variables of :data:`INHERITED` only.
"""

from __future__ import annotations

import base64
import json
import os
import time
from typing import Any

from pydantic import Field, SecretStr, ValidationError, model_validator

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import ccache, programs
from jupyter_ext.credentials.models import Password, Principal
from jupyter_ext.credentials.redact import redact
from jupyter_ext.errors import BadAnswer, Misconfigured, Unavailable
from jupyter_ext.models import Model

VERSION = 1
INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ"),
    *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""Not everything: a Jupyter server's environment may hold its own token."""
MAX_COMPLAINT = 200

_KINDS = ("ccache", "password", "token")
_HINT = (
    'It has to write one of {"ccache": BASE64}, {"user": NAME, "password": TEXT} and '
    '{"user": NAME, "token": TEXT, "expires_at": SECONDS SINCE 1970}.'
)


class Given(Model):
    """What a program gave: exactly one of a ticket cache, a password and a bearer token."""

    ccache: SecretStr | None = None
    """A FILE ticket cache, base64."""
    password: Password | None = None
    token: SecretStr | None = None
    user: Principal | None = None
    """Whose password or token it is."""
    expires_at: float | None = Field(default=None, allow_inf_nan=False)
    """Seconds since the epoch at which the token ends; None if that is not known."""

    @model_validator(mode="after")
    def _is_one(self) -> Given:
        kinds = [kind for kind in _KINDS if (secret := getattr(self, kind)) and secret]
        if len(kinds) != 1 or (self.user is None) != (kinds == ["ccache"]):
            raise ValueError("not one of the kinds")
        if self.expires_at is not None and kinds != ["token"]:
            raise ValueError("only a token has an end of its own")
        return self


async def ask(profile: Profile, user: str) -> Given:
    """Run the program that the profile names.

    Parameters
    ----------
    user
        Who wants to log in, as typed; may be empty.

    Raises
    ------
    Misconfigured
        If the program is not there, or cannot be started.
    Unavailable
        If it fails, or takes longer than ``kerberos.timeout_s``.
    BadAnswer
        If what it writes is no credential, or one that has ended.
    """
    argv = profile.config.auth.program
    question = {
        "version": VERSION,
        "cluster": profile.name,
        "realm": profile.realm,
        "user": user,
        "auth": profile.auth,
    }
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        answer = await programs.run(
            argv,
            environment,
            text=json.dumps(question) + "\n",
            timeout_s=profile.config.kerberos.timeout_s,
        )
    except programs.TooSlow as error:
        raise Unavailable(
            f"The credential program of {profile.title} ({argv[0]}) did not finish within "
            f"{profile.config.kerberos.timeout_s:g} s.",
            hint="Does it wait for a key press or a server? kerberos.timeout_s gives it up to "
            "60 s.",
            cluster=profile.name,
        ) from error
    except programs.TooMuch as error:
        raise _bad(profile, f"wrote more than {programs.MAX_OUTPUT_BYTES >> 10} KiB") from error
    except OSError as error:
        raise Misconfigured(
            f"The credential program of {profile.title} ({argv[0]}) cannot be started: "
            f"{error.strerror}.",
            hint="Check auth.program in cluster.toml: the first part is the program's path.",
            cluster=profile.name,
        ) from error
    if answer.code:
        said = _last_line(answer.complaint)
        raise Unavailable(
            f"The credential program of {profile.title} ({argv[0]}) failed with "
            f"{_status(answer.code)}: {said}",
            hint="Run it by hand, with a question on its standard input, to see more.",
            cluster=profile.name,
        )
    return _read(profile, answer.output)


def _read(profile: Profile, output: str) -> Given:
    given = _parse(output)
    if isinstance(given, str):
        # Not where it was noticed: the errors of json and pydantic hold what was read.
        raise _bad(profile, given)
    return given


def _parse(output: str) -> Given | str:
    """Read an answer; gives what is wrong with it if it is none."""
    try:
        found: Any = json.loads(output)
    except (ValueError, RecursionError):
        return "wrote something that is not JSON"
    try:
        given = Given.model_validate(found)
    except ValidationError:
        return "wrote something that is no credential"
    if given.ccache is not None:
        try:
            ccache.parse(base64.b64decode(given.ccache.get_secret_value(), validate=True))
        except ValueError:  # binascii.Error and BadCache are some
            return "gave a ticket cache that is none, or not in base64"
    if given.expires_at is not None and given.expires_at <= time.time():
        return "gave a token that has ended already"
    return given


def _bad(profile: Profile, what: str) -> BadAnswer:
    program = profile.config.auth.program[0]
    return BadAnswer(
        f"The credential program of {profile.title} ({program}) {what}.",
        hint=_HINT,
        cluster=profile.name,
    )


def _status(code: int) -> str:
    return f"status {code}" if code > 0 else f"signal {-code}"


def _last_line(complaint: str) -> str:
    lines = [line.strip() for line in redact(complaint).splitlines() if line.strip()]
    told = lines[-1] if lines else "it gave no reason."
    return "".join(c for c in told if c.isprintable())[:MAX_COMPLAINT]
