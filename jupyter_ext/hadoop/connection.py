"""The HTTP connection to one cluster, as one identity; and what its refusals mean."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.negotiate import ONE_SIDED
from jupyter_ext.errors import BadAnswer, JupyterExtError, Misconfigured, TooLarge
from jupyter_ext.hadoop import refusals

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 30.0
"""For the whole of a JSON reply: one that trickles never exceeds the time between two pieces."""
MAX_REPLY_BYTES = 4 << 20
"""JSON is parsed in one piece while the event loop waits, so replies are bounded."""

Parameters = Mapping[str, str | int | float | bool]


class Connection:
    """Everything that is asked of one cluster by one identity goes through one of these.

    Nothing is followed, guessed or remembered on its own: redirects are answers, proxies and
    ``.netrc`` of the environment are ignored, and cookies are refused, because a cookie jar sends
    Hadoop's ``hadoop.auth``, which one daemon signed, to every port of that daemon's host.

    Parameters
    ----------
    profile
        The cluster.
    auth
        How requests to daemons prove who asks; None on a simple-auth cluster, which believes the
        ``user.name`` parameter.
    transport
        Replaces the network; for tests.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        auth: httpx.Auth | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.profile = profile
        self.auth = auth
        self._client = httpx.AsyncClient(
            auth=None,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            # A compressed reply could be any size once unpacked.
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            transport=transport,
            trust_env=False,
            verify=_trust(profile),
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def get_json(
        self,
        url: str,
        params: Parameters | None = None,
        *,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        secret: Parameters | None = None,
    ) -> Any:
        """Ask a daemon a question whose answer is JSON.

        Parameters
        ----------
        url
            Absolute, without a query.
        params
            The query.
        method
            HTTP method.
        body
            Sent as JSON unless None.
        headers, secret
            As :meth:`stream` takes them.

        Raises
        ------
        Unreachable, LoginNeeded, Forbidden, NotFound, NoActive, BadAnswer, TooLarge
            As :mod:`jupyter_ext.hadoop.refusals` says.
        """
        content = None if body is None else json.dumps(body).encode()
        sent = {} if body is None else {"Content-Type": "application/json"}
        sent |= headers or {}
        async with (
            self._answered_in_time(url),
            self.stream(
                method, url, params=params, content=content, headers=sent, secret=secret
            ) as response,
        ):
            text = await self._read(response)
            kind = _kind(response)
            if not text and response.is_success and method != "GET":
                return None
            if kind != "application/json":
                raise refusals.not_json(self.profile, response, kind, text)
            try:
                return json.loads(text)
            except ValueError:
                raise BadAnswer(
                    f"{_origin(url)} sent something that begins like JSON and is not.",
                    hint="Is a proxy in between that changes replies?",
                    cluster=self.profile.name,
                ) from None

    async def post(self, url: str, content: bytes, kind: str, *, one_sided: bool = False) -> bytes:
        """Send a daemon something that is not JSON, and give what it answers.

        Parameters
        ----------
        kind
            Media type of both.
        one_sided
            As :meth:`stream` takes it.

        Raises
        ------
        JupyterExtError
            As :meth:`get_json` does.
        """
        headers = {"Content-Type": kind, "Accept": kind}
        async with (
            self._answered_in_time(url),
            self.stream(
                "POST", url, content=content, headers=headers, one_sided=one_sided
            ) as response,
        ):
            data = await self._read_bytes(response)
            if (found := _kind(response)) != kind:
                text = data.decode("utf-8", "replace")
                raise refusals.not_json(self.profile, response, found, text)
            return data

    @asynccontextmanager
    async def json_text(
        self, url: str, params: Parameters | None = None
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Ask for JSON that is too long to be parsed in one piece; gives its text as it comes.

        Raises
        ------
        JupyterExtError
            As :meth:`get_json` does.
        """
        async with self._answered_in_time(url), self.stream("GET", url, params=params) as response:
            kind = _kind(response)
            if kind != "application/json":
                text = await self._read(response)
                raise refusals.not_json(self.profile, response, kind, text)
            yield response.aiter_text()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        params: Parameters | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        as_daemon: bool = True,
        secret: Parameters | None = None,
        one_sided: bool = False,
    ) -> AsyncIterator[httpx.Response]:
        """Send a request and give the reply, its body still unread, if it is a success.

        Parameters
        ----------
        method, url, params, content, headers
            As httpx takes them.
        as_daemon
            Whether the peer is to know who asks. False where a URL came with an answer (WebHDFS's
            DataNode locations): it carries what the DataNode needs, and gets nothing else.
        secret
            More of the query, which no log and no error shows: httpx logs the URL of a request, and
            this is no part of it.
        one_sided
            Whether this kind of daemon accepts a ticket without proving in turn that it is the
            service the ticket is for.

        Raises
        ------
        JupyterExtError
            As :meth:`get_json` does.
        """
        query = dict(params or {})
        if as_daemon and self.profile.auth == "simple" and self.profile.user:
            query["user.name"] = self.profile.user
        try:
            extensions: dict[str, Any] = {ONE_SIDED: one_sided}
            if secret:
                whole = httpx.URL(url, params={**query, **secret})
                extensions["target"] = whole.raw_path
            async with self._client.stream(
                method,
                url,
                params=query or None,
                content=content,
                headers=dict(headers or {}),
                auth=self.auth if as_daemon and self.auth else httpx.USE_CLIENT_DEFAULT,
                extensions=extensions,
            ) as response:
                if not response.is_success:
                    text = await self._read(response)
                    raise refusals.refused(self.profile, response, text)
                yield response
        except JupyterExtError as error:
            # Whoever reads a reply piece by piece knows no cluster.
            error.cluster = error.cluster or self.profile.name
            raise
        except httpx.HTTPError as error:
            raise refusals.broken(self.profile, url, error) from error
        except httpx.InvalidURL as error:
            raise Misconfigured(
                f"{url} is no address: {error}.", cluster=self.profile.name
            ) from None

    @asynccontextmanager
    async def _answered_in_time(self, url: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                yield
        except TimeoutError:
            raise refusals.endless(self.profile, url, ANSWER_TIMEOUT_S) from None

    async def _read(self, response: httpx.Response) -> str:
        return (await self._read_bytes(response)).decode("utf-8", "replace")

    async def _read_bytes(self, response: httpx.Response) -> bytes:
        data = bytearray()
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > MAX_REPLY_BYTES:
                raise TooLarge(
                    f"{_origin(str(response.url))} sent more than {MAX_REPLY_BYTES >> 20} MB "
                    f"in answer to {response.url.path}.",
                    hint="The rest was not read.",
                    cluster=self.profile.name,
                )
        return bytes(data)


def _kind(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _origin(url: str) -> str:
    return urlsplit(url).netloc


def _trust(profile: Profile) -> ssl.SSLContext:
    """Make the context that checks certificates: against the profile's CA, else the system's."""
    daemons = (*profile.endpoints.resourcemanagers, *profile.endpoints.namenodes)
    urls = [daemon.url for daemon in daemons]
    urls += [profile.config.kms or "", profile.config.hiveserver2 or ""]
    if not any(url.startswith("https:") for url in urls):
        # Reading the system's certificates takes tens of milliseconds; this one trusts nobody.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=profile.ca_file)
    except OSError as error:
        raise Misconfigured(
            f"The CA file of {profile.title} cannot be used: {error}.",
            hint=f"{profile.ca_file} has to hold PEM certificates.",
            cluster=profile.name,
        ) from None
