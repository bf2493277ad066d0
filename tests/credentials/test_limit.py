"""How often somebody may try."""

from __future__ import annotations

import pytest

from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.errors import RateLimited


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_too_many_logins_have_to_wait_and_are_told_how_long():
    clock = Clock()
    limit = LoginLimit(5, clock)
    for _ in range(5):
        limit.check("alice", "prod")
        clock.now += 4
    with pytest.raises(RateLimited, match="Too many logins to prod") as error:
        limit.check("alice", "prod")
    assert error.value.hint == "Try again in 40 s."
    assert (error.value.status, error.value.code) == (429, "rate_limited")
    assert error.value.cluster == "prod"


def test_the_window_slides_and_refused_tries_do_not_count():
    clock = Clock()
    limit = LoginLimit(2, clock)
    limit.check("alice", "prod")
    clock.now += 30
    limit.check("alice", "prod")
    for _ in range(10):
        with pytest.raises(RateLimited):
            limit.check("alice", "prod")
    clock.now += 29.5
    with pytest.raises(RateLimited, match="prod") as error:
        limit.check("alice", "prod")
    assert error.value.hint == "Try again in 1 s."
    clock.now += 0.5
    limit.check("alice", "prod")  # the first one is a minute old
    with pytest.raises(RateLimited, match="prod"):
        limit.check("alice", "prod")


def test_users_and_clusters_are_counted_apart():
    limit = LoginLimit(1, Clock())
    limit.check("alice", "prod")
    limit.check("alice", "dev")
    limit.check("bob", "prod")
    with pytest.raises(RateLimited, match="prod"):
        limit.check("bob", "prod")
