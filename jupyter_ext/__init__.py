"""One JupyterLab as the front door to several Hadoop clusters.

Only extension points live here, and nothing heavy is imported: Jupyter Server, kernels and the
command line each load what they need when they need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

PROTOCOL = 1
"""Number of the wire protocol between server and front end."""


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_ext.app import JupyterExtApp

    return [{"module": "jupyter_ext", "app": JupyterExtApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "_labextension", "dest": "@jupyter-ext/labextension"}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext jupyter_ext``: register the ``%cluster`` magic."""
    from jupyter_ext.clusters.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext jupyter_ext``: take the magic back."""
    from jupyter_ext.clusters.magics import unload

    unload(shell)
