"""Logins that are given up: either nothing has happened, or all of it."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import ccache
from jupyter_ext.credentials.audit import AuditLog
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.credentials.whole import whole
from tests.conftest import eventually

ALICE, BOB = "alice@PROD.EXAMPLE.COM", "bob@PROD.EXAMPLE.COM"


@pytest.fixture
def make_broker(tmp_path, kdc, jp_asyncio_loop):
    kdc.write_profile(tmp_path / "clusters", "prod")
    runtime = RuntimeDirectory(tmp_path / "runtime")
    made = []

    def make(**changes):
        values = {"prover": prover, "limit": LoginLimit(1000)}
        store = ProfileStore([("user", tmp_path / "clusters")])
        made.append(Broker(store, runtime, **values | changes))
        return made[-1]

    yield make
    for broker in made:
        jp_asyncio_loop.run_until_complete(broker.close())
    runtime.close()


def who(broker) -> tuple[str, str]:
    """Who is logged in, and whose tickets there are."""
    session = broker.session("ann", "prod")
    tickets = session.prover.tickets
    assert [path.name for path in tickets.parent.glob("krb5cc*")] == ["krb5cc"]
    return session.identity.principal, ccache.read(tickets).principal


async def test_while_the_new_ticket_is_read_nothing_has_happened(make_broker, monkeypatch):
    broker = make_broker()
    await broker.login("ann", "prod", "alice", "alice-password")
    begun, go_on = threading.Event(), threading.Event()
    read = ccache.read

    def slow(path):
        begun.set()
        go_on.wait(10)
        return read(path)

    monkeypatch.setattr(ccache, "read", slow)
    login = asyncio.create_task(broker.login("ann", "prod", "bob", "bob-password"))
    await eventually(begun.is_set)
    login.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await login
    assert who(broker) == (ALICE, ALICE)


@pytest.mark.parametrize("act", ["login", "renew"])
async def test_as_soon_as_there_is_a_new_ticket_it_is_too_late(make_broker, tmp_path, act):
    def given_up(profile, directory):
        made = prover(profile, directory)
        login = made.login

        async def login_as_bob(user, password):
            proof = await login("bob", "bob-password")
            asyncio.current_task().cancel()
            return proof

        setattr(made, act, (lambda: login_as_bob("", "")) if act == "renew" else login_as_bob)
        if act == "renew":
            made.login = login
        return made

    audit = AuditLog(tmp_path / "audit.log")
    broker = make_broker(audit=audit, prover=given_up)
    if act == "renew":  # as when PAM has put bob's tickets there
        await broker.login("ann", "prod", "alice", "alice-password")
        asked = broker.renew("ann", "prod")
    else:
        asked = broker.login("ann", "prod", "bob", "bob-password")
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(asked)
    assert who(broker) == (BOB, BOB)
    assert broker.session("ann", "prod").identity.state == "valid"
    await audit.close()
    last = json.loads((tmp_path / "audit.log").read_text().splitlines()[-1])
    assert (last["action"], last["outcome"], last["principal"]) == (act, "ok", BOB)


async def test_what_is_done_whole_is_waited_for_and_then_the_cancellation_is_told():
    done = []

    async def work():
        for number in range(3):
            await asyncio.sleep(0)
            done.append(number)
        return "result"

    assert await whole(work()) == "result"
    task = asyncio.create_task(whole(work()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [0, 1, 2] * 2


async def test_what_is_done_whole_fails_as_it_does():
    async def work():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await whole(work())
