"""The demo's notebooks, each from top to bottom, by a running server and on real clusters."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from jupyter_ext.sandbox.demo import NOTEBOOKS
from jupyter_ext.sandbox.jupyterlab import DemoLab
from jupyter_ext.sandbox.lock import held
from jupyter_ext.sandbox.notebooks import log_in, run_notebook
from jupyter_ext.sandbox.people import PEOPLE

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_kept_clean(name):
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python-clusters"
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_the_documentation_knows_each():
    text = (ROOT / "docs" / "binder.md").read_text()
    assert all(f"`{name}`" in text for name in NAMES)
    assert len(NAMES) == 5


@pytest.mark.timeout(400)
async def test_they_run_and_need_no_internet(sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # Whatever asks for the internet by a proxy or by default meets a closed port.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    shutil.copytree(sandbox.config_dir / "clusters", tmp_path / "config" / "clusters")
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    lab = DemoLab(tmp_path)
    async with held(tmp_path / "lock", "test") as lock:
        try:
            await lab.start(lock)
            async with lab.client() as client:
                await log_in(client, "prod", PEOPLE[0])
                for name in NAMES:
                    assert await run_notebook(client, name) > 3
        finally:
            await lab.end()
