"""What an ApplicationMaster makes of a ResourceManager's rarer answers."""

from __future__ import annotations

import pytest
from jupyter_ext_agent.yarn import scheduler
from jupyter_ext_agent.yarn.protobuf import Message, encode
from jupyter_ext_agent.yarn.rpc import Broken, RemoteError
from jupyter_ext_agent.yarn.scheduler import Gone, Scheduler, Stopped
from jupyter_ext_agent.yarn.token_file import Token

FIRST, SECOND = ("rm1", 8030), ("rm2", 8030)
OLD, NEW = (Token(name, b"", "YARN_AM_RM_TOKEN", "") for name in (b"old", b"new"))
NOT_REGISTERED = RemoteError("a.b.ApplicationMasterNotRegisteredException", "re-register")
ALREADY = RemoteError("a.b.InvalidApplicationMasterRequestException", "already registered")
STANDBY = RemoteError("a.b.StandbyException", "not active")
UNKNOWN = RemoteError("a.b.ApplicationAttemptNotFoundException", "doesn't exist")
REFUSED = RemoteError("a.b.SecretManager$InvalidToken", "Invalid AMRMToken")
OK = encode()


class ResourceManagers:
    """Answers in the order given; an exception is thrown. Keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.connected = []

    def connect(self, address, protocol, token):
        self.connected.append((address, token.identifier))
        return self

    def call(self, method, request):
        self.asked.append((method.partition("Application")[0], Message(request)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Message(answer)

    def close(self):
        pass

    @property
    def methods(self):
        return [method for method, _ in self.asked]


@pytest.fixture
def talk(monkeypatch):
    """Make a scheduler that talks to these answers; it does not wait, and stops after a while."""
    waits = []

    def wait(seconds):
        waits.append(seconds)
        return len(waits) > 50

    def make(*answers, addresses=(FIRST, SECOND)):
        managers = ResourceManagers(*answers)
        monkeypatch.setattr(scheduler, "Connection", managers.connect)
        made = Scheduler(list(addresses), OLD, "http://logs", "host", wait)
        return made, managers, waits

    return make


def reply(response=1, **fields):
    numbers = {"command": 1, "token": 12}
    return encode((2, response), *((numbers[name], value) for name, value in fields.items()))


def test_the_other_one_is_asked_when_one_is_on_standby_or_gone(talk):
    made, managers, waits = talk(STANDBY, Broken("gone"), OK)
    made.register()
    assert [address for address, _ in managers.connected] == [FIRST, SECOND, FIRST]
    assert len(waits) == 1


def test_after_a_failover_it_registers_again_and_asks_again(talk):
    made, managers, _ = talk(OK, reply(1), reply(2), NOT_REGISTERED, OK, reply(1), reply(2))
    made.register()
    made.ask(b"one")
    for _ in range(4):
        made.allocate(0.5)
    allocations = [request for method, request in managers.asked if method == "allocate"]
    assert managers.methods.count("register") == 2
    assert [request.integer(4) for request in allocations] == [0, 1, 2, 0, 1]
    assert [request.data(1) for request in allocations] == [b"one", b"", b"", b"one", b""]


def test_an_answer_to_the_registration_that_got_lost(talk):
    made, managers, _ = talk(Broken("in the middle"), ALREADY, reply(1))
    made.register()
    made.allocate(0.0)
    assert managers.methods == ["register", "register", "allocate"]


@pytest.mark.parametrize("answer", [reply(command=2), UNKNOWN, RemoteError("a.Other", "no")])
def test_it_is_told_to_end(talk, answer):
    made, _, _ = talk(OK, answer, addresses=[FIRST])
    made.register()
    with pytest.raises((Gone, Stopped)):
        made.allocate(0.0)


def test_an_old_resourcemanager_that_was_started_anew(talk):
    made, managers, _ = talk(OK, reply(command=1), OK, reply(1))
    made.register()
    made.allocate(0.0)
    assert managers.methods == ["register", "allocate", "register", "allocate"]


def test_a_token_that_stays_refused_ends_it_and_not_before(talk):
    made, managers, _ = talk(REFUSED)
    with pytest.raises(Gone, match="InvalidToken"):
        made.register()
    assert len(managers.asked) == 24
    made, _, _ = talk(REFUSED, REFUSED, REFUSED, OK)
    made.register()


def test_a_new_token_is_used_from_the_next_call_on(talk):
    token = encode((1, NEW.identifier), (2, NEW.password), (3, NEW.kind), (4, NEW.service))
    made, managers, _ = talk(OK, reply(1, token=token), reply(2))
    made.register()
    made.allocate(0.0)
    made.allocate(0.0)
    assert managers.connected == [(FIRST, b"old"), (FIRST, b"new")]


def test_it_says_good_bye_until_that_is_written_down(talk):
    made, managers, _ = talk(OK, OK, NOT_REGISTERED, OK, encode((1, True)))
    made.register()
    made.finish("FAILED", "no memory")
    assert managers.methods == ["register", "finish", "finish", "register", "finish"]
    last = managers.asked[-1][1]
    assert (last.text(1), last.text(2), last.integer(3)) == ("no memory", "http://logs", 2)


def test_who_does_not_want_to_wait_does_not(talk):
    made, _, waits = talk(Broken("nobody"))
    with pytest.raises(Stopped):
        made.register()
    assert max(waits) == 5.0
