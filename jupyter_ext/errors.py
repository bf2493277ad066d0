"""The product's errors: what failed, on which cluster, why, and what to do about it.

Services raise these; each edge formats them in its own way (HTTP status and JSON, a magic's
red line, a command's exit code), so a message is written once, where the fact is known.
No message or hint may carry a secret.
"""

from __future__ import annotations


class JupyterExtError(Exception):
    """Something a person can be told about.

    Parameters
    ----------
    message
        What failed and the most likely cause, one sentence, in the user's terms.
    hint
        What to do about it; empty when the message already says so.
    cluster
        Name of the profile concerned, if any.

    Attributes
    ----------
    status
        HTTP status of a reply that reports this error.
    code
        Stable machine-readable name; front ends decide by it, never by the message.
    """

    status = 500
    code = "internal"

    def __init__(self, message: str, *, hint: str = "", cluster: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.cluster = cluster


class InvalidInput(JupyterExtError):
    """What the caller sent cannot be used."""

    status = 400
    code = "invalid_input"


class NotFound(JupyterExtError):
    """The named thing does not exist."""

    status = 404
    code = "not_found"


class Conflict(JupyterExtError):
    """The thing exists already, or is locked by an administrator."""

    status = 409
    code = "conflict"


class TooLarge(JupyterExtError):
    """The input or a cluster's reply exceeds a stated limit."""

    status = 413
    code = "too_large"


class RateLimited(JupyterExtError):
    """The same was tried too often in a short time."""

    status = 429
    code = "rate_limited"


class Misconfigured(JupyterExtError):
    """A profile lacks what this operation needs, or contradicts itself."""

    status = 422
    code = "misconfigured"


class LoginNeeded(JupyterExtError):
    """The cluster wants to know who you are.

    The status is deliberately not 401: JupyterLab would take that for a lost session of its own.
    """

    status = 424
    code = "login_needed"


class Forbidden(JupyterExtError):
    """The cluster knows who you are and refuses."""

    status = 403
    code = "forbidden"


class Unreachable(JupyterExtError):
    """No answer: name resolution, connection or TLS handshake failed, or it took too long."""

    status = 504
    code = "unreachable"


class Untrusted(Unreachable):
    """A daemon's TLS certificate does not prove that it is the daemon."""

    code = "untrusted"


class NoActive(JupyterExtError):
    """Daemons of a high-availability pair answer, but none of them is active."""

    status = 503
    code = "no_active"


class BadAnswer(JupyterExtError):
    """A daemon answered with something that is not its protocol: HTML, half a reply, a 5xx."""

    status = 502
    code = "bad_answer"


class Unavailable(JupyterExtError):
    """Something on this machine is missing (Java, a package), or is not running."""

    status = 503
    code = "unavailable"
