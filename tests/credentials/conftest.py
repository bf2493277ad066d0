"""Realms to log in to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.kerberos import Realm
from tests import profiles
from tests.conftest import eventually
from tests.kdc import RunningKdc, running_kdc


@pytest.fixture(scope="session")
def kdc(tmp_path_factory) -> Iterator[RunningKdc]:
    """A realm of the tests' own; who changes a person there changes them back."""
    with running_kdc(tmp_path_factory.mktemp("kdc") / "realm") as running:
        yield running


MakeProfile = Callable[..., Profile]


@pytest.fixture
def in_realm(kdc: RunningKdc, tmp_path: Path) -> MakeProfile:
    """Make a profile of the realm; ``conf`` is the text of another krb5.conf."""

    def make(*, conf: str | None = None, **changes: Any) -> Profile:
        krb5_conf = tmp_path / "profile-krb5.conf"
        krb5_conf.write_text(kdc.krb5_conf.read_text() if conf is None else conf)
        values = {"auth": "kerberos", "realm": kdc.realm, "krb5_conf": str(krb5_conf)}
        return profiles.profile("prod", **values | changes)

    return make


@pytest.fixture
def realm(in_realm: MakeProfile, tmp_path: Path) -> Realm:
    """The client's side of the realm, with a directory of its own."""
    directory = tmp_path / "identity"
    directory.mkdir(mode=0o700)
    return Realm(in_realm(), directory)


class Children:
    """The child processes of this one."""

    async def child(self, name: str) -> int:
        """Wait for a child program; its process id."""
        return await eventually(lambda: self._find(name))

    def runs(self, pid: int) -> bool:
        """Whether a process is there, and be it as a zombie."""
        return Path(f"/proc/{pid}").exists()

    @staticmethod
    def _find(name: str) -> int | None:
        for path in Path("/proc/self/task").glob("*/children"):
            for pid in path.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return int(pid)
        return None


@pytest.fixture
def eventually_gone() -> Children:
    """Look at child processes."""
    return Children()


@pytest.fixture
def private_runtime(tmp_path, monkeypatch) -> Path:
    """A place for secrets that this test alone looks at."""
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    return directory
