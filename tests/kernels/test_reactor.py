"""The agent's event loop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from jupyter_ext_agent.reactor import Reactor

PATIENCE_S = 10.0


@pytest.fixture
def reactor():
    made = Reactor()
    yield made
    made.close()


def turns_until(reactor: Reactor, probe) -> None:
    deadline = reactor.now() + PATIENCE_S
    while not probe():
        assert reactor.now() < deadline
        reactor.turn(0.1)


def test_timers_are_due_in_their_order_and_may_be_cancelled(reactor):
    called: list[str] = []
    reactor.call_later(0.02, called.append, "second")
    reactor.call_later(0.01, called.append, "first")
    cancelled = reactor.call_later(0.0, called.append, "never")
    cancelled.cancel()
    reactor.call_soon(called.append, "now")
    turns_until(reactor, lambda: len(called) == 3)
    assert called == ["now", "first", "second"]
    cancelled.cancel()


def test_other_threads_wake_it(reactor):
    called: list[int] = []
    may_call = threading.Event()

    def call() -> None:
        may_call.wait()
        reactor.call_threadsafe(called.append, 1)

    thread = threading.Thread(target=call)
    thread.start()
    reactor.call_later(2 * PATIENCE_S, called.append, 2)
    reactor.call_soon(may_call.set)
    while not called:
        reactor.turn()
    thread.join()
    assert called == [1]


def test_a_socket_is_watched_for_what_was_asked_for(reactor):
    here, there = socket.socketpair()
    called: list[str] = []
    reactor.watch(here, lambda: called.append("read"), lambda: called.append("write"))
    reactor.turn(1)
    assert called == ["write"]
    reactor.watch(here, lambda: called.append("read"))
    there.send(b"x")
    reactor.turn(1)
    assert called == ["write", "read"]
    reactor.watch(here)
    reactor.unwatch(here)
    reactor.turn(0)
    assert called == ["write", "read"]
    for end in (here, there):
        end.close()


def test_who_is_unwatched_by_his_first_callback_has_no_second(reactor):
    here, there = socket.socketpair()
    called: list[str] = []

    def read() -> None:
        called.append("read")
        reactor.unwatch(here)

    there.send(b"x")
    reactor.watch(here, read, lambda: called.append("write"))
    reactor.turn(1)
    reactor.turn(0)
    assert called == ["read"]
    for end in (here, there):
        end.close()


def test_a_callback_that_fails_ends_its_own_watch_alone(reactor, capsys):
    here, there = socket.socketpair()
    called: list[int] = []
    there.send(b"x")
    reactor.watch(here, lambda: 1 / 0)
    reactor.call_later(0.01, called.append, 1)
    turns_until(reactor, lambda: called)
    assert capsys.readouterr().err.count("ZeroDivisionError") == 1
    for end in (here, there):
        end.close()


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_childs_end_is_told_once(in_thread):
    statuses: list[int] = []

    def work() -> None:
        reactor = Reactor()
        for code in (3, 4):
            child = subprocess.Popen([sys.executable, "-S", "-c", f"raise SystemExit({code})"])
            reactor.on_child(child.pid, lambda status: statuses.append(os.WEXITSTATUS(status)))
        turns_until(reactor, lambda: len(statuses) == 2)
        reactor.close()

    if in_thread:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    else:
        work()
    assert sorted(statuses) == [3, 4]


def test_strangers_are_reaped_if_that_is_wanted(reactor):
    ended: list[int] = []
    reactor.reap_strangers = True
    stranger = subprocess.Popen(["/bin/true"])
    known = subprocess.Popen(["/bin/true"])
    reactor.on_child(known.pid, ended.append)
    turns_until(reactor, lambda: ended and not os.path.exists(f"/proc/{stranger.pid}"))
    assert ended == [0]
    stranger.wait()


def test_signals_are_told_in_a_turn_and_given_back(reactor):
    called: list[int] = []
    reactor.on_signal(signal.SIGUSR1, lambda: called.append(1))
    os.kill(os.getpid(), signal.SIGUSR1)
    assert called == []
    turns_until(reactor, lambda: called)
    assert called == [1]


def test_it_stops_from_another_thread(reactor):
    thread = threading.Thread(target=lambda: reactor.call_threadsafe(reactor.stop))
    thread.start()
    reactor.run()
    thread.join()
