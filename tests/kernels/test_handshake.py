"""The handshake of a tunnel, without a tunnel."""

from __future__ import annotations

import json

import pytest
from jupyter_ext_agent.handshake import (
    LINE_LIMIT,
    AgentHandshake,
    HandshakeError,
    HubHandshake,
    Lines,
    Refused,
    Welcome,
)

SECRET = bytes(range(32))
SECRETS = {"kernel-1": SECRET, "kernel-2": bytes(32)}


def agent(secret: bytes = SECRET, binding: str = "", kernel_id: str = "kernel-1"):
    return AgentHandshake(secret, kernel_id, "run-1", "session-1", 7, binding)


def hub(binding: str = ""):
    return HubHandshake(SECRETS.get, binding)


def test_both_prove_that_they_know_the_secret():
    here, there = agent(binding="ab"), hub(binding="ab")
    challenge = there.challenge(here.hello())
    there.check(here.answer(challenge))
    assert there.hello[:2] + there.hello[3:] == ("kernel-1", "run-1", "session-1", 7)
    assert here.finish(there.welcome("session-2", 9, False)) == Welcome("session-2", 9, False)


def test_no_secret_is_on_the_wire():
    here, there = agent(), hub()
    challenge = there.challenge(here.hello())
    said = here.hello() + challenge + here.answer(challenge)
    assert SECRET not in said
    assert SECRET.hex().encode() not in said


def test_a_recording_is_worth_nothing():
    here, first = agent(), hub()
    proof = here.answer(first.challenge(here.hello()))
    first.check(proof)
    again = hub()
    again.challenge(here.hello())
    with pytest.raises(HandshakeError, match="secret"):
        again.check(proof)


def test_a_hubs_recording_is_worth_nothing():
    challenge = hub().challenge(agent().hello())
    with pytest.raises(HandshakeError, match="does not know this kernel"):
        agent().answer(challenge)


def test_a_hub_that_mirrors_the_agent_is_none():
    here = agent()
    hello = json.loads(here.hello())
    mirrored = json.dumps({"nonce": hello["nonce"], "proof": "0" * 64}).encode()
    with pytest.raises(HandshakeError):
        here.answer(mirrored)


@pytest.mark.parametrize("kernel_id", ["kernel-2", "unknown"])
def test_an_agent_with_another_secret_proves_nothing(kernel_id):
    here, there = agent(kernel_id=kernel_id), hub()
    challenge = there.challenge(here.hello())
    assert set(json.loads(challenge)) == {"nonce", "proof"}
    with pytest.raises(HandshakeError):
        here.answer(challenge)
    with pytest.raises(HandshakeError):
        there.check(json.dumps({"proof": json.loads(challenge)["proof"]}).encode())


def test_somebody_in_between_is_noticed_by_his_certificate():
    here, there = agent(binding="his"), hub(binding="ours")
    with pytest.raises(HandshakeError):
        here.answer(there.challenge(here.hello()))


def test_what_was_said_of_the_run_cannot_be_changed():
    here, there = agent(), hub()
    hello = json.loads(here.hello()) | {"instance": "run-2"}
    with pytest.raises(HandshakeError):
        here.answer(there.challenge(json.dumps(hello).encode()))


def test_a_hub_that_proved_itself_may_refuse():
    here, there = agent(), hub()
    here.answer(there.challenge(here.hello()))
    with pytest.raises(Refused, match="another agent"):
        here.finish(there.refuse("another agent has this kernel"))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET / HTTP/1.1\r",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"[]",
        b"{}",
        b"[" * 4000,
        b'{"v": 2}',
        b'{"v": 1, "kernel_id": "a/../b"}',
    ],
)
def test_garbage_is_no_hello(line):
    with pytest.raises(HandshakeError):
        hub().challenge(line)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kernel_id", None),
        ("kernel_id", "a\nb"),
        ("kernel_id", "a\n"),
        ("instance", ""),
        ("nonce", "AB"),
        ("session", 1),
        ("received", -1),
        ("received", True),
        ("received", 2**63),
        ("received", 1.5),
    ],
)
def test_a_malformed_hello_is_refused(key, value):
    hello = json.loads(agent().hello()) | {key: value}
    with pytest.raises(HandshakeError, match=key):
        hub().challenge(json.dumps(hello).encode())


def test_lines_have_a_limit():
    lines = Lines()
    lines.add(b"one\ntwo")
    assert lines.next() == b"one"
    assert lines.next() is None
    lines.add(b"\nrest")
    assert (lines.next(), lines.rest) == (b"two", b"rest")
    lines.add(bytes(LINE_LIMIT))
    with pytest.raises(HandshakeError, match="too long"):
        lines.next()
