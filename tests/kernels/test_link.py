"""The link of a tunnel, without a tunnel: two ends, and a wire that loses what is on it."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict

import pytest
from jupyter_ext_agent import frames
from jupyter_ext_agent.frames import (
    HEADER,
    Closed,
    LinkError,
    Opened,
    Received,
    Room,
    Told,
)
from jupyter_ext_agent.link import Link

WINDOW = 20_000


class End:
    """One end, and everything that it sent and got."""

    def __init__(self) -> None:
        self.link = Link(WINDOW, WINDOW)
        self.wire = bytearray()
        """Bytes on their way to it."""
        self.sent = defaultdict(hashlib.sha256)
        self.got = defaultdict(hashlib.sha256)
        self.bytes_got = 0
        self.told: list[int] = []
        self.heard: list[int] = []
        self.eaten: dict[int, int] = defaultdict(int)
        self.streams: list[int] = []

    def act(self, rng: random.Random) -> None:
        """Say something, if there is room."""
        if self.streams and (stream := rng.choice(self.streams)):
            data = rng.randbytes(min(self.link.room(stream), rng.randrange(8000)))
            self.link.send(stream, data)
            self.sent[stream].update(data)
        if rng.random() < 0.2:
            self.told.append(rng.randrange(2**30))
            self.link.tell({"type": "number", "value": self.told[-1]})
        for stream in list(self.eaten):
            if rng.random() < 0.5:
                self.link.consumed(stream, self.eaten.pop(stream))

    def take_in(self, count: int) -> None:
        data = bytes(self.wire[:count])
        del self.wire[:count]
        for event in self.link.receive(data):
            match event:
                case Told(message):
                    self.heard.append(message["value"])
                case Opened(stream):
                    self.streams.append(stream)
                case Received(stream, data):
                    self.got[stream].update(data)
                    self.bytes_got += len(data)
                    self.eaten[stream] += len(data)


def digests(hashes) -> dict[int, str]:
    return {stream: found.hexdigest() for stream, found in hashes.items()}


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_over_100_random_cuts(seed):
    rng = random.Random(seed)
    hub, agent = End(), End()
    for channel in ("shell", "iopub", "terminal"):
        hub.streams.append(hub.link.open({"channel": channel}))
    cuts = 0

    def pump(share: float) -> None:
        for here, there in ((hub, agent), (agent, hub)):
            if here.link.has_output:
                there.wire += here.link.take(rng.randrange(1, 30_000))
            there.take_in(int(len(there.wire) * share) + 1)

    while cuts < 100:
        hub.act(rng)
        agent.act(rng)
        pump(rng.random())
        if rng.random() < 0.05:
            cuts += 1
            hub.wire.clear()
            agent.wire.clear()
            hub.link.resume(agent.link.received)
            agent.link.resume(hub.link.received)
    while any(end.link.has_output or end.wire for end in (hub, agent)):
        pump(1.0)
    assert digests(hub.sent) == digests(agent.got)
    assert digests(agent.sent) == digests(hub.got)
    assert (hub.told, agent.told) == (agent.heard, hub.heard)
    assert hub.bytes_got > 10 * WINDOW
    assert agent.bytes_got > 10 * WINDOW


def test_an_idle_end_keeps_nothing():
    hub, agent = End(), End()
    stream = hub.link.open({"channel": "shell"})
    for _ in range(100):
        hub.link.send(stream, bytes(100))
        agent.wire += hub.link.take()
        agent.take_in(10_000)
        agent.link.consumed(stream, 100)
        hub.wire += agent.link.take()
        hub.take_in(10_000)
    hub.link.ping()
    agent.wire += hub.link.take()
    agent.take_in(10_000)
    hub.wire += agent.link.take()
    hub.take_in(10_000)
    agent.wire += hub.link.take()
    agent.take_in(10_000)
    assert hub.link.is_settled
    assert agent.link.is_settled


def opened(*channels: str) -> tuple[Link, Link, list[int]]:
    """Two ends that have streams."""
    hub, agent = Link(frames.TO_AGENT, frames.TO_HUB), Link(frames.TO_HUB, frames.TO_AGENT)
    streams = [hub.open({"channel": channel}) for channel in channels]
    assert [type(event) for event in agent.receive(hub.take())] == [Opened] * len(channels)
    return hub, agent, streams


def test_what_is_urgent_overtakes_output():
    hub, agent, (iopub, terminal, shell) = opened("iopub", "terminal", "shell")
    agent.send(iopub, bytes(10_000_000))
    list(hub.receive(agent.take()))
    agent.send(terminal, b"prompt")
    agent.send(shell, b"reply")
    agent.tell({"type": "kernel"})
    events = list(hub.receive(agent.take(1) + agent.take(1) + agent.take(1) + agent.take(1)))
    assert events[:3] == [
        Told({"type": "kernel"}),
        Received(shell, b"reply"),
        Received(terminal, b"prompt"),
    ]
    assert isinstance(events[3], Received)
    assert len(events[3].data) == frames.CHUNK


def test_streams_of_one_rank_take_turns():
    hub, agent, (first, second) = opened("iopub", "iopub")
    agent.send(first, bytes(1_000_000))
    agent.send(second, bytes(1_000_000))
    events = [event for _ in range(6) for event in hub.receive(agent.take(1))]
    assert [event.stream for event in events] == [first, second] * 3


def test_a_sender_is_held_to_its_window():
    hub, agent, (stream,) = opened("iopub")
    assert agent.room(stream) == frames.TO_HUB
    agent.send(stream, bytes(frames.TO_HUB))
    assert agent.room(stream) == 0
    with pytest.raises(ValueError, match="room for 0 bytes"):
        agent.send(stream, b"x")
    while data := agent.take():
        for event in hub.receive(data):
            hub.consumed(stream, len(event.data))
    assert Room(stream) in list(agent.receive(hub.take()))
    assert agent.room(stream) > 0


def test_more_than_the_window_is_refused():
    hub, _, (stream,) = opened("iopub")
    chunk = HEADER.pack(frames.DATA, stream, frames.CHUNK) + bytes(frames.CHUNK)
    for _ in range(frames.TO_HUB // frames.CHUNK):
        list(hub.receive(chunk))
    with pytest.raises(LinkError, match="window"):
        list(hub.receive(chunk))


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        (frames.DATA, frames.CHUNK + 1),
        (frames.TELL, frames.MESSAGE_LIMIT + 1),
        (frames.PING, 1),
        (frames.CLOSE, 1),
        (0, 0),
        (9, 0),
        (255, 2**32 - 1),
    ],
)
def test_frames_that_are_too_large_or_unknown_are_refused_by_their_head(kind, length):
    link = Link(WINDOW, WINDOW)
    with pytest.raises(LinkError):
        list(link.receive(HEADER.pack(kind, 0, length)))


@pytest.mark.parametrize(
    ("kind", "stream", "payload"),
    [
        (frames.ACK, 0, (2).to_bytes(8, "big")),
        (frames.ACK, 0, b""),
        (frames.TELL, 0, b"[1]"),
        (frames.TELL, 0, b"\xff\xfe{"),
        (frames.TELL, 0, b"[" * 100_000),
        (frames.CREDIT, 1, b"\0\0"),
        (frames.CREDIT, 1, b"\xff\xff\xff\xff"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_frames_that_make_no_sense_are_refused(kind, stream, payload):
    hub, _, _ = opened("shell")
    with pytest.raises(LinkError):
        list(hub.receive(HEADER.pack(kind, stream, len(payload)) + payload))


@pytest.mark.parametrize("seed", range(50))
def test_garbage_is_refused_and_nothing_worse(seed):
    garbage = random.Random(seed).randbytes(500_000)
    with pytest.raises(LinkError):
        list(Link(WINDOW, WINDOW).receive(garbage))


def test_an_end_that_forgot_what_it_got_cannot_resume():
    hub, agent, (stream,) = opened("shell")
    for _ in range(100):
        hub.send(stream, b"x")
        list(agent.receive(hub.take()))
        list(hub.receive(agent.take()))
    assert hub.can_resume(agent.received)
    assert not hub.can_resume(1)
    assert not hub.can_resume(agent.received + 1)
    with pytest.raises(LinkError):
        hub.resume(0)


def test_a_new_session_ends_the_streams_of_the_old_one():
    hub, _, (known,) = opened("shell")
    hub.tell({"type": "launch"})
    waiting = hub.open({"channel": "iopub"})
    hub.send(waiting, b"subscribe")
    assert hub.reset(keep_messages=True) == [known]
    agent = Link(frames.TO_HUB, frames.TO_AGENT)
    events = list(agent.receive(hub.take()))
    assert events == [
        Told({"type": "launch"}),
        Opened(waiting, {"channel": "iopub"}),
        Received(waiting, b"subscribe"),
    ]
    agent.tell({"type": "kernel"})
    assert agent.reset(keep_messages=False) == [waiting]
    assert not agent.has_output


def test_an_agent_takes_a_stream_once_in_a_session():
    _, agent, _ = opened("shell")
    with pytest.raises(LinkError, match="twice"):
        list(agent.receive(HEADER.pack(frames.OPEN, 1, 2) + b"{}"))
    agent.reset(keep_messages=False)
    assert list(agent.receive(HEADER.pack(frames.OPEN, 1, 2) + b"{}")) == [Opened(1, {})]


def test_a_stream_is_closed_after_its_data():
    hub, agent, (stream,) = opened("iopub")
    agent.send(stream, bytes(200_000))
    agent.close(stream)
    agent.send(stream, b"too late")
    events = [event for _ in range(10) for event in hub.receive(agent.take())]
    assert sum(len(event.data) for event in events[:-1]) == 200_000
    assert events[-1] == Closed(stream)
    assert hub.room(stream) == 0
    list(agent.receive(hub.take()))
    assert agent.room(stream) == 0


def test_both_ends_may_close_at_once():
    hub, agent, (stream,) = opened("iopub")
    hub.send(stream, b"last words")
    hub.close(stream)
    agent.close(stream)
    from_hub, from_agent = hub.take(), agent.take()
    assert list(agent.receive(from_hub)) == []
    assert list(hub.receive(from_agent)) == []
    for end in (hub, agent):
        with pytest.raises(KeyError):
            end._streams[stream]


def test_logs_are_left_out_and_nothing_else():
    agent = Link(frames.TO_HUB, frames.TO_AGENT)
    for number in range(3000):
        agent.tell({"type": "log", "text": "x" * 1000})
        agent.tell({"type": "kernel", "number": number})
    told = [
        event.message
        for data in iter(agent.take, b"")
        for event in Link(frames.TO_AGENT, frames.TO_HUB).receive(data)
    ]
    logs = [message for message in told if message["type"] == "log"]
    assert [m["number"] for m in told if m["type"] == "kernel"] == list(range(3000))
    assert 900 < len(logs) <= frames.SPARE_LIMIT // 1000


def test_messages_that_nobody_takes_have_a_limit():
    agent = Link(frames.TO_HUB, frames.TO_AGENT)
    large = {"type": "kernel", "text": "x" * 7_000_000}
    for _ in range(4):
        agent.tell(large)
    with pytest.raises(LinkError, match="wait for a connection"):
        agent.tell(large)
    with pytest.raises(LinkError, match="at most"):
        agent.tell({"type": "kernel", "text": "x" * 9_000_000})


def test_credentials_that_still_wait_are_replaced_by_newer_ones():
    hub, agent, _ = opened("shell")
    hub.tell({"type": "launch"})
    for number in range(100):
        hub.tell({"type": "credentials", "files": {"ticket": f"{number}" * 1_000_000}})
    hub.tell({"type": "signal"})
    events = list(agent.receive(hub.take(10_000_000)))
    assert [event.message["type"] for event in events] == ["launch", "credentials", "signal"]
    assert events[1].message["files"]["ticket"].startswith("9999")
    hub.tell({"type": "credentials", "files": {}})
    assert list(agent.receive(hub.take())) == [Told({"type": "credentials", "files": {}})]


def test_the_last_logs_go_before_the_last_words():
    agent = Link(frames.TO_HUB, frames.TO_AGENT)
    agent.tell({"type": "log", "text": "why"})
    agent.hurry()
    agent.tell({"type": "ended"})
    events = list(Link(frames.TO_AGENT, frames.TO_HUB).receive(agent.take()))
    assert [event.message["type"] for event in events] == ["log", "ended"]


def test_streams_have_a_limit():
    hub = Link(frames.TO_AGENT, frames.TO_HUB)
    for _ in range(frames.STREAM_LIMIT):
        hub.open({"channel": "iopub"})
    with pytest.raises(LinkError, match="streams already"):
        hub.open({"channel": "iopub"})
