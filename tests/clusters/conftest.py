"""What the tests of profiles share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_ext.clusters.profiles import ProfileStore


@pytest.fixture
def hadoop_classpath(sandbox) -> str:
    """Class path with Hadoop's own jars, which the sandbox has fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    library = max((cache / "jupyter-ext/hadoop").glob("*/lib"))
    return f"{library}/*"


@pytest.fixture
def layers(tmp_path):
    """Three empty layers, topmost first."""
    return [(name, tmp_path / name / "clusters") for name in ("user", "environment", "system")]


@pytest.fixture
def store(layers) -> ProfileStore:
    """A store over the three layers."""
    return ProfileStore(layers)
