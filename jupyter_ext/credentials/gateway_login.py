"""Logging in to a gateway such as Apache Knox, which knows the clusters behind it.

With a token service (Knox: KNOXTOKEN) the password is exchanged for a bearer token and forgotten;
without one it is kept in memory, because the gateway asks for it with every request (RFC 7617).
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Generator
from pathlib import Path

import httpx

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import external
from jupyter_ext.credentials.failures import WrongPassword
from jupyter_ext.credentials.kerberos import check_password
from jupyter_ext.credentials.models import Account, Method
from jupyter_ext.credentials.policy import asked_by
from jupyter_ext.credentials.proof import Proof, Unrenewable
from jupyter_ext.errors import (
    BadAnswer,
    InvalidInput,
    JupyterExtError,
    Misconfigured,
    Unreachable,
    Untrusted,
)

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 << 10


class GatewayAuth(httpx.Auth):
    """Sends a header to the gateway, and to nobody else.

    Parameters
    ----------
    origins
        Scheme, host and port of the gateway's addresses.
    header
        Value of ``Authorization``.
    """

    def __init__(self, origins: frozenset[str], header: str) -> None:
        self._origins = origins
        self._header = header

    def __repr__(self) -> str:
        return f"<GatewayAuth for {', '.join(sorted(self._origins))}>"

    def replace(self, header: str) -> None:
        """Send another value from now on."""
        self._header = header

    def forget(self) -> None:
        """Send nothing any more: after a logout, clients that are still open are nobody's."""
        self._header = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header; see :class:`httpx.Auth`."""
        if self._header and _origin(str(request.url)) in self._origins:
            request.headers["Authorization"] = self._header
        yield request


class GatewayLogin(Unrenewable):
    """Proves identities with a password that the gateway accepts.

    Parameters
    ----------
    profile
        The cluster.
    """

    method: Method = "password"
    tickets: Path | None = None

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._gateway = profile.config.gateway
        self._header = ""
        self._auth: GatewayAuth | None = None

    async def login(self, user: str, password: str) -> Proof:
        """Show the password to the gateway.

        Raises
        ------
        WrongPassword
            If the gateway does not accept it.
        Misconfigured, Unreachable, Untrusted, BadAnswer
            If it could not be asked.
        """
        check_password(self.profile, password)
        if ":" in user:
            raise InvalidInput("A user name with a colon cannot log in to a gateway.")
        answer = await self._ask(httpx.BasicAuth(user, password))
        expires_at: float | None = None
        if self._gateway.token:
            token, expires_at = self._token(answer)
            self._header = f"Bearer {token}"
        else:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._header = f"Basic {pair}"
        return Proof(f"{user}@{asked_by(self.profile)}", user, expires_at)

    async def account(self, proof: Proof) -> Account | None:
        """Give nothing: the gateway tells nothing of who is logged in."""
        return None

    def auth(self, proof: Proof) -> httpx.Auth | None:
        """Authenticate with what the login gave."""
        if self._auth is not None:
            self._auth.forget()
        self._auth = GatewayAuth(frozenset(map(_origin, self._addresses())), self._header)
        return self._auth

    def forget(self) -> None:
        """Forget the token or password."""
        self._header = ""
        if self._auth is not None:
            self._auth.forget()

    # -- helpers ------------------------------------------------------------------------------

    def _addresses(self) -> list[str]:
        gateway = self._gateway
        urls = (gateway.token, gateway.resourcemanager, gateway.namenode, gateway.livy)
        return [url for url in (*urls, gateway.hiveserver2) if url]

    def _address(self) -> str:
        """Where a password is tried."""
        gateway = self._gateway
        if gateway.token:
            return gateway.token
        if gateway.resourcemanager:
            return f"{gateway.resourcemanager.rstrip('/')}{self.profile.cluster_api}/info"
        return f"{(gateway.namenode or '').rstrip('/')}/webhdfs/v1/?op=GETHOMEDIRECTORY"

    def _check_addresses(self) -> None:
        for address in self._addresses():
            if not address.startswith("https:"):
                raise Misconfigured(
                    f"{_origin(address)} would get your password or token in clear text.",
                    hint="The gateway's URLs in cluster.toml have to begin with https.",
                    cluster=self.profile.name,
                )

    async def _ask(self, auth: httpx.BasicAuth) -> bytes:
        self._check_addresses()
        url = self._address()
        trust = await asyncio.to_thread(ssl.create_default_context, cafile=self.profile.ca_file)
        data = bytearray()
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                httpx.AsyncClient(verify=trust, trust_env=False, timeout=TIMEOUT_S) as client,
                client.stream("GET", url, auth=auth) as response,
            ):
                if response.status_code == httpx.codes.UNAUTHORIZED:
                    raise WrongPassword(
                        f"{_origin(url)} does not accept this user name and password.",
                        hint="Some wrong ones in a row may lock the account.",
                        cluster=self.profile.name,
                    )
                if not response.is_success:
                    raise self._no_login(f"HTTP status {response.status_code}")
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > MAX_ANSWER_BYTES:
                        raise self._no_login("more than a token")
        except (httpx.HTTPError, TimeoutError) as error:
            raise _unreachable(self.profile, url, error) from None
        return bytes(data)

    def _token(self, answer: bytes) -> tuple[str, float | None]:
        """Read Knox's answer: ``access_token``, and ``expires_in`` as milliseconds of the epoch."""
        try:
            said = json.loads(answer)
            token, expires = said["access_token"], said.get("expires_in")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._no_login("something that holds no access_token") from None
        if not isinstance(token, str) or any(character.isspace() for character in token):
            raise self._no_login("an access_token that is none")
        return token, float(expires) / 1000 if isinstance(expires, int | float) else None

    def _no_login(self, what: str) -> BadAnswer:
        return BadAnswer(
            f"The gateway of {self.profile.title} answered the login with {what}.",
            hint=f"Is {_origin(self._address())} the right topology in cluster.toml?",
            cluster=self.profile.name,
        )


class GatewayProgramLogin(GatewayLogin):
    """Asks an external credential program for a token that the gateway takes, or for a password."""

    method = "program"

    async def login(self, user: str, password: str) -> Proof:
        """Take the token that the program gives, or log in with its password."""
        given = await external.ask(self.profile, user)
        if given.password is not None:
            return await super().login(given.user or user, given.password.get_secret_value())
        if given.token is None:
            raise Misconfigured(
                f"The credential program of {self.profile.title} gave nothing that a gateway "
                "takes.",
                hint="Its answer has to hold token or password.",
                cluster=self.profile.name,
            )
        self._check_addresses()
        self._header = f"Bearer {given.token.get_secret_value()}"
        name = given.user or user
        return Proof(f"{name}@{asked_by(self.profile)}", name, given.expires_at)

    async def renew(self) -> Proof:
        """Ask the program again."""
        proof = await self.login("", "")
        if self._auth is not None:
            self._auth.replace(self._header)
        return proof


def _unreachable(profile: Profile, url: str, error: Exception) -> JupyterExtError:
    """Say why the gateway could not be asked."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Untrusted(
            f"{_origin(url)} does not prove with its certificate that it is your gateway: nothing "
            "was sent to it.",
            hint="Put its CA beside cluster.toml as ca.pem.",
            cluster=profile.name,
        )
    why = str(error) or "no answer in time"
    return Unreachable(
        f"The gateway {_origin(url)} does not answer: {why}.",
        hint="Are you connected to its network?",
        cluster=profile.name,
    )


def _origin(url: str) -> str:
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
