"""What people see of identities outside the panel."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from jupyter_ext.credentials.models import Identity, State, TokenInfo
from jupyter_ext.display import Cell, Mark, Table, Tone, View, duration

_STATES: Mapping[State, tuple[str, Tone]] = {
    "none": ("not logged in", "quiet"),
    "valid": ("logged in", "good"),
    "renewing": ("logged in", "good"),
    "expiring": ("ends soon", "warning"),
    "expired": ("ended", "bad"),
    "error": ("cannot be renewed now", "warning"),
}


def state(identity: Identity, now: float) -> Mark:
    """Say in words how a login is; one that nobody renewed has ended, whatever was written."""
    if not identity.needed:
        return Mark("no login needed", "quiet")
    if identity.expires_at is not None and identity.expires_at <= now:
        return Mark(*_STATES["expired"])
    return Mark(*_STATES[identity.state])


def identities(found: Sequence[Identity]) -> View:
    """Every cluster in one line."""
    now = time.time()
    rows: list[Sequence[Cell]] = [
        [identity.cluster, identity.principal, state(identity, now), _left(identity, now)]
        for identity in found
        if identity.needed
    ]
    if not rows:
        return View(["No cluster wants a login."])
    return View([Table(("cluster", "who", "login", "for another"), rows)])


def identity(found: Identity) -> View:
    """Everything about one login."""
    now = time.time()
    rows: list[Sequence[Cell]] = [("cluster", found.cluster), ("login", state(found, now))]
    if found.principal:
        rows.append(("who", found.principal))
        rows.append(("ends in", _left(found, now) or "with the server"))
        if found.renew_until is not None:
            rows.append(("renewed for", duration(max(0.0, found.renew_until - now))))
    elif found.realm:
        rows.append(("asked by", found.realm))
    if found.reason is not None:
        rows.append(("last failure", f"{found.reason.message} {found.reason.hint}".rstrip()))
    if (account := found.account) is not None:
        if account.error is not None:
            rows.append(("directory", Mark(account.error.message, "warning")))
        else:
            rows.append(("name", account.display_name))
            rows.append(("mail", account.mail))
            rows.append(("groups", ", ".join(account.groups)))
    parts: list[Table | str | Mark] = [Table((), rows)]
    if found.tokens:
        columns = ("token", "address", "ends in", "at the latest")
        parts.append(Table(columns, [_token(token, now) for token in found.tokens]))
    return View(parts)


def _token(token: TokenInfo, now: float) -> Sequence[Cell]:
    if token.error is not None:
        return (token.service, token.address, Mark(token.error.message, "warning"), "")
    ends = [
        duration(max(0.0, at - now)) if at is not None else ""
        for at in (token.expires_at, token.max_date)
    ]
    return (token.service, token.address, *ends)


def _left(identity: Identity, now: float) -> str:
    if identity.expires_at is None or not identity.principal:
        return ""
    return duration(max(0.0, identity.expires_at - now))
