"""Delegation tokens of Hadoop's Key Management Server, which encryption zones need.

Sources, in ``org.apache.hadoop``: ``crypto.key.kms.KMSClientProvider`` (addresses, and the aliases
that clients look for) and ``security.token.delegation.web.DelegationTokenAuthenticationHandler``
(the operations).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from jupyter_ext.credentials.minted import Issued
from jupyter_ext.errors import BadAnswer, JupyterExtError, Misconfigured, Unreachable
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.token_issuers import (
    DAY_S,
    OperationIssuer,
    decode,
    issued,
    service_names,
)
from jupyter_ext.hadoop.wire import member

_URI = re.compile(r"kms://(https?)@([^/@\s]+?)(?::(\d+))?(/\S*)?")
_PORTS = {"http": 80, "https": 443}


class KmsIssuer(OperationIssuer):
    """Tokens of a KMS, or of several that share their secrets.

    Parameters
    ----------
    uri
        As the XML names it: ``kms://https@host1;host2:9600/kms``.
    renewer
        Principal that renews them.
    """

    service = "kms"
    kind = "kms-dt"

    def __init__(self, connection: Connection, uri: str, renewer: str) -> None:
        self._connection = connection
        self._uri = uri
        self._renewer = renewer
        self.address = uri.partition("@")[2].partition("/")[0] or uri

    async def issue(self) -> Issued:
        """Ask for a token."""
        answer = await self._operation("GET", "GETDELEGATIONTOKEN", {"renewer": self._renewer})
        token = decode(member(answer, "Token"), "urlString", self.address)
        found = issued(token, self.kind, [self._uri], DAY_S)
        # Who renews it goes by the service; who uses it goes by the alias, which was once ip:port.
        aliases = [name for url in self._urls() for name in await service_names(_address(url))]
        return replace(found, tokens={**found.tokens, **dict.fromkeys(aliases, found.token)})

    def _urls(self) -> list[str]:
        """List base URLs, as ``KMSClientProvider.Factory`` does."""
        if (match := _URI.fullmatch(self._uri)) is None:
            raise Misconfigured(
                f"The address of the KMS is {self._uri}; expected kms://http@host:port/kms.",
                hint="It is hadoop.security.key.provider.path in core-site.xml, or kms in "
                "cluster.toml.",
                cluster=self._connection.profile.name,
            )
        scheme, hosts, port, path = match.groups(default="")
        where = f":{port}{path.rstrip('/')}" if port else path.rstrip("/")
        return [f"{scheme}://{host}{where}" for host in hosts.split(";")]

    async def _operation(
        self,
        method: str,
        operation: str,
        query: Mapping[str, str],
        secret: Mapping[str, str] | None = None,
    ) -> Any:
        async def ask(url: str) -> Any:
            return await self._connection.get_json(
                f"{url}/v1/", {"op": operation, **query}, method=method, secret=secret
            )

        return await _first(self._urls(), ask)


def kms_uri(base_url: str) -> str:
    """Give the name that Hadoop has for a KMS with this base URL."""
    parts = urlsplit(base_url)
    return f"kms://{parts.scheme}@{parts.netloc}{parts.path}"


async def _first(urls: list[str], ask: Callable[[str], Awaitable[Any]]) -> Any:
    """Ask one after the other until one answers."""
    failed: JupyterExtError | None = None
    for url in urls:
        try:
            return await ask(url)
        except (Unreachable, BadAnswer) as error:
            failed = failed or error
    raise failed or Misconfigured("The address of the KMS names no host.")


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
