"""The wheel, in an environment that never saw the source tree."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from jupyter_ext.kernels.agent_archive import agent_digest

ROOT = Path(__file__).parents[2]
NPM = "@jupyter-ext/labextension"

KERNEL = """
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python-clusters")
shown = []
reply = client.execute_interactive("%load_ext jupyter_ext\\n%cluster list", timeout=60,
                                   output_hook=shown.append)
assert reply["content"]["status"] == "ok", reply["content"]
print(*(m["content"]["data"]["text/plain"] for m in shown if m["msg_type"] == "display_data"))
client.stop_channels()
manager.shutdown_kernel(now=True)
"""

pytestmark = pytest.mark.timeout(900)  # the first run on a machine installs every dependency


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from this tree, with the front end that ``make setup`` has built."""
    assert (ROOT / "jupyter_ext/_labextension/package.json").is_file(), "run `make setup` first"
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return next(target.glob("*.whl"))


class Environment:
    """A virtual environment with the wheel in it."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, far from the source tree and from the user's files."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "PYTHON", "HADOOP"))
        }
        environment |= {
            "HOME": str(self.home),
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            [self.root / "bin" / command[0], *command[1:]],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory) -> Environment:
    """The wheel with its declared dependencies and nothing else.

    The dependencies stay in .test/ from one run to the next, for as long as they are the same.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    key = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    root = ROOT / ".test" / f"wheel-{key}"
    pip = [sys.executable, "-m", "pip", "--python", str(root), "install", "--quiet"]
    if not (root / "complete").exists():
        shutil.rmtree(root, ignore_errors=True)
        venv.create(root, with_pip=False)
        subprocess.run([*pip, *wanted], check=True, timeout=600)
        (root / "complete").touch()
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(wheel)], check=True, timeout=120)
    return Environment(root, tmp_path_factory.mktemp("home"))


def test_the_wheel_holds_what_is_needed_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    data = "share/jupyter"
    for wanted in (
        f"{data}/labextensions/{NPM}/package.json",
        f"{data}/labextensions/{NPM}/install.json",
        f"{data}/kernels/python-clusters/kernel.json",
        f"{data}/kernels/python-clusters/logo-svg.svg",
        "etc/jupyter/jupyter_server_config.d/jupyter_ext.json",
        "jupyter_ext/py.typed",
        "jupyter_ext_agent/__init__.py",
    ):
        assert any(name.endswith(wanted) for name in names), wanted
    version = json.loads((ROOT / "package.json").read_text())["version"]
    own = f"jupyter_ext-{version}"
    assert {name.split("/")[0] for name in names} == {
        "jupyter_ext",
        "jupyter_ext_agent",
        f"{own}.data",
        f"{own}.dist-info",
    }
    assert not [name for name in names if name.startswith("jupyter_ext/_labextension")]
    assert not [name for name in names if f"{data}/kernels/agent" in name]
    assert wheel.stat().st_size < 2_000_000


def test_it_is_not_the_source_tree(installed):
    code = "import jupyter_ext; print(jupyter_ext.__file__)"
    assert installed.run("python", "-c", code).stdout.startswith(str(installed.root))


def test_the_agent_in_it_is_the_one_of_the_source_tree(installed):
    code = "from jupyter_ext.kernels.agent_archive import agent_digest; print(agent_digest())"
    assert installed.run("python", "-c", code).stdout.strip() == agent_digest()


def test_the_front_end_is_found(installed):
    listed = installed.run("jupyter", "labextension", "list")
    [line] = [line for line in (listed.stdout + listed.stderr).splitlines() if NPM in line]
    assert "enabled" in line
    assert "OK" in line
    assert "jupyter-ext" in line, "pip is named as its manager"


def test_the_settings_schemas_are_there(installed):
    schemas = installed.root / "share/jupyter/labextensions" / NPM / "schemas" / NPM
    shipped = {path.name for path in schemas.glob("*.json")}
    wanted = {path.name for path in (ROOT / "labextension/schema").glob("*.json")}
    assert wanted
    assert shipped == wanted


def test_the_server_extension_is_enabled_and_loads(installed):
    listed = installed.run("jupyter", "server", "extension", "list")
    lines = (listed.stdout + listed.stderr).splitlines()
    assert any("jupyter_ext" in line and "enabled" in line for line in lines)
    assert any("jupyter_ext" in line and "OK" in line for line in lines)


def test_the_kernelspec_is_there(installed):
    listed = json.loads(installed.run("jupyter", "kernelspec", "list", "--json").stdout)
    spec = listed["kernelspecs"]["python-clusters"]
    assert spec["resource_dir"].startswith(str(installed.root))
    assert spec["spec"]["display_name"] == "Python (clusters)"


def test_the_magic_works_in_its_kernel(installed):
    conf = installed.home / "hadoop"
    conf.mkdir(exist_ok=True)
    (conf / "core-site.xml").write_text(
        "<configuration><property><name>fs.defaultFS</name><value>hdfs://h:1</value></property>"
        "</configuration>"
    )
    installed.run("jupyter", "cluster", "add", "lab", "--conf-dir", str(conf))
    shown = installed.run("python", "-c", KERNEL).stdout
    assert "name" in shown
    assert "lab" in shown
    installed.run("jupyter", "cluster", "remove", "lab", "--yes")


def test_the_command_line_works(installed):
    assert "sandbox" in installed.run("jupyter", "cluster", "--help").stdout
    assert json.loads(installed.run("jupyter", "cluster", "list", "--json").stdout) == []


def test_nothing_is_missing_or_contradicts(installed):
    pip = [sys.executable, "-m", "pip", "--python", str(installed.root), "check"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
