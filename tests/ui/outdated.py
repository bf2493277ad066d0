"""A server extension that answers as one of another version would."""

from __future__ import annotations

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from jupyter_ext import PROTOCOL
from jupyter_ext.handlers import ApiHandler, endpoint
from jupyter_ext.models import ServerInfo


class OutdatedInfoHandler(ApiHandler):
    """Says that it speaks the protocol before ours."""

    @endpoint(response=ServerInfo)
    async def get(self) -> ServerInfo:
        """Version and wire protocol."""
        return ServerInfo(version="0.0.1", protocol=PROTOCOL - 1)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    address = url_path_join(server.base_url, "jupyter-ext", "info")
    server.web_app.add_handlers(".*$", [(address, OutdatedInfoHandler)])
