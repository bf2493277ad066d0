"""A Jupyter server that measures its own event loop; run as a program by ``polling``.

Prints ``{"port", "token"}`` once it serves, then answers as ``loop`` does.
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

from jupyter_server.serverapp import ServerApp

from benchmarks.loop import Monitor, say


def main() -> None:
    """Serve until standard input ends."""
    server = ServerApp()
    server.initialize(
        [
            "--ServerApp.port=0",
            "--ServerApp.open_browser=False",
            "--ServerApp.allow_root=True",
            "--ServerApp.jpserver_extensions=jupyter_ext=True",
            "--ServerApp.log_level=ERROR",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            f"--ServerApp.root_dir={Path(os.environ['JUPYTER_DATA_DIR'])}",
        ]
    )
    monitor = Monitor()
    monitor.watch_callbacks()

    async def begin() -> None:
        if not gc.get_freeze_count():  # the last thing that the extension does at the start
            server.io_loop.call_later(0.1, begin)
            return
        monitor.answer(server.stop)
        server.beating = asyncio.create_task(monitor.beat())
        say({"port": server.port, "token": server.identity_provider.token})

    server.io_loop.add_callback(begin)
    server.start()


if __name__ == "__main__":
    main()
