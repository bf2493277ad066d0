"""What a daemon's refusal, or its silence, means; in words for the user.

Sources: Hadoop's ``RemoteException`` JSON (``org.apache.hadoop.hdfs.web.JsonUtil`` and
``org.apache.hadoop.yarn.webapp.GenericExceptionHandler``), the plain text of
``RMWebAppFilter`` on a standby, and OpenSSL's verification codes.
"""

from __future__ import annotations

import json
import ssl
from urllib.parse import urlsplit

import httpx

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.negotiate import UNPROVED
from jupyter_ext.errors import (
    BadAnswer,
    Conflict,
    Forbidden,
    InvalidInput,
    JupyterExtError,
    LoginNeeded,
    NoActive,
    NotFound,
    Unavailable,
    Unreachable,
    Untrusted,
)

_STANDBY_TEXTS = ("This is standby RM", "Can not find any active RM")
_BY_EXCEPTION: dict[str, type[JupyterExtError]] = {
    "AccessControlException": Forbidden,
    "AuthorizationException": Forbidden,
    "FileAlreadyExistsException": Conflict,
    "FileNotFoundException": NotFound,
    "ForbiddenException": Forbidden,
    "BadRequestException": InvalidInput,
    "IllegalArgumentException": InvalidInput,
    "InvalidToken": LoginNeeded,
    "NotFoundException": NotFound,
    "RetriableException": Unavailable,
    "SafeModeException": Unavailable,
}
_CERTIFICATE_FAULTS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "was issued by an authority that is not trusted here",
    20: "was issued by an authority that is not trusted here",
    21: "was issued by an authority that is not trusted here",
    62: "is for another host",
    64: "is for another address",
}
_MOST_CHARACTERS = 300


class Redirected(BadAnswer):
    """The daemon sends us elsewhere; only WebHDFS goes there, and only to a DataNode.

    Attributes
    ----------
    location
        Where to; empty if it did not say, or did not prove that it is the daemon.
    """

    location = ""


class Standby(NoActive):
    """The daemon asked is not the active one of its pair."""


def refused(profile: Profile, response: httpx.Response, text: str) -> JupyterExtError:
    """Explain a reply that is no success."""
    status, where = response.status_code, _where(str(response.url))
    exception, message = _remote_exception(text)
    if exception == "StandbyException" or _is_standby(response, text):
        return standby(profile, where)
    if "safe mode" in message.lower():
        return Unavailable(
            f"HDFS of {profile.title} is in safe mode and takes no changes: {message}",
            hint="It leaves safe mode by itself once enough DataNodes have reported.",
            cluster=profile.name,
        )
    if status == 401:
        return _login_needed(profile, response, where)
    if kind := _BY_EXCEPTION.get(exception):
        return kind(message or f"{where} refused: {exception}.", cluster=profile.name)
    if status == 403:
        said = message or _plain(text)
        return Forbidden(
            f"{profile.title} refused: {said}" if said else f"{profile.title} refused.",
            cluster=profile.name,
        )
    if 300 <= status < 400:
        location = response.headers.get("location", "")
        redirected = Redirected(
            f"{where} redirects to {_where(location) or 'somewhere else'}, which is not followed.",
            hint="Does the profile name the right port, and http or https as the cluster does?",
            cluster=profile.name,
        )
        if UNPROVED not in response.extensions:
            redirected.location = location
        return redirected
    said = message or _plain(text) or response.reason_phrase
    if status == 404:
        return NotFound(said or f"{where} knows no such address.", cluster=profile.name)
    if status == 400:
        return InvalidInput(
            f"{profile.title} did not accept the request: {said}", cluster=profile.name
        )
    return BadAnswer(
        f"{where} answered with an error of its own ({status}): {said}",
        hint="The daemon's log has the details.",
        cluster=profile.name,
    )


def not_json(profile: Profile, response: httpx.Response, kind: str, text: str) -> JupyterExtError:
    """Explain a success that is not the JSON that was asked for."""
    where = _where(str(response.url))
    if _is_standby(response, text):
        return standby(profile, where)
    what = {"text/html": "an HTML page", "text/plain": "plain text", "": "nothing"}.get(kind, kind)
    return BadAnswer(
        f"{where} answered with {what} instead of JSON.",
        hint="Is this the daemon's web port? A login page or a proxy answers like that too.",
        cluster=profile.name,
    )


def standby(profile: Profile, where: str) -> Standby:
    """Say that a daemon is not the active one."""
    return Standby(
        f"{where} of {profile.title} is on standby, and no active one was found.",
        hint="A failover may be under way; it takes some seconds.",
        cluster=profile.name,
    )


def broken(profile: Profile, url: str, error: httpx.HTTPError) -> JupyterExtError:
    """Explain why there is no whole answer."""
    where = _where(url)
    if fault := _certificate_fault(error):
        return Untrusted(
            f"The certificate of {where} {fault}, so it may not be {profile.title}.",
            hint="Renew it, or put the cluster's CA into the profile as ca.pem.",
            cluster=profile.name,
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Unreachable(
            f"{where} does not answer at all.",
            hint="Is the host up, and does a firewall let you through?",
            cluster=profile.name,
        )
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            f"{where} accepted the connection but did not answer within 10 s.",
            hint="The daemon hangs or is overloaded; its log may say why.",
            cluster=profile.name,
        )
    if isinstance(error, httpx.ConnectError):
        return Unreachable(
            f"{where} cannot be reached: {_reason(error)}.",
            hint="Is the daemon running, and is the address in the profile right?",
            cluster=profile.name,
        )
    if isinstance(error, httpx.UnsupportedProtocol):
        return InvalidInput(f"{url} is neither http nor https.", cluster=profile.name)
    return BadAnswer(
        f"The answer of {where} broke off in the middle.",
        hint="The daemon, or something between here and there, closed the connection.",
        cluster=profile.name,
    )


def endless(profile: Profile, url: str, seconds: float) -> JupyterExtError:
    """Say that an answer began and did not end."""
    return Unreachable(
        f"{_where(url)} did not finish its answer within {seconds:.0f} s.",
        hint="The daemon, or the network to it, is overloaded.",
        cluster=profile.name,
    )


def _login_needed(profile: Profile, response: httpx.Response, where: str) -> LoginNeeded:
    wants = response.headers.get("www-authenticate", "").partition(" ")[0]
    if wants.lower() == "negotiate":
        realm = f" of {profile.realm}" if profile.realm else ""
        return LoginNeeded(
            f"{profile.title} wants a Kerberos ticket{realm}.",
            hint="Log in to this cluster.",
            cluster=profile.name,
        )
    return LoginNeeded(
        f"{where} of {profile.title} wants to know who you are.",
        hint="Log in to this cluster.",
        cluster=profile.name,
    )


def _remote_exception(text: str) -> tuple[str, str]:
    """Give the short class name and the first line of a Hadoop ``RemoteException``."""
    if "RemoteException" not in text[:200]:
        return "", ""
    try:
        found = json.loads(text)["RemoteException"]
        return str(found.get("exception", "")), _plain(str(found.get("message") or ""))
    except (ValueError, KeyError, AttributeError):
        return "", ""


def _is_standby(response: httpx.Response, text: str) -> bool:
    """Tell a standby ResourceManager: 307 with its text, or with a Refresh header, or even 200."""
    return any(said in text[:500] for said in _STANDBY_TEXTS) or (
        response.status_code == 307
        and "refresh" in response.headers
        and "location" not in response.headers
    )


def _plain(text: str) -> str:
    """First line of a text for a person; nothing of a page or a stack trace."""
    stripped = text.strip()
    if stripped.startswith("<"):
        return ""
    line = stripped.splitlines()[0] if stripped else ""
    return line if len(line) <= _MOST_CHARACTERS else line[:_MOST_CHARACTERS] + "…"


def _where(url: str) -> str:
    return urlsplit(url).netloc


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


def _certificate_fault(error: BaseException) -> str:
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _CERTIFICATE_FAULTS.get(
                cause.verify_code, f"was not accepted ({cause.verify_message})"
            )
    return ""


def _reason(error: BaseException) -> str:
    for cause in reversed(_chain(error)):
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as expected"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, OSError) and cause.errno is not None:
            text = cause.strerror or str(cause)
            return "connection refused" if "refused" in text.lower() else text
    return str(error) or type(error).__name__
