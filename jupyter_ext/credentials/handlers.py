"""Logging in and out over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tornado import web

from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.models import ChangePassword, Identity, IdentityList, Login
from jupyter_ext.handlers import ApiHandler, Route, endpoint, jupyter_user

T = TypeVar("T")
CLIENT_GONE = 499
"""What web servers log for a client that did not wait; nobody receives it."""


class CredentialsHandler(ApiHandler):
    """Base of the handlers below."""

    def initialize(self, broker: Broker) -> None:
        """Take the broker."""
        self.broker = broker
        self._work: asyncio.Task[Any] | None = None

    @property
    def user(self) -> str:
        """Whose identities are meant."""
        return jupyter_user(self)

    async def while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that ends as soon as nobody waits for its result."""
        task = asyncio.create_task(work)
        self._work = task
        try:
            return await task
        except asyncio.CancelledError:
            raise web.HTTPError(CLIENT_GONE, "The login was cancelled.") from None

    def on_connection_close(self) -> None:
        """Give up what the client does not wait for any more."""
        if self._work is not None:
            self._work.cancel()
        super().on_connection_close()


class IdentitiesHandler(CredentialsHandler):
    """Every identity."""

    @endpoint(response=IdentityList)
    async def get(self) -> IdentityList:
        """Who you are on every cluster that wants to know."""
        return IdentityList(identities=await self.broker.identities(self.user))

    @endpoint()
    async def delete(self) -> None:
        """Log out of every cluster."""
        await self.broker.logout(self.user)


class IdentityHandler(CredentialsHandler):
    """One identity."""

    @endpoint(response=Identity)
    async def get(self, name: str) -> Identity:
        """Who you are on a cluster, with the expiries of tickets and tokens."""
        return await self.broker.identity(self.user, name)

    @endpoint()
    async def delete(self, name: str) -> None:
        """Log out of a cluster."""
        await self.broker.logout(self.user, name)


class LoginHandler(CredentialsHandler):
    """A login."""

    @endpoint(request=Login, response=Identity)
    async def post(self, name: str, body: Login) -> Identity:
        """Log in to a cluster with a password."""
        password = body.password.get_secret_value()
        return await self.while_connected(self.broker.login(self.user, name, body.user, password))


class PasswordHandler(CredentialsHandler):
    """A new password."""

    @endpoint(request=ChangePassword, response=Identity)
    async def post(self, name: str, body: ChangePassword) -> Identity:
        """Change a password, also one that has expired, and log in with the new one."""
        old, new = body.password.get_secret_value(), body.new_password.get_secret_value()
        return await self.while_connected(
            self.broker.change_password(self.user, name, body.user, old, new)
        )


class RenewHandler(CredentialsHandler):
    """A renewal."""

    @endpoint(response=Identity)
    async def post(self, name: str) -> Identity:
        """Put the end of a login off; logs in where no password is needed."""
        return await self.while_connected(self.broker.renew(self.user, name))


def routes(broker: Broker) -> list[Route]:
    """Addresses of this area."""
    kwargs = {"broker": broker}
    return [
        Route("credentials", IdentitiesHandler, kwargs),
        Route("credentials/{name}", IdentityHandler, kwargs),
        Route("credentials/{name}/login", LoginHandler, kwargs),
        Route("credentials/{name}/password", PasswordHandler, kwargs),
        Route("credentials/{name}/renew", RenewHandler, kwargs),
    ]
