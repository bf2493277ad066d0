"""Delegation tokens of HiveServer2, by Thrift over HTTP.

Sources, in Apache Hive: ``TCLIService.thrift`` (calls and numbers of fields),
``org.apache.hive.service.cli.thrift.ThriftHttpCLIService`` (the address),
``org.apache.hive.service.auth.HiveAuthConstants`` (the service name that clients look for).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.hdts import DelegationToken
from jupyter_ext.credentials.minted import Issued
from jupyter_ext.errors import BadAnswer, Forbidden, JupyterExtError, LoginNeeded, Untrusted
from jupyter_ext.hadoop import thrift
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.thrift import Struct, member
from jupyter_ext.hadoop.token_issuers import DAY_S, Issuer, decode, issued

SERVICE = "hiveserver2ClientToken"
PATH = "/cliservice"
MEDIA_TYPE = "application/x-thrift"
_PROTOCOL = 7
"""``HIVE_CLI_SERVICE_PROTOCOL_V8``; an older server answers with its own."""
_OK = (0, 1)
"""``TStatusCode``: SUCCESS_STATUS, SUCCESS_WITH_INFO_STATUS."""


class HiveServer2Issuer(Issuer):
    """Tokens of HiveServer2, which their owner renews.

    Parameters
    ----------
    address
        host:port of its HTTP mode, or its URL.
    user
        Short name of the owner.
    """

    service = "hiveserver2"
    kind = "HIVE_DELEGATION_TOKEN"

    def __init__(self, connection: Connection, address: str, user: str) -> None:
        self._connection = connection
        self._url = address if "://" in address else f"http://{address}{PATH}"
        self._user = user
        self.address = address

    async def issue(self) -> Issued:
        """Ask for a token."""
        async with self._session() as session:
            found = await self._call(
                "GetDelegationToken", {1: session, 2: self._user, 3: self._user}
            )
        text = bytes(found.get(2, b"")).decode("ascii", "replace")
        token = decode({"token": text}, "token", self.address)
        named = issued(token, self.kind, [SERVICE], DAY_S)
        # Clients look for the service, which is the same everywhere; the alias keeps two apart.
        return replace(named, tokens={f"{SERVICE}@{self.address}": named.token})

    async def renew(self, issued: Issued) -> float:
        """Put its end off; the answer does not say until when."""
        await self._with_token("RenewDelegationToken", issued.token)
        return min(time.time() + DAY_S, issued.max_date)

    async def cancel(self, token: DelegationToken) -> None:
        """Make it worthless."""
        await self._with_token("CancelDelegationToken", token)

    async def _with_token(self, name: str, token: DelegationToken) -> None:
        async with self._session() as session:
            await self._call(name, {1: session, 2: hdts.encode_url_string(token)})

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Struct]:
        opened = await self._call("OpenSession", {1: _PROTOCOL, 2: self._user})
        session = member(opened, 3)
        try:
            yield session
        finally:
            # It would end by itself; what the call gave, or why it failed, is what matters.
            with suppress(JupyterExtError):
                await self._call("CloseSession", {1: session})

    async def _call(self, name: str, request: Struct) -> Struct:
        """Make a call; give the structure that it answers with."""
        try:
            # It throws away what would prove it to whoever has a ticket
            # (ThriftHttpServlet.HttpKerberosServerAction); its certificate has to do.
            data = await self._connection.post(
                self._url, thrift.encode_call(name, {1: request}), MEDIA_TYPE, one_sided=True
            )
        except (Untrusted, LoginNeeded):
            raise
        except BadAnswer as error:
            raise self._no_http(error) from error
        try:
            answer = member(thrift.decode_reply(name, data), 0)
        except thrift.BadMessage as error:
            raise self._no_http(error) from None
        except thrift.CallFailed as error:
            raise self._refused(name, str(error)) from None
        status = member(answer, 1)
        if status.get(1) not in _OK:
            raise self._refused(name, bytes(status.get(5, b"")).decode("utf-8", "replace"))
        return answer

    def _no_http(self, error: Exception) -> JupyterExtError:
        return BadAnswer(
            f"{self.address} does not answer as HiveServer2 does in HTTP mode: {error}",
            hint="It may be in binary mode, in which no token can be got from here: set "
            "hive.server2.transport.mode to http or all, and name its HTTP port in cluster.toml "
            "(hiveserver2).",
            cluster=self._connection.profile.name,
        )

    def _refused(self, name: str, said: str) -> JupyterExtError:
        reason = (said.strip().splitlines() or ["it gave no reason"])[0]
        return Forbidden(
            f"HiveServer2 at {self.address} refused {name}: {reason[:300]}",
            cluster=self._connection.profile.name,
        )
