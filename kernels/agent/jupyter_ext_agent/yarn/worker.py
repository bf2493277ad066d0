"""The kernel's container where it is not the ApplicationMaster's own.

A queue gives ApplicationMasters a small share of its memory only, and the ResourceManager's REST
API gives them no GPUs. So a small ApplicationMaster asks for a second container and runs the agent
there.
"""

from contextlib import suppress
from typing import Dict, List, Optional

from jupyter_ext_agent.yarn import token_file
from jupyter_ext_agent.yarn.container import Task, option, worker_environment
from jupyter_ext_agent.yarn.node import Node, NotStarted, container_id, launch_context
from jupyter_ext_agent.yarn.protobuf import Message, encode
from jupyter_ext_agent.yarn.rpc import RemoteError
from jupyter_ext_agent.yarn.sasl import SaslError
from jupyter_ext_agent.yarn.token_file import Credentials, Token, read_token

_GPU = "yarn.io/gpu"
_PRIORITY = 1


class Ended(Exception):
    """The container ended, or could not be started.

    Attributes
    ----------
    code
        Its exit code; -1 where it did not start.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Worker:
    """The second container, from the request for it to its end.

    Parameters
    ----------
    task
        What to ask for, and what to run there.
    credentials
        Of the ApplicationMaster; the container gets all but the token that makes one.
    """

    def __init__(self, task: Task, credentials: Credentials) -> None:
        self._task = task
        self._credentials = credentials
        self._container: Optional[Message] = None
        self._node: Optional[Node] = None
        self._where = ""

    @property
    def runs(self) -> bool:
        """Whether it has been started."""
        return self._container is not None

    def request(self) -> bytes:
        """Write the ``ResourceRequestProto``."""
        worker = self._task.worker
        gpus = int(worker.get("gpus") or 0)
        capability = encode(
            (1, int(worker["memory_mb"])),
            (2, int(worker["vcores"])),
            (3, [encode((1, _GPU), (2, gpus), (3, ""))] if gpus else None),
        )
        return encode(
            (1, encode((1, _PRIORITY))),
            (2, "*"),
            (3, capability),
            (4, 1),
            (5, True),
            (6, option(worker, "label")),
        )

    def heard(self, reply: Message) -> List[bytes]:
        """Take what the ResourceManager says.

        Returns
        -------
        list of bytes
            ``ContainerIdProto`` of containers that are too many.

        Raises
        ------
        Ended
            If the container ended, or cannot be started.
        """
        nodes = {token.data(1): read_token(token.message(2)) for token in reply.messages(9)}
        allocated = reply.messages(3)
        if allocated and self._container is None:
            self._start(allocated.pop(0), nodes)
        for status in reply.messages(4):
            if self._container is not None and status.data(1) == self._container.data(1):
                code = status.integer(4)
                text = "{} exited with  exitCode: {}\n{}"
                raise Ended(code, text.format(self._where, code, status.text(3)))
        return [container.data(1) for container in allocated]

    def stop(self) -> None:
        """Stop the container if it runs; the end of the application would do so too, later."""
        if self._container is not None and self._node is not None:
            # The ResourceManager has the last word anyway.
            with suppress(OSError, SaslError, RemoteError):
                self._node.stop(self._container)

    def _start(self, container: Message, tokens: Dict[bytes, Token]) -> None:
        self._container = container
        place = container.message(2)
        host, port = place.text(1), place.integer(2)
        self._where = f"The kernel's container {container_id(container.message(1))} on {host}"
        token = tokens.get(container.data(2))
        if token is None:
            raise Ended(-1, f"{self._where} came without a token for its NodeManager.")
        self._node = Node((host, port), token)
        kept = {
            alias: found
            for alias, found in self._credentials.tokens.items()
            if found.kind != token_file.AM_TOKEN
        }
        context = launch_context(
            self._task.worker["command"],
            worker_environment(self._task),
            self._task.worker["resources"],
            token_file.write(Credentials(kept, self._credentials.secrets)),
        )
        try:
            self._node.start(container, context)
        except (OSError, SaslError, RemoteError, NotStarted) as error:
            raise Ended(-1, f"{self._where} could not be started: {error}") from None
