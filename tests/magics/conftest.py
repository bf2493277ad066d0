"""A shell with the magic loaded, and profiles for it to find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output

from jupyter_ext.clusters.current import VARIABLES
from tests.hadoop_xml import site

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config_dir(tmp_path: Path, monkeypatch) -> Path:
    """A Jupyter configuration directory of its own, and an environment without a cluster."""
    directory = tmp_path / "config"
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(directory))
    monkeypatch.setenv("JUPYTER_PATH", str(ROOT))
    for name in VARIABLES:
        # Set first, so that the end of the test gives back what was there before.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return directory


@pytest.fixture
def profiles(config_dir: Path) -> Path:
    """Three clusters: dev is alice's, prod wants Kerberos, broken is broken."""
    clusters = config_dir / "clusters"
    write_profile(clusters, "dev", toml='[auth]\nuser = "alice"\n')
    write_profile(
        clusters,
        "prod",
        toml='title = "Production"\nproduction = true\n[kerberos]\nrealm = "EXAMPLE.COM"\n',
        core={"hadoop.security.authentication": "kerberos"},
    )
    (clusters / "prod" / "krb5.conf").write_text("[libdefaults]\n")
    write_profile(clusters, "broken")
    (clusters / "broken" / "conf" / "core-site.xml").write_text("<configuration>")
    return clusters


def write_profile(
    clusters: Path,
    name: str,
    *,
    toml: str = "",
    core: dict[str, str] | None = None,
    resourcemanager: str = "",
) -> None:
    """Write a profile whose daemons are on a host of its name, or at the given address."""
    conf = clusters / name / "conf"
    site(conf, "core", {"fs.defaultFS": f"hdfs://{name}.example:9000", **(core or {})})
    address = resourcemanager or f"{name}.example:8088"
    site(conf, "yarn", {"yarn.resourcemanager.webapp.address": address})
    site(conf, "hdfs", {"dfs.namenode.http-address": resourcemanager or f"{name}.example:9870"})
    (clusters / name / "cluster.toml").write_text(toml)


class Shell:
    """A fresh IPython."""

    def __init__(self) -> None:
        self.ip = InteractiveShell.instance()

    def run(self, code: str) -> CapturedIO:
        """Run a cell, with what it displayed and printed; a failing cell raises."""
        with capture_output() as captured:
            result = self.ip.run_cell(code)
        result.raise_error()
        return captured

    def text(self, code: str) -> str:
        """What a cell displays, in a terminal."""
        return "\n".join(output.data["text/plain"] for output in self.run(code).outputs)

    def html(self, code: str) -> str:
        """What a cell displays, in a notebook."""
        return "\n".join(output.data["text/html"] for output in self.run(code).outputs)

    def complete(self, line: str) -> list[str]:
        """What the Tab key offers at the end of a line."""
        with provisionalcompleter():
            return [
                completion.text for completion in self.ip.Completer.completions(line, len(line))
            ]


@pytest.fixture
def bare_shell(config_dir: Path) -> Iterator[Shell]:
    """A shell without the extension."""
    before = dict(os.environ)
    yield Shell()
    InteractiveShell.clear_instance()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def shell(bare_shell: Shell) -> Shell:
    """A shell that works on no cluster yet."""
    bare_shell.run("%load_ext jupyter_ext")
    return bare_shell
