"""What a subscriber gets, and what it costs the others if it is slow."""

import pytest

from jupyter_ext.kernels.models import KernelsMessage
from jupyter_ext.status.models import BoardMessage, Card, ClusterStatus, StatusMessage
from jupyter_ext.status.subscription import Frame, Subscription
from tests.profiles import profile


def status(cluster, number):
    return Frame(StatusMessage(status=ClusterStatus(cluster=cluster, state="up", polled_at=number)))


def board(cards=()):
    return Frame(BoardMessage(version="1", protocol=1, tick_s=5, cards=list(cards)))


@pytest.fixture
def changes():
    return []


@pytest.fixture
def subscription(changes):
    return Subscription(lambda subscription, change: changes.append(change))


async def test_a_slow_reader_gets_only_the_latest_of_each_cluster(subscription):
    for number in range(1000):
        subscription.offer("a", status("a", number))
        subscription.offer("b", status("b", number))
    received = [await anext(subscription), await anext(subscription)]
    assert [(m.status.cluster, m.status.polled_at) for m in received] == [("a", 999), ("b", 999)]
    subscription.offer("a", status("a", 1000))
    assert (await anext(subscription)).status.polled_at == 1000


async def test_the_whole_picture_comes_before_and_instead_of_older_statuses(subscription):
    subscription.offer("a", status("a", 1))
    subscription.offer_board(board())
    subscription.offer("b", status("b", 2))
    assert (await anext(subscription)).type == "board"
    assert (await anext(subscription)).status.cluster == "b"


async def test_what_is_no_longer_watched_is_not_delivered(subscription):
    subscription.offer("a", status("a", 1))
    subscription.offer("b", status("b", 1))
    subscription.watch(["b"])
    assert (await anext(subscription)).status.cluster == "b"
    assert not subscription.wants("a")


async def test_a_change_tells_what_is_new(subscription, changes):
    subscription.watch([])
    subscription.watch(["a"], refresh=True)
    subscription.watch(None)
    assert [change.is_new("a") for change in changes] == [False, True, False]
    assert [change.refresh for change in changes] == [False, True, False]


async def test_closing_ends_the_iteration(subscription, changes):
    subscription.offer("a", status("a", 1))
    subscription.close()
    subscription.close()
    subscription.watch(["a"])
    assert [message async for message in subscription] == []
    assert not subscription.wants("a")
    assert len(changes) == 1


async def test_json_is_made_once_and_is_that_of_the_model():
    frame = status("a", 1)
    assert await frame.encode() is await frame.encode()
    assert StatusMessage.model_validate_json(await frame.encode()) == frame.message


@pytest.mark.parametrize("number", [0, 1, 3])
async def test_a_board_in_pieces_is_the_same_as_in_one(number):
    card = Card(profile=profile("a"), status=status("a", 1).message.status, history=[])
    frame = board([card] * number)
    assert (await frame.encode()).decode() == frame.message.model_dump_json()


async def test_what_is_about_no_cluster_outlives_the_whole_picture(subscription):
    beside = Frame(KernelsMessage(kernels=[]))
    subscription.offer(None, Frame(KernelsMessage(kernels=[])))
    subscription.offer(None, beside)
    subscription.offer("a", status("a", 1))
    subscription.offer_board(board())
    subscription.watch([])
    assert (await subscription.next_frame()).message.type == "board"
    assert await subscription.next_frame() is beside
    subscription.close()
    with pytest.raises(StopAsyncIteration):
        await subscription.next_frame()
