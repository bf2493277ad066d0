"""Who lives in the sandbox. The passwords are public: they protect nothing but a demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Condition = Literal["good", "expired", "locked"]


@dataclass(frozen=True)
class Person:
    """A user of the sandbox, known to its KDC, its directory and its HDFS."""

    name: str
    full_name: str
    groups: tuple[str, ...]
    condition: Condition = "good"

    @property
    def password(self) -> str:
        """The documented password, the same for KDC and LDAP."""
        return f"{self.name}-password"


PEOPLE = (
    Person("alice", "Alice Abel", ("analysts",)),
    Person("bob", "Bob Baker", ("analysts",)),
    Person("carol", "Carol Chen", ("engineers",)),
    Person("dave", "Dave Dorn", ("analysts",), "expired"),
    Person("erin", "Erin Eng", ("engineers",), "locked"),
)
GROUPS = tuple(sorted({group for person in PEOPLE for group in person.groups}))
