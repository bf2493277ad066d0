"""Writing Hadoop's XML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path


def site(directory: Path, name: str, properties: Mapping[str, str]) -> Path:
    """Write ``<directory>/<name>-site.xml``."""
    directory.mkdir(parents=True, exist_ok=True)
    items = "".join(
        f"<property><name>{key}</name><value>{escape(value)}</value></property>\n"
        for key, value in properties.items()
    )
    path = directory / f"{name}-site.xml"
    path.write_text(f"<?xml version='1.0'?>\n<configuration>\n{items}</configuration>\n")
    return path


def simple_conf(directory: Path, host: str = "rm.example") -> Path:
    """Write the least that makes a working client configuration."""
    site(directory, "core", {"fs.defaultFS": f"hdfs://{host}:9000"})
    site(directory, "yarn", {"yarn.resourcemanager.hostname": host})
    return directory
