"""Launch forms: what they offer, what they accept, and where values come from."""

import json
import stat

import jsonschema
import pytest

from jupyter_ext.clusters.models import ClusterConfig, YarnDefaults
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.models import Account
from jupyter_ext.credentials.policy import nobody
from jupyter_ext.errors import InvalidInput, NotFound, Unreachable
from jupyter_ext.hadoop.access import Nobody
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import ClusterMetrics, Node, Queue, Resources, Scheduler
from jupyter_ext.kernels.choices import Choices
from jupyter_ext.kernels.forms import LaunchForms
from jupyter_ext.kernels.limits import LiveLimits, docker_limits, judge, yarn_limits
from jupyter_ext.kernels.models import LaunchRequest, Limit
from jupyter_ext.kernels.specs import Spec
from jupyter_ext.kernels.values import VARIABLE, from_environment, resolve
from tests.profiles import profile

PROD = profile(
    "prod",
    title="Production",
    config=ClusterConfig.model_validate(
        {
            "kernels": {
                "yarn": {
                    "python": "/opt/python3",
                    "queue": "analysts",
                    "memory_mb": 4096,
                    "presets": [{"title": "Large", "memory_mb": 16384, "image": "big:1"}],
                },
                "docker": {
                    "image": "data:1",
                    "images": ["data:2"],
                    "volumes": ["/data:/data:ro"],
                    "network": "lab",
                },
            }
        }
    ),
)
SPECS = {
    "prod-yarn-python": Spec("prod-yarn-python", "Python on prod", "yarn", "prod", "python"),
    "prod-docker-python": Spec("prod-docker-python", "Python", "docker", "prod", "python"),
    "local-python": Spec("local-python", "Python", "local", None, "python"),
}
YARN, DOCKER = "prod-yarn-python", "prod-docker-python"


class Profiles:
    def get(self, name):
        assert name == "prod"
        return PROD


class Cluster:
    """What a cluster says is free."""

    def __init__(self):
        self.limits, self.asked = [], []

    async def ask(self, user, spec, profile):
        self.asked.append((user, spec.name, profile.name))
        if isinstance(self.limits, Exception):
            raise self.limits
        return self.limits


@pytest.fixture
def cluster():
    return Cluster()


@pytest.fixture
def choices(tmp_path):
    return Choices(tmp_path / "data" / "choices.json")


@pytest.fixture
def forms(cluster, choices):
    def find(name):
        if name not in SPECS:
            raise NotFound(f"There is no kernelspec {name}.")
        return SPECS[name]

    return LaunchForms(Profiles(), choices, find, cluster.ask)


async def test_a_form_proposes_what_the_profile_says_within_what_there_is(forms, cluster):
    cluster.limits = [
        Limit(field="memory_mb", maximum=3000, free=2048, note="Queue analysts has 2.0 GB free."),
        Limit(field="queue", choices=["", "analysts", "batch"]),
        Limit(field="node_label", choices=[""]),
        Limit(field="gpus", maximum=0),
    ]
    form = await forms.form("alice", YARN)
    assert cluster.asked == [("alice", YARN, "prod")]
    assert (form.backend, form.cluster, form.ask, form.limits_error) == ("yarn", "prod", True, "")
    assert form.values["memory_mb"] == 3000
    assert (form.values["queue"], form.values["python"]) == ("analysts", "/opt/python3")
    sent = json.loads(form.model_dump_json())["schema"]
    jsonschema.Draft7Validator.check_schema(sent)
    jsonschema.validate(form.values, sent, jsonschema.Draft7Validator)
    assert list(sent["properties"]) == form.ui["ui:order"]
    assert not {"gpus", "node_label"} & sent["properties"].keys()
    assert sent["properties"]["memory_mb"]["maximum"] == 3000
    assert form.ui["memory_mb"] == {"ui:help": "Queue analysts has 2.0 GB free."}
    assert [preset.model_dump() for preset in form.presets] == [
        {"title": "Large", "values": {"memory_mb": 16384, "image": "big:1"}}
    ]


async def test_a_form_without_limits_says_why(forms, cluster):
    cluster.limits = Unreachable("Production does not answer.")
    form = await forms.form("alice", YARN)
    assert (form.limits, form.limits_error) == ([], "Production does not answer.")
    assert form.values["memory_mb"] == 4096


async def test_docker_offers_what_the_profile_allows(forms):
    form = await forms.form("alice", DOCKER)
    properties = form.schema_["properties"]
    assert properties["image"]["enum"] == ["data:1", "data:2"]
    assert properties["volumes"]["items"]["enum"] == form.values["volumes"] == ["/data:/data:ro"]
    assert properties["network"]["enum"] == ["", "lab"]
    jsonschema.validate(form.values, form.schema_, jsonschema.Draft7Validator)


async def test_a_kernel_on_this_machine_has_nothing_to_ask_for(forms, cluster):
    form = await forms.form("alice", "local-python")
    assert (form.schema_["properties"], form.values, form.ask) == ({}, {}, False)
    assert cluster.asked == []
    assert await forms.values("alice", "k", "local-python", {}) == {}


async def test_values_wait_for_their_kernel_and_for_no_other(forms):
    request = LaunchRequest(spec=YARN, values={"memory_mb": 512})
    await forms.keep("alice", "k", request)
    assert (await forms.values("alice", "other", YARN, {}))["memory_mb"] == 4096
    assert (await forms.values("bob", "k", YARN, {}))["memory_mb"] == 4096
    found = await forms.values("alice", "k", YARN, {VARIABLE: '{"memory_mb": 1024}'})
    assert (found["memory_mb"], found["queue"]) == (512, "analysts")
    assert (await forms.values("alice", "k", YARN, {}))["memory_mb"] == 4096


async def test_remember_and_do_not_ask_again(forms, cluster):
    await forms.keep("alice", "k", LaunchRequest(spec=YARN, values={"memory_mb": 512}))
    assert (await forms.form("alice", YARN)).values["memory_mb"] == 4096
    request = LaunchRequest(spec=YARN, values={"memory_mb": 512}, remember=True)
    await forms.keep("alice", "k", request)
    form = await forms.form("alice", YARN)
    assert (form.values["memory_mb"], form.ask) == (512, True)
    await forms.keep("alice", "k", request.model_copy(update={"ask": False}))
    cluster.asked.clear()
    assert (await forms.form("alice", YARN)).ask is False
    assert cluster.asked == []
    assert (await forms.form("bob", YARN)).ask is True
    await forms.values("alice", "k", YARN, {})
    assert (await forms.values("alice", "next", YARN, {}))["memory_mb"] == 512
    found = await forms.values("alice", "next", YARN, {VARIABLE: '{"memory_mb": 1024}'})
    assert found["memory_mb"] == 1024
    await forms.forget("alice", YARN)
    form = await forms.form("alice", YARN)
    assert (form.values["memory_mb"], form.ask) == (4096, True)


async def test_what_was_remembered_and_does_not_fit_any_more_is_left_out(forms, choices, tmp_path):
    request = LaunchRequest(spec=DOCKER, values={"image": "data:2"}, remember=True)
    await forms.keep("alice", "k", request)
    path = tmp_path / "data" / "choices.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(path.read_text().replace("data:2", "data:0"))
    assert (await forms.values("alice", "next", DOCKER, {}))["image"] == "data:1"
    path.write_text("{")
    assert (await forms.form("alice", DOCKER)).values["image"] == "data:1"


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (YARN, {"memory": 1}, "memory is no value of a yarn kernel; did you mean memory_mb"),
        (YARN, {"memory_mb": "lots"}, "memory_mb: input should be a valid integer.*not 'lots'"),
        (YARN, {"vcores": 0}, "vcores: input should be greater than or equal to 1, not 0"),
        (DOCKER, {"volumes": ["/:/host"]}, "volumes: /:/host is not among those of the profile"),
        (DOCKER, {"network": "host"}, "network: host is not that of the profile"),
        (DOCKER, {"image": "evil:1"}, "image: evil:1 is not among those of the profile"),
        ("local-python", {"queue": "x"}, "queue is no value of a local kernel; it has none"),
    ],
)
async def test_values_that_do_not_fit_are_refused_in_words(forms, name, values, message):
    with pytest.raises(InvalidInput, match=message):
        await forms.keep("alice", "k", LaunchRequest(spec=name, values=values, remember=True))
    assert (await forms.form("alice", name)).ask is (name != "local-python")


@pytest.mark.parametrize("text", ["{", "[1]", "7"])
def test_an_environment_that_is_no_json_object(text):
    with pytest.raises(InvalidInput, match=f"{VARIABLE} is no JSON"):
        from_environment({VARIABLE: text})


def test_later_values_win():
    values = resolve("yarn", PROD, {"memory_mb": 1024, "gpus": 1}, None, {"memory_mb": 2048})
    assert (values["memory_mb"], values["gpus"], values["queue"]) == (2048, 1, "analysts")


def queue(path, **fields):
    return Queue(path=path, parent=path.rpartition(".")[0], **fields)


GB = 1024


def limits(queues, *, kind="capacity", largest=0, chosen=None, used_mb=0, closed=(), groups=()):
    found = judge(
        ClusterMetrics(
            total=Resources(memory_mb=100 * GB, vcores=50),
            allocated=Resources(memory_mb=used_mb, vcores=10),
        ),
        Scheduler(type=kind, queues=queues),
        [
            Node(
                id="n:1",
                used=Resources(memory_mb=4 * GB, vcores=2),
                available=Resources(memory_mb=12 * GB, vcores=6),
                labels=["gpu"],
            )
        ],
        Resources(memory_mb=largest),
        YarnDefaults(queue=chosen, queues=closed),
        groups,
    )
    return {limit.field: limit for limit in found}


def test_room_is_what_the_narrowest_leaves():
    queues = [
        queue("root", leaf=False, ceiling=1.0, resources_used=Resources(memory_mb=30 * GB)),
        queue("root.a", leaf=False, ceiling=0.4, resources_used=Resources(memory_mb=30 * GB)),
        queue("root.a.x", ceiling=0.35, my_share=0.05, user_limit=0.08),
        queue("root.b", ceiling=1.0),
        queue("root.off", ceiling=1.0, state="STOPPED"),
    ]
    found = limits(queues, chosen="x", used_mb=30 * GB)
    assert found["memory_mb"].maximum == 16 * GB
    assert found["memory_mb"].free == 3072
    assert found["memory_mb"].note == (
        "Queue x has 3.0 GB free; you hold 5.0 GB of at most 8.0 GB; "
        "the largest container has 16.0 GB."
    )
    assert found["vcores"].free == 40
    assert found["queue"].choices == ["", "x", "b"]
    assert found["queue"].note == "Free: b 70.0 GB, x 3.0 GB."
    assert found["node_label"].choices == ["", "gpu"]
    assert limits(queues, chosen="root.a.x", largest=2048)["memory_mb"].maximum == 2048
    assert limits(queues, chosen="nosuch")["memory_mb"].free is None


def test_queues_go_by_the_name_that_their_scheduler_knows():
    twins = [queue("root", leaf=False), queue("root.a.x"), queue("root.b.x"), queue("root.b.y")]
    assert limits(twins)["queue"].choices == ["", "root.a.x", "root.b.x", "y"]
    assert limits(twins, kind="fair")["queue"].choices == ["", "a.x", "b.x", "b.y"]


def test_some_queues_are_offered_to_some_groups():
    queues = [queue("root", leaf=False), queue("root.ml"), queue("root.etl"), queue("root.default")]
    closed = [{"queue": "ml", "groups": ["scientists"]}, {"queue": "root.etl", "groups": ["ops"]}]
    assert limits(queues, closed=closed, groups=["scientists"])["queue"].choices == [
        "",
        "ml",
        "default",
    ]
    # With one queue left there is nothing to choose.
    assert "queue" not in limits(queues, closed=closed)
    assert limits(queues)["queue"].choices == ["", "ml", "etl", "default"]


class Known:
    """Somebody whom the directory knows, on a cluster that asks for no login."""

    def __init__(self, *groups):
        self.account = Account(groups=list(groups))

    def identity(self, profile):
        return nobody(profile).model_copy(update={"account": self.account})

    async def open(self, profile):
        return await Nobody().open(profile)


async def test_a_real_cluster_offers_queues_by_the_groups_of_a_login(sandbox):
    config = {"kernels": {"yarn": {"queues": [{"queue": "small", "groups": ["analysts"]}]}}}
    dev = ProfileStore(sandbox.layers).get("dev")
    dev = dev.model_copy(update={"config": ClusterConfig.model_validate(config)})
    people = {"alice": Known("analysts", "staff"), "bob": Known("staff"), "carol": Nobody()}
    offered = {
        name: [
            limit.choices
            for limit in await LiveLimits(people.__getitem__).ask(name, SPECS[YARN], dev)
            if limit.field == "queue"
        ]
        for name in people
    }
    assert offered == {"alice": [["", "default", "small"]], "bob": [], "carol": []}


async def test_limits_of_a_real_cluster(sandbox):
    dev = ProfileStore(sandbox.layers).get("dev")
    async with Hadoop.open(dev) as hadoop:
        found = {limit.field: limit for limit in await yarn_limits(hadoop, dev)}
    assert (found["memory_mb"].maximum, found["vcores"].maximum) == (2048, 4)
    assert 0 <= found["memory_mb"].free <= 4096
    assert found["queue"].choices == ["", "default", "small"]


async def test_limits_of_a_real_docker_daemon(docker):
    config = ClusterConfig.model_validate({"kernels": {"docker": {"host": docker.host}}})
    found = {limit.field: limit for limit in await docker_limits(profile("dev", config=config))}
    assert found["memory_mb"].maximum > 512
    assert "MB for all its containers" in found["memory_mb"].note.replace("GB", "MB")
    assert found["vcores"].maximum >= 1
    assert found["gpus"].maximum in (0, None)


async def test_limits_of_a_docker_daemon_that_is_down(tmp_path):
    config = {"kernels": {"docker": {"host": f"unix://{tmp_path}/nothing.sock"}}}
    down = profile("dev", config=ClusterConfig.model_validate(config))
    with pytest.raises(Unreachable, match="does not answer: it is not running"):
        await docker_limits(down)
