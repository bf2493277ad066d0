"""``papermill --engine jupyter-ext``: what a kernel's container may use, as a parameter."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from papermill.engines import NBClientEngine

from jupyter_ext.kernels.values import VARIABLE

PARAMETER = "kernel_values"


class ClusterEngine(NBClientEngine):
    """Runs notebooks as papermill's own engine does, on kernels with the values of a parameter."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        """Run a notebook; its parameters are written down in it by now."""
        parameters = nb_man.nb.metadata.get("papermill", {}).get("parameters", {})
        with _values(parameters.get(PARAMETER)):
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


@contextmanager
def _values(values: Any) -> Iterator[None]:
    """Let the kernels that start meanwhile have these values; those of the environment if none."""
    before = os.environ.get(VARIABLE)
    if values is not None:
        # A parameter of the command line is text, one of a YAML file an object.
        os.environ[VARIABLE] = values if isinstance(values, str) else json.dumps(values)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before
