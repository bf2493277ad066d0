"""The ResourceManager as an ApplicationMaster talks to it, whichever of the pair is active.

Sources: ``org.apache.hadoop.yarn.api.ApplicationMasterProtocol``, ``yarn_service_protos.proto``,
``ApplicationMasterService`` of the ResourceManager for what it throws.
"""

from typing import Callable, List, Optional, Sequence, Tuple

from jupyter_ext_agent.yarn.protobuf import BadMessage, Message, encode
from jupyter_ext_agent.yarn.rpc import Connection, RemoteError
from jupyter_ext_agent.yarn.sasl import SaslError
from jupyter_ext_agent.yarn.token_file import Token, read_token

PROTOCOL = "org.apache.hadoop.yarn.api.ApplicationMasterProtocolPB"
SUCCEEDED, FAILED, KILLED = "SUCCEEDED", "FAILED", "KILLED"
_STATUS = {SUCCEEDED: 1, FAILED: 2, KILLED: 3}
_RESYNC, _SHUTDOWN = 1, 2
_NOT_REGISTERED = ("ApplicationMasterNotRegisteredException",)
_OUT_OF_STEP = "InvalidApplicationMasterRequestException"
_UNKNOWN = (
    "ApplicationAttemptNotFoundException",
    "ApplicationDoesNotExistInCacheException",
    "ApplicationNotFoundException",
)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0
_REFUSALS = 12
"""How often a token may be refused, which a ResourceManager that comes up does too: a minute."""


class Gone(Exception):
    """The ResourceManager does not know this application, or wants it to end."""


class Stopped(Exception):
    """The caller does not want to wait any longer."""


class Scheduler:
    """An ApplicationMaster's registration with the ResourceManager.

    It survives failovers: it goes to the other ResourceManager, registers there again, and says
    again what it asks for. Its methods block, for as long as no ResourceManager answers.

    Parameters
    ----------
    addresses
        Host and port of each ResourceManager.
    token
        The AMRMToken; replaced by what the ResourceManager sends in its place.
    tracking_url
        Where people find out about the application.
    host
        Name of this machine, for people.
    wait
        Waits for seconds; true if the caller wants no more.
    """

    def __init__(
        self,
        addresses: List[Tuple[str, int]],
        token: Token,
        tracking_url: str,
        host: str,
        wait: Callable[[float], bool],
    ) -> None:
        self._addresses = addresses
        self._at = 0
        self._token = token
        self._tracking_url = tracking_url
        self._host = host
        self._wait = wait
        self._connection: Optional[Connection] = None
        self._response = 0
        self._asks: List[bytes] = []
        self._asked = False
        self.rolls = 0

    def ask(self, *requests: bytes) -> None:
        """Replace what is asked for: every ``ResourceRequestProto`` that is not met yet."""
        self._asks = list(requests)
        self._asked = False

    def register(self) -> None:
        """Say that the ApplicationMaster is there.

        Raises
        ------
        Gone, Stopped
            If it is not to be.
        """
        request = encode((1, self._host), (2, -1), (3, self._tracking_url))
        try:
            self._call("registerApplicationMaster", request)
        except RemoteError as error:
            # The answer to an earlier try got lost.
            if error.kind != _OUT_OF_STEP:
                raise Gone(str(error)) from None
        self._response = 0
        self._asked = False

    def allocate(self, progress: float, release: Sequence[bytes] = ()) -> Message:
        """Give a sign of life, and get what there is of news.

        Parameters
        ----------
        progress
            0..1, for people.
        release
            ``ContainerIdProto`` of what is not wanted.

        Raises
        ------
        Gone, Stopped
            If it is over.
        """
        for _ in range(3):
            # Only once: the number asked for is counted down as containers are allocated.
            asks = [] if self._asked else self._asks
            request = encode((1, asks), (2, release), (4, self._response), (5, progress))
            try:
                reply = self._call("allocate", request)
            except RemoteError as error:
                if error.kind not in (*_NOT_REGISTERED, _OUT_OF_STEP):
                    raise Gone(str(error)) from None
                self.register()
                continue
            command = reply.integer(1)
            if command == _SHUTDOWN:
                raise Gone("The ResourceManager wants the application to end.")
            if command == _RESYNC:
                self.register()
                continue
            self._response = reply.integer(2)
            self._asked = True
            if 12 in reply:
                self._roll(read_token(reply.message(12)))
            return reply
        raise Gone("The ResourceManager registers the application and forgets it again.")

    def finish(self, status: str, text: str) -> None:
        """Say that the application ended, until the ResourceManager has written that down.

        Raises
        ------
        Gone, Stopped
            If it does not want to know.
        """
        request = encode((1, text), (2, self._tracking_url), (3, _STATUS[status]))
        while True:
            try:
                reply = self._call("finishApplicationMaster", request)
            except RemoteError as error:
                if error.kind not in _NOT_REGISTERED:
                    raise Gone(str(error)) from None
                self.register()
                continue
            if reply.integer(1):
                return
            if self._wait(0.02):
                raise Stopped

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- one of a pair ------------------------------------------------------------------------

    def _roll(self, token: Token) -> None:
        """Use another token from now on: the old one is refused some time after."""
        self._token = token
        self.rolls += 1
        self.close()

    def _call(self, method: str, request: bytes) -> Message:
        """Call whichever ResourceManager answers; the same call again does no harm."""
        pause, refusals = _FIRST_WAIT_S, 0
        while True:
            try:
                if self._connection is None:
                    address = self._addresses[self._at]
                    self._connection = Connection(address, PROTOCOL, self._token)
                return self._connection.call(method, request)
            except RemoteError as error:
                if error.kind in _UNKNOWN:
                    raise Gone(str(error)) from None
                if error.kind in _NOT_REGISTERED or error.kind == _OUT_OF_STEP:
                    raise
                if error.kind in ("InvalidToken", "SaslException", "AccessControlException"):
                    refusals += 1
                    if refusals >= _REFUSALS * len(self._addresses):
                        raise Gone(str(error)) from None
            except (OSError, SaslError, BadMessage):
                pass  # the other one may answer, or this one in a while
            self.close()
            self._at = (self._at + 1) % len(self._addresses)
            if self._at == 0 or len(self._addresses) == 1:
                if self._wait(pause):
                    raise Stopped
                pause = min(pause * 2, _LONGEST_WAIT_S)
