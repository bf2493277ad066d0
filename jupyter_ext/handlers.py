"""What every HTTP edge shares: authentication, parsing, errors, and the route table."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from pydantic import BaseModel, TypeAdapter, ValidationError
from tornado import web

from jupyter_ext import PROTOCOL
from jupyter_ext.clusters.reader import login_name
from jupyter_ext.errors import InvalidInput, JupyterExtError
from jupyter_ext.models import ErrorReply, ServerInfo

T = TypeVar("T", bound=BaseModel)
OWNER = login_name() or "owner"
"""The Jupyter user of a server for one person: whoever runs it."""
_SINGLE_USER = (IdentityProvider, LegacyIdentityProvider, PasswordIdentityProvider)
Verb = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """One line of the route table."""

    path: str
    """Relative to ``<base_url>jupyter-ext/``; ``{name}`` marks a path parameter."""
    handler: type[web.RequestHandler]
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def pattern(self) -> str:
        """The path as tornado's regular expression."""
        return "".join(
            f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else part
            for part in self.path.replace("{", "\0{").replace("}", "}\0").split("\0")
        )


@dataclass(frozen=True)
class Endpoint:
    """What a verb takes and gives, for the API description."""

    summary: str
    request: Any
    response: Any
    query: dict[str, str]


def endpoint(
    *, request: Any = None, response: Any = None, query: dict[str, str] | None = None
) -> Callable[[Verb], Verb]:
    """Make a verb an authenticated, authorized, described JSON endpoint.

    The decorated coroutine gets its path parameters by name, the parsed body as ``body`` when
    ``request`` is given, and each query parameter by name; what it returns is sent as JSON.

    Parameters
    ----------
    request
        pydantic model of the body; None when the verb has no body.
    response
        Type of the returned value; None answers 204.
    query
        Name and meaning of each query parameter; all are optional strings.

    Raises
    ------
    JupyterExtError
        Turned into its status with an :class:`ErrorReply` by :meth:`ApiHandler.write_error`.
    """

    def decorate(method: Verb) -> Verb:
        adapter = None if response is None else TypeAdapter(response)

        async def verb(self: ApiHandler, **arguments: str) -> None:
            values: dict[str, Any] = dict(arguments)
            for name in query or {}:
                if (value := self.get_query_argument(name, None)) is not None:
                    values[name] = value
            if request is not None:
                values["body"] = self.parse(request)
            result = await method(self, **values)
            if adapter is None:
                self.set_status(204)
                await self.finish()
            else:
                self.set_header("Content-Type", "application/json")
                await self.finish(adapter.dump_json(result))

        summary = (method.__doc__ or "").strip().split("\n")[0]
        guarded: Any = web.authenticated(authorized(wraps(method)(verb)))
        guarded.endpoint = Endpoint(summary, request, response, query or {})
        return cast("Verb", guarded)

    return decorate


def jupyter_user(handler: JupyterHandler) -> str:
    """Name the Jupyter user who asks, for whom identities and boards are kept.

    jupyter_server's own identity providers know one person, who holds the token or password, and
    make up another anonymous name for each of that person's browsers and programs.
    """
    if type(handler.identity_provider) in _SINGLE_USER:
        return OWNER
    return str(handler.current_user.username)


class ApiHandler(APIHandler):
    """Base of every REST handler."""

    auth_resource: ClassVar[str] = "jupyter-ext"

    def parse(self, model: type[T]) -> T:
        """Read the body as ``model``.

        Raises
        ------
        InvalidInput
            If it is not JSON or does not fit, naming each key and what was expected.
        """
        try:
            return model.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            raise InvalidInput(explain(error)) from None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Report any exception as JSON, with an id that the log has too."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        error_id = secrets.token_hex(4)
        if isinstance(error, JupyterExtError):
            status, code = error.status, error.code
            message, hint, cluster = error.message, error.hint, error.cluster
        elif isinstance(error, web.HTTPError):
            status, code, hint, cluster = status_code, "http", "", None
            message = error.log_message or error.reason or self._reason
        else:
            status, code, cluster = 500, "internal", None
            message = "The server failed in a way it should not have."
            hint = f"Search the Jupyter server's log for {error_id}."
        if status >= 500:
            self.log.error(
                "[%s] %s %s: %s", error_id, self.request.method, self.request.path, error
            )
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        reply = ErrorReply(
            code=code, message=message, hint=hint, cluster=cluster, error_id=error_id
        )
        self.finish(reply.model_dump_json())

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log a traceback only for what nobody foresaw."""
        if not isinstance(value, JupyterExtError):
            super().log_exception(typ, value, tb)


def explain(error: ValidationError) -> str:
    """Say in one line what a value should have been; never repeats the value itself."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    )


class InfoHandler(ApiHandler):
    """Who answers."""

    def initialize(self, version: str) -> None:
        """Take the installed version."""
        self.version = version

    @endpoint(response=ServerInfo)
    async def get(self) -> ServerInfo:
        """Version and wire protocol of this server extension."""
        return ServerInfo(version=self.version, protocol=PROTOCOL)
