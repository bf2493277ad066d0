"""Who you are on a cluster, as it travels; nothing here can hold a secret but the requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from jupyter_ext.models import Model

State = Literal["none", "valid", "renewing", "expiring", "expired", "error"]
"""``none``: nobody is logged in. ``expiring``: its end is near and cannot be put off any more.
``error``: what keeps it alive fails, and it goes on as long as its tickets last."""

Method = Literal["password", "keytab", "ccache", "program"]
"""What proved who you are: a password, a keytab or a ticket file that the profile names, or an
external credential program."""

TokenService = Literal["hdfs", "resourcemanager", "kms", "hiveserver2"]

MAX_PASSWORD = 1000
"""Characters; MIT Kerberos' programs read lines of 1024 bytes."""

Principal = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f\x7f]+$", max_length=256)]
Password = Annotated[SecretStr, Field(max_length=MAX_PASSWORD)]


class Reason(Model):
    """Why something of an identity does not work, in words for its owner."""

    code: str
    """As :class:`jupyter_ext.errors.JupyterExtError` has it."""
    message: str
    hint: str = ""


class TokenInfo(Model):
    """A delegation token, without its bytes."""

    service: TokenService
    address: str
    """host:port or nameservice it is for."""
    kind: str = ""
    renewer: str = ""
    expires_at: float | None = None
    """Seconds since the epoch at which it ends unless it is renewed; None if there is no token."""
    max_date: float | None = None
    """Seconds since the epoch after which it cannot be renewed."""
    error: Reason | None = None
    """Why there is none, or why the last renewal failed."""


class Account(Model):
    """What the directory knows about you."""

    display_name: str = ""
    mail: str = ""
    groups: list[str] = []
    error: Reason | None = None
    """Why the directory did not say."""


class Identity(Model):
    """Who you are on one cluster."""

    cluster: str
    state: State = "none"
    method: Method | None = None
    interactive: bool = True
    """Whether a login asks for a password; False where the profile names a keytab or the like."""
    needed: bool = True
    """Whether this cluster wants a login at all."""
    user: str = ""
    """Short name; what a login form proposes when nobody is logged in."""
    realm: str = ""
    """Realm, or host of the directory or gateway, that asks for the password."""
    principal: str = ""
    """user@REALM; empty while nobody is logged in."""
    since: float | None = None
    """Seconds since the epoch of the login."""
    expires_at: float | None = None
    """Seconds since the epoch at which the ticket ends unless it is renewed."""
    renew_until: float | None = None
    """Seconds since the epoch after which only a login helps."""
    reason: Reason | None = None
    """What failed last."""
    account: Account | None = None
    tokens: list[TokenInfo] = []


class Login(Model):
    """Request to log in with a password."""

    user: Principal
    password: Password


class ChangePassword(Model):
    """Request to change a password, also one that has expired."""

    user: Principal
    password: Password
    new_password: Password


class IdentityList(Model):
    """Every identity of one Jupyter user."""

    identities: list[Identity]
