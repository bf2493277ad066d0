"""A NodeManager, as an ApplicationMaster starts and stops containers on it.

Sources: ``org.apache.hadoop.yarn.api.ContainerManagementProtocol``, ``yarn_protos.proto``,
``yarn_service_protos.proto``.
"""

from typing import Any, List, Mapping, Tuple
from urllib.parse import urlsplit

from jupyter_ext_agent.yarn.protobuf import Message, encode
from jupyter_ext_agent.yarn.rpc import Connection
from jupyter_ext_agent.yarn.token_file import Token

PROTOCOL = "org.apache.hadoop.yarn.api.ContainerManagementProtocolPB"
_KINDS = {"ARCHIVE": 1, "FILE": 2}
_VISIBLE = {"PUBLIC": 1, "PRIVATE": 2, "APPLICATION": 3}


class NotStarted(Exception):
    """The NodeManager did not start a container; says why."""


class Node:
    """One NodeManager.

    Parameters
    ----------
    address
        Host and port.
    token
        The NMToken that the ResourceManager gave with the container.
    """

    def __init__(self, address: Tuple[str, int], token: Token) -> None:
        self._address = address
        self._token = token

    def start(self, container: Message, context: bytes) -> None:
        """Start a container.

        Parameters
        ----------
        container
            The ``ContainerProto`` that was allocated.
        context
            Its ``ContainerLaunchContextProto``.

        Raises
        ------
        NotStarted
            If the NodeManager refuses.
        OSError, SaslError, RemoteError
            If it cannot be asked.
        """
        one = encode((1, context), (2, container.data(6)))
        reply = self._call("startContainers", encode((1, one)))
        for failed in reply.messages(3):
            raise NotStarted(failed.message(2).text(1) or "It did not say why.")

    def stop(self, container: Message) -> None:
        """Stop a container; one that has ended stays as it is.

        Raises
        ------
        OSError, SaslError, RemoteError
            If the NodeManager cannot be asked.
        """
        self._call("stopContainers", encode((1, container.data(1))))

    def _call(self, method: str, request: bytes) -> Message:
        connection = Connection(self._address, PROTOCOL, self._token)
        try:
            return connection.call(method, request)
        finally:
            connection.close()


def launch_context(
    command: str,
    environment: Mapping[str, str],
    resources: List[Mapping[str, Any]],
    tokens: bytes,
) -> bytes:
    """Write a ``ContainerLaunchContextProto``.

    Parameters
    ----------
    resources
        Files to be fetched first: name, url, size, timestamp (ms), type, visibility.
    tokens
        A token file.
    """
    files = [encode((1, item["name"]), (2, _local_resource(item))) for item in resources]
    variables = [encode((1, key), (2, value)) for key, value in environment.items()]
    return encode((1, files), (2, tokens), (4, variables), (5, command))


def container_id(found: Message) -> str:
    """Write a ``ContainerIdProto`` as people know it (``ContainerId.toString``)."""
    attempt = found.message(2)
    application = attempt.message(1)
    number = found.integer(3)
    epoch = f"e{number >> 40:02d}_" if number >> 40 else ""
    start = f"container_{epoch}{application.integer(2)}_{application.integer(1):04d}"
    return f"{start}_{attempt.integer(2):02d}_{number & (1 << 40) - 1:06d}"


def _local_resource(item: Mapping[str, Any]) -> bytes:
    parts = urlsplit(item["url"])
    # Not urlsplit's hostname, which is in lower case; a nameservice need not be.
    host, _, port = parts.netloc.rpartition(":") if ":" in parts.netloc else (parts.netloc, "", "")
    url = encode((1, parts.scheme), (2, host), (3, int(port or -1)), (4, parts.path))
    return encode(
        (1, url),
        (2, int(item["size"])),
        (3, int(item["timestamp"])),
        (4, _KINDS[item["type"]]),
        (5, _VISIBLE[item["visibility"]]),
    )
