"""Delegation tokens that were given to one identity, as whoever keeps them alive holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_ext.credentials.hdts import DelegationToken
from jupyter_ext.credentials.models import TokenInfo


@dataclass(frozen=True)
class Issued:
    """One delegation token. Times are seconds since the epoch."""

    token: DelegationToken
    tokens: Mapping[str, DelegationToken]
    """The same token for every service name that clients look for it by, by alias."""
    renewer: str
    """Short name of the only user who may renew it."""
    renewable: bool
    """Whether its owner is that user."""
    expires_at: float
    """When it ends unless it is renewed."""
    max_date: float
    """After this it cannot be renewed."""


@dataclass(frozen=True)
class Minted:
    """What one service gave: a token, or the reason why there is none."""

    info: TokenInfo
    issued: tuple[Issued, ...] = field(default=(), repr=False)
    """The last one is in use. Those before were replaced by it, and programs that started with them
    may go on using them until the logout."""

    @property
    def tokens(self) -> Mapping[str, DelegationToken]:
        """The token in use, by the aliases under which it goes into a token file."""
        return self.issued[-1].tokens if self.issued else {}
