"""Who lives in the sandbox. The passwords are public: they protect nothing but a demonstration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Condition = Literal[
    "good", "expired", "locked", "must-change", "lapsed", "lockout", "strict", "short-lived"
]
"""What is special about an account.

expired: its password is. locked: an administrator disabled it. must-change: it works only for
changing its password. lapsed: the account itself is past its end. lockout: three wrong passwords
lock it for ten seconds. strict: a new password needs 10 characters and must not be one of the last
three. short-lived: its tickets live 10 s and can be renewed for 60 s.
"""


@dataclass(frozen=True)
class Person:
    """A user of the sandbox, known to its KDC, its directory and its HDFS."""

    name: str
    full_name: str
    groups: tuple[str, ...] = ("analysts",)
    condition: Condition = "good"
    password: str = field(default="", repr=False)
    """For KDC and LDAP; the documented ``<name>-password`` if none is given."""

    def __post_init__(self) -> None:
        if not self.password:
            object.__setattr__(self, "password", f"{self.name}-password")


PEOPLE = (
    Person("alice", "Alice Abel"),
    Person("bob", "Bob Baker"),
    Person("carol", "Carol Chen", ("engineers",)),
    Person("dave", "Dave Dorn", condition="expired"),
    Person("erin", "Erin Eng", ("engineers",), "locked"),
    Person("mustchange", "Mia Must", condition="must-change"),
    Person("lapsed", "Lars Lapsed", condition="lapsed"),
    Person("lockout", "Lou Lockout", condition="lockout"),
    Person("strict", "Stella Strict", condition="strict"),
    Person("shortlived", "Sam Short", condition="short-lived"),
)
GROUPS = tuple(sorted({group for person in PEOPLE for group in person.groups}))
