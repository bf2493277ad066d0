"""Kernelspecs that follow the profiles."""

import asyncio
import json
from xml.etree import ElementTree

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_ext.clusters.models import ClusterConfig
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import NotFound, Unavailable
from jupyter_ext.kernels.specs import KernelSpecs, Spec, find_spec, keep
from tests.conftest import eventually
from tests.hadoop_xml import site
from tests.profiles import profile


def cluster(name, kernels, **fields):
    config = ClusterConfig.model_validate({"kernels": kernels})
    return profile(name, config=config, **fields)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "kernels"


@pytest.fixture
def specs(directory):
    return KernelSpecs(directory)


PROD = cluster(
    "prod",
    {
        "yarn": {"python": "/opt/python/bin/python3", "cull_idle_s": 3600},
        "docker": {"image": "data:1", "languages": ["python", "r", "bash"]},
    },
    title="Production",
    color="red",
)


def test_no_kernel_on_yarn_behind_a_gateway(specs):
    kernels = {"yarn": {"python": "/usr/bin/python3"}, "docker": {"image": "data:1"}}
    done = specs.sync([cluster("knox", kernels, auth="gateway")])
    assert done.written == ["local-python", "knox-docker-python"]


def test_one_for_each_cluster_backend_and_language(specs, directory):
    done = specs.sync([PROD, cluster("quiet", {}), cluster("off", {"yarn": {"enabled": False}})])
    assert done.written == [
        "local-python",
        "prod-docker-python",
        "prod-docker-r",
        "prod-docker-bash",
        "prod-yarn-python",
    ]
    found = KernelSpecManager(
        kernel_dirs=[str(directory)], ensure_native_kernel=False
    ).get_all_specs()
    assert {name: each["spec"]["display_name"] for name, each in found.items()} == {
        "local-python": "Python (outlives the server)",
        "prod-docker-python": "Python on Production (Docker)",
        "prod-docker-r": "R on Production (Docker)",
        "prod-docker-bash": "Bash on Production (Docker)",
        "prod-yarn-python": "Python on Production (YARN)",
    }
    yarn = found["prod-yarn-python"]["spec"]
    assert yarn["argv"][0] == "{python}"
    assert yarn["metadata"]["kernel_provisioner"] == {
        "provisioner_name": "jupyter-ext-yarn",
        "config": {"cluster": "prod"},
    }
    assert yarn["metadata"]["cull_idle_timeout"] == 3600
    assert found["prod-docker-r"]["spec"]["language"] == "R"
    for name in found:
        icon = ElementTree.parse(directory / name / "logo-svg.svg").getroot()
        assert icon.get("viewBox") == "0 0 64 64"


def test_only_what_changed_is_written_and_only_ours_is_removed(specs, directory):
    theirs = directory / "prod-yarn-python"
    theirs.mkdir(parents=True)
    (theirs / "kernel.json").write_text('{"argv": [], "display_name": "Mine", "metadata": {}}')
    broken = directory / "broken"
    broken.mkdir()
    (broken / "kernel.json").write_text("{")
    first = specs.sync([PROD])
    assert first.kept == ["prod-yarn-python"]
    assert "Mine" in (theirs / "kernel.json").read_text()
    assert not specs.sync([PROD])
    renamed = PROD.model_copy(update={"title": "Production 2"})
    assert specs.sync([renamed]).written == [
        "prod-docker-python",
        "prod-docker-r",
        "prod-docker-bash",
    ]
    assert specs.sync([]).removed == ["prod-docker-bash", "prod-docker-python", "prod-docker-r"]
    assert sorted(path.name for path in directory.iterdir()) == [
        "broken",
        "local-python",
        "prod-yarn-python",
    ]


def test_a_broken_profile_offers_nothing(specs):
    problem = {"severity": "error", "file": "conf/core-site.xml", "message": "Is no XML."}
    broken = type(PROD).model_validate(PROD.model_dump() | {"problems": [problem]})
    assert specs.sync([broken]).written == ["local-python"]


def test_a_directory_that_cannot_be_written(tmp_path):
    (tmp_path / "kernels").write_text("A file.")
    with pytest.raises(Unavailable, match=f"kernelspecs in {tmp_path}/kernels cannot be written"):
        KernelSpecs(tmp_path / "kernels").sync([PROD])


def test_kernelspecs_written_by_hand_are_ours_if_they_say_so(specs, directory, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(directory.parent))
    own = directory / "mine"
    own.mkdir(parents=True)
    metadata = {"kernel_provisioner": {"provisioner_name": "jupyter-ext-docker", "config": {}}}
    content = {"argv": ["x"], "display_name": "Julia", "language": "julia", "metadata": metadata}
    (own / "kernel.json").write_text(json.dumps(content))
    assert find_spec("mine") == Spec("mine", "Julia", "docker", None, "julia")
    with pytest.raises(NotFound, match="no kernelspec python3 that starts kernels on clusters"):
        find_spec("python3")
    with pytest.raises(NotFound, match="no kernelspec nosuch"):
        find_spec("nosuch")


async def test_profiles_that_come_and_go_are_followed(specs, directory, tmp_path):
    store = ProfileStore([("user", tmp_path / "clusters")])
    changes = []
    task = asyncio.create_task(keep(specs, store, lambda: changes.append(len(store.list()))))
    await eventually((directory / "local-python").exists)
    site(tmp_path / "conf", "core", {"fs.defaultFS": "hdfs://nn.example.com:8020"})
    store.add(
        "dev",
        tmp_path / "conf",
        ClusterConfig.model_validate({"kernels": {"yarn": {"python": "p"}}}),
    )
    await eventually((directory / "dev-yarn-python" / "kernel.json").exists)
    store.remove("dev")
    await eventually(lambda: not (directory / "dev-yarn-python").exists())
    assert changes == [0, 1, 0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
