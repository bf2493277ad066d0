"""The board: who looks decides what is asked."""

import asyncio

import pytest

from jupyter_ext.errors import InvalidInput, NotFound
from jupyter_ext.status.board import StatusBoard
from tests.conftest import eventually
from tests.status.conftest import TICK_S


@pytest.fixture
def board(store, jp_asyncio_loop):
    found = StatusBoard(store, tick_s=TICK_S, version="1.2.3", watch_s=0.1)
    yield found
    jp_asyncio_loop.run_until_complete(found.stop())


class Tab:
    """A subscriber that reads everything."""

    def __init__(self, board):
        self.subscription = board.subscribe()
        self.messages = []
        self.reading = asyncio.create_task(self.read())

    async def read(self):
        async for message in self.subscription:
            self.messages.append(message)

    def boards(self):
        return [message for message in self.messages if message.type == "board"]

    def statuses(self, name):
        return [m.status for m in self.messages if m.type == "status" and m.status.cluster == name]

    async def sees(self, name, number=1):
        """Wait for this many more polls of a cluster."""
        seen = len(self.statuses(name))
        await eventually(lambda: len(self.statuses(name)) >= seen + number)


async def test_two_tabs_cost_as_much_as_one_and_none_costs_nothing(board, clusters):
    a, b = clusters
    assert a.requests.total() == 0
    first = Tab(board)
    await first.sees("a", 6)
    # Everything that was published came from one request, however many look.
    second = Tab(board)
    await eventually(lambda: second.boards())
    asked, published = a.asked("metrics"), len(first.statuses("a"))
    await second.sees("a", 10)
    assert abs((a.asked("metrics") - asked) - (len(first.statuses("a")) - published)) <= 1
    assert [s.polled_at for s in first.statuses("a")[-5:]] == [
        s.polled_at for s in second.statuses("a")[-5:]
    ]
    first.subscription.close()
    await second.sees("a", 3)
    second.subscription.watch(["b"])
    await eventually(lambda: a.connections == 0)
    before = a.requests.copy()
    await second.sees("b", 10)
    assert a.requests == before
    second.subscription.close()
    await eventually(lambda: b.connections == 0)


async def test_a_hidden_tab_stops_the_polling_and_is_up_to_date_when_it_shows_again(board, cluster):
    tab = Tab(board)
    await tab.sees("a", 2)
    tab.subscription.watch([])
    await eventually(lambda: cluster.connections == 0)
    asked, last = cluster.asked("metrics"), tab.statuses("a")[-1]
    tab.subscription.watch(["a"])
    await tab.sees("a", 1)
    # First what was known, then what is asked anew.
    assert tab.statuses("a")[-1].polled_at >= last.polled_at
    await eventually(lambda: cluster.asked("metrics") > asked)
    await eventually(lambda: tab.statuses("a")[-1].polled_at > last.polled_at)
    assert len(tab.boards()) == 1


async def test_the_first_message_is_the_whole_picture(board, clusters):
    first = Tab(board)
    await eventually(lambda: first.boards())
    message = first.messages[0]
    assert (message.type, message.version, message.tick_s) == ("board", "1.2.3", TICK_S)
    assert [card.profile.name for card in message.cards] == ["a", "b"]
    assert [card.status.state for card in message.cards] == ["connecting", "connecting"]
    await first.sees("a", 3)
    second = Tab(board)
    await eventually(lambda: second.boards())
    card = second.messages[0].cards[0]
    assert card.status.state == "up"
    assert card.status.polled_at is not None
    assert len(card.history) >= 3


async def test_one_bad_cluster_neither_delays_nor_hides_another(board, clusters):
    a = clusters[0]
    for path in ("info", "metrics", "apps", "scheduler"):
        a.fault(path, asyncio.Event())
    tab = Tab(board)
    await tab.sees("b", 5)
    assert tab.statuses("b")[-1].state == "up"
    assert a.asked("metrics") == 1
    assert {card.profile.name for card in tab.boards()[0].cards} == {"a", "b"}


async def test_profiles_that_come_change_and_go(board, clusters, root, store):
    b = clusters[1]
    tab = Tab(board)
    await tab.sees("a", 2)
    config = store.get("a").config
    store.edit("a", config.model_copy(update={"title": "Another title"}))
    await eventually(lambda: len(tab.boards()) == 2)
    card = tab.boards()[1].cards[0]
    assert card.profile.title == "Another title"
    assert len(card.history) >= 2
    await tab.sees("a", 2)

    store.remove("b")
    await eventually(lambda: len(tab.boards()) == 3)
    assert [card.profile.name for card in tab.boards()[2].cards] == ["a"]
    await eventually(lambda: b.connections == 0)

    b.write_profile(root)
    await eventually(lambda: len(tab.boards()) >= 4)
    await tab.sees("b", 1)


async def test_a_broken_profile_is_shown_and_not_polled(board, clusters, root):
    (root / "a" / "conf" / "yarn-site.xml").write_text("<configuration>")
    tab = Tab(board)
    await tab.sees("b", 3)
    status = tab.boards()[0].cards[0].status
    assert status.state == "misconfigured"
    assert "yarn-site.xml" in status.reason
    assert clusters[0].requests.total() == 0


async def test_a_refresh_asks_at_once(store, clusters):
    board = StatusBoard(store, tick_s=60)
    tab = Tab(board)
    await tab.sees("a", 1)
    await eventually(lambda: clusters[0].asked("scheduler") == 1)
    tab.subscription.watch(["a"], refresh=True)
    await eventually(lambda: clusters[0].asked("scheduler") == 2)
    assert clusters[1].asked("scheduler") == 1
    await board.stop()


async def test_a_kill_shows_at_once(store, cluster):
    app = cluster.add_app()["id"]
    board = StatusBoard(store, tick_s=60)
    tab = Tab(board)
    await tab.sees("a", 1)
    await board.kill("a", app)
    await eventually(lambda: tab.statuses("a")[-1].apps[0].state == "KILLED")
    assert tab.statuses("a")[-1].yarn.metrics.apps_running == 0
    await board.stop()


async def test_asking_for_one_card_needs_no_subscription(board, cluster):
    card = await board.card("a")
    assert (card.profile.name, card.status.state) == ("a", "up")
    await eventually(lambda: cluster.connections == 0)
    Tab(board)
    await eventually(lambda: cluster.asked("metrics") > 1)
    await eventually(lambda: cluster.asked("metrics") > 3)
    assert (await board.card("a")).history


async def test_nodes_include_the_lost_ones(board, cluster):
    cluster.nodes["worker2"] = "LOST"
    found = await board.nodes("a")
    assert {node.host: node.state for node in found.nodes} == {
        "worker1": "RUNNING",
        "worker2": "LOST",
    }


async def test_what_does_not_exist(board, clusters):
    with pytest.raises(NotFound, match="no cluster named c"):
        await board.nodes("c")
    with pytest.raises(InvalidInput, match="no application id"):
        await board.kill("a", "../../cluster")
    with pytest.raises(InvalidInput):
        await board.log("a", "job_1_1", "stderr", 10)
    with pytest.raises(InvalidInput):
        await board.activities("a", "")


async def test_stopping_ends_everything(board, clusters):
    tab = Tab(board)
    await tab.sees("a", 2)
    await board.stop()
    await tab.reading
    await eventually(lambda: clusters[0].connections == clusters[1].connections == 0)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("poll ")]
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "watch profiles"]
