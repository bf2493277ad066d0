"""Delegation tokens of HDFS and of the ResourceManager, by their REST APIs.

Sources: ``org.apache.hadoop.hdfs.server.namenode.web.resources.NamenodeWebHdfsMethods``,
``org.apache.hadoop.yarn.server.resourcemanager.webapp.RMWebServices``; for the names of services
``org.apache.hadoop.security.SecurityUtil.buildTokenService``,
``org.apache.hadoop.hdfs.HAUtilClient`` and ``org.apache.hadoop.yarn.client.ClientRMProxy``.
"""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from jupyter_ext.clusters.endpoints import split_address
from jupyter_ext.clusters.models import Daemon
from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.hdts import BadToken, DelegationToken
from jupyter_ext.credentials.minted import Issued
from jupyter_ext.credentials.models import TokenService
from jupyter_ext.errors import BadAnswer
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.namenode import NameNode
from jupyter_ext.hadoop.resourcemanager import ResourceManager
from jupyter_ext.hadoop.wire import member, number, text

DAY_S = 86400.0
"""Every service's default for how long a token lasts without being renewed."""
_RESOLVE_S = 3.0
_RM_TOKEN = "Hadoop-YARN-RM-Delegation-Token"  # noqa: S105 - the name of a header
"""Names the token that is meant; what ``X-Hadoop-Delegation-Token`` holds proves who asks."""


class Issuer(ABC):
    """A service that gives delegation tokens to whoever has a ticket.

    Its methods raise :class:`jupyter_ext.errors.JupyterExtError` for what does not work.
    """

    service: ClassVar[TokenService]
    kind: ClassVar[str]
    address: str
    """host:port or nameservice, for people."""

    @abstractmethod
    async def issue(self) -> Issued:
        """Ask for a token."""

    async def renew(self, issued: Issued) -> float:
        """Put the end of a renewable one off; gives the new one, in seconds since the epoch."""
        raise NotImplementedError

    @abstractmethod
    async def cancel(self, token: DelegationToken) -> None:
        """Make it worthless."""


class OperationIssuer(Issuer):
    """A service whose REST API calls what it does with tokens by WebHDFS's names."""

    async def renew(self, issued: Issued) -> float:
        """Put its end off."""
        secret = {"token": hdts.encode_url_string(issued.token)}
        answer = await self._operation("PUT", "RENEWDELEGATIONTOKEN", {}, secret)
        return moment(member(answer), "long", self.address)

    async def cancel(self, token: DelegationToken) -> None:
        """Make it worthless."""
        secret = {"token": hdts.encode_url_string(token)}
        await self._operation("PUT", "CANCELDELEGATIONTOKEN", {}, secret)

    @abstractmethod
    async def _operation(
        self,
        method: str,
        operation: str,
        query: Mapping[str, str],
        secret: Mapping[str, str] | None = None,
    ) -> Any:
        """Ask for one of these operations; ``secret`` is query that is in no URL."""


class HdfsIssuer(OperationIssuer):
    """Tokens of one nameservice.

    Parameters
    ----------
    nameservice
        Its name; empty for a NameNode without one.
    renewer
        Principal that renews them; empty if nobody does.
    interval_s
        ``dfs.namenode.delegation.token.renew-interval``, in seconds.
    """

    service = "hdfs"
    kind = "HDFS_DELEGATION_TOKEN"

    def __init__(
        self,
        connection: Connection,
        namenode: NameNode,
        nameservice: str,
        *,
        renewer: str,
        interval_s: float,
    ) -> None:
        self._connection = connection
        self._namenode = namenode
        self._nameservice = nameservice
        self._renewer = renewer
        self._interval_s = interval_s
        self._daemons = namenode.nameservices[nameservice]
        self.address = nameservice or self._daemons[0].rpc

    async def issue(self) -> Issued:
        """Ask for a token."""
        answer = await self._operation("GET", "GETDELEGATIONTOKEN", {"renewer": self._renewer})
        token = decode(member(answer, "Token"), "urlString", self.address)
        names = [name for daemon in self._daemons for name in await service_names(daemon.rpc)]
        if self._daemons[0].id:
            names.insert(0, f"ha-hdfs:{self._nameservice}")
        # Over HTTP a NameNode calls its tokens WEBHDFS; they are the same.
        return issued(token, self.kind, names, self._interval_s)

    async def _operation(
        self,
        method: str,
        operation: str,
        query: Mapping[str, str],
        secret: Mapping[str, str] | None = None,
    ) -> Any:
        async def ask(daemon: Daemon) -> Any:
            return await self._connection.get_json(
                f"{daemon.url}/webhdfs/v1/",
                {"op": operation, **query},
                method=method,
                secret=secret,
            )

        return await self._namenode.call(ask, self._nameservice)


class ResourceManagerIssuer(Issuer):
    """Tokens of the ResourceManager.

    Parameters
    ----------
    renewer
        Who renews them; empty if nobody does.
    """

    service = "resourcemanager"
    kind = "RM_DELEGATION_TOKEN"

    def __init__(
        self,
        connection: Connection,
        resourcemanager: ResourceManager,
        daemons: Sequence[Daemon],
        renewer: str,
    ) -> None:
        self._connection = connection
        self._resourcemanager = resourcemanager
        self._renewer = renewer
        self._addresses = [daemon.rpc for daemon in daemons if daemon.rpc]
        self.address = ",".join(self._addresses)

    async def issue(self) -> Issued:
        """Ask for a token."""
        found = member(await self._ask("POST", body={"renewer": self._renewer}))
        token = decode(found, "token", self.address)
        names = [await service_names(address) for address in self._addresses]
        # One token is for the whole pair: its service names both.
        joined = [",".join(known[0] for known in names), ",".join(known[-1] for known in names)]
        tokens = under(token, self.kind, joined)
        return Issued(
            token=next(iter(tokens.values())),
            tokens=tokens,
            renewer=self._renewer,
            renewable=False,
            expires_at=moment(found, "expiration-time", self.address),
            max_date=moment(found, "max-validity", self.address),
        )

    async def cancel(self, token: DelegationToken) -> None:
        """Make it worthless."""
        await self._ask("DELETE", token=token)

    async def _ask(
        self, method: str, *, body: Any = None, token: DelegationToken | None = None
    ) -> Any:
        headers = {_RM_TOKEN: hdts.encode_url_string(token)} if token else None

        async def ask(daemon: Daemon) -> Any:
            url = f"{daemon.url}/ws/v1/cluster/delegation-token"
            return await self._connection.get_json(url, method=method, body=body, headers=headers)

        return await self._resourcemanager.call(ask)


def decode(found: Mapping[str, Any], key: str, address: str) -> DelegationToken:
    """Read the token in an answer.

    Raises
    ------
    BadAnswer
        If there is none.
    """
    try:
        return hdts.decode_url_string(text(found, key))
    except BadToken:
        raise no_token(address) from None


def moment(found: Mapping[str, Any], key: str, address: str) -> float:
    """Read when a token ends: seconds since the epoch.

    Raises
    ------
    BadAnswer
        If it is not said.
    """
    if not (milliseconds := number(found, key)):
        raise no_token(address)
    return milliseconds / 1000


def issued(token: DelegationToken, kind: str, names: Iterable[str], interval_s: float) -> Issued:
    """Describe a new token by its own identifier, and name it.

    Raises
    ------
    BadAnswer
        If its identifier is not of Hadoop's usual form.
    """
    try:
        fields = hdts.read_identifier(token.identifier)
    except BadToken:
        raise no_token(kind) from None
    tokens = under(token, kind, names)
    return Issued(
        token=next(iter(tokens.values())),
        tokens=tokens,
        renewer=fields.renewer,
        renewable=fields.renewer == fields.owner,
        expires_at=min(fields.issue_date + interval_s, fields.max_date),
        max_date=fields.max_date,
    )


def under(token: DelegationToken, kind: str, names: Iterable[str]) -> dict[str, DelegationToken]:
    """Give the token under each of these service names, which are its aliases too."""
    return {name: replace(token, kind=kind, service=name) for name in names}


def no_token(of: str) -> BadAnswer:
    """Say that an answer holds no token."""
    return BadAnswer(
        f"What came as a delegation token of {of}, or as its end, is none.",
        hint="Does something between here and there change answers?",
    )


async def service_names(address: str) -> list[str]:
    """List the names that clients know a service by: its ip:port, as Java does, and its host:port.

    Java takes the host's name instead where ``hadoop.security.token.service.use_ip`` is false.
    """
    host, port = split_address(address, 0)
    found: list[Any] = []
    try:
        async with asyncio.timeout(_RESOLVE_S):
            # IPv4, which Java prefers.
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, family=socket.AF_INET, type=socket.SOCK_STREAM
            )
    except (OSError, TimeoutError):
        pass  # its clients here cannot resolve it either
    return list(dict.fromkeys([*(f"{item[4][0]}:{port}" for item in found), address]))
