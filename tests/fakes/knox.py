"""A gateway as Apache Knox is one, in front of a real cluster without Kerberos."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

PASSWORDS = {"alice": "alice-password"}
TOKEN = "eyJ-the-token-of-alice"


class Knox:
    """What it was asked: path and scheme of authorization of each request."""

    def __init__(self, port: int, backends: dict[str, str]) -> None:
        self.url = f"https://localhost:{port}/gateway"
        self.backends = backends
        self.life_s = 3600.0
        self.seen: list[tuple[str, str]] = []


class Handler(RequestHandler):
    """Whatever both of them do."""

    def initialize(self, knox: Knox) -> None:
        self.knox = knox

    def prepare(self) -> None:
        scheme, _, value = self.request.headers.get("Authorization", "").partition(" ")
        self.knox.seen.append((self.request.path, scheme))
        if not self.accepts(scheme, value):
            self.set_status(401)
            self.set_header("WWW-Authenticate", 'BASIC realm="application"')
            self.finish("<html>401</html>")

    def accepts(self, scheme: str, value: str) -> bool:
        if scheme != "Basic":
            return False
        user, _, password = base64.b64decode(value).decode().partition(":")
        return PASSWORDS.get(user) == password


class TokenHandler(Handler):
    """KNOXTOKEN."""

    def get(self) -> None:
        answer = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": int((time.time() + self.knox.life_s) * 1000),
        }
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer))


class ServiceHandler(Handler):
    """A topology that takes both."""

    def accepts(self, scheme: str, value: str) -> bool:
        return (scheme, value) == ("Bearer", TOKEN) or super().accepts(scheme, value)

    async def get(self, service: str, path: str) -> None:
        query = f"{self.request.query}&user.name=alice".lstrip("&")
        url = f"{self.knox.backends[service]}/{path}?{query}"
        try:
            response = await AsyncHTTPClient().fetch(url, follow_redirects=False)
        except HTTPClientError as error:
            response = error.response
        self.set_status(response.code)
        for name in ("Content-Type", "Location"):
            if value := response.headers.get(name):
                self.set_header(name, value)
        self.finish(response.body)


@asynccontextmanager
async def knox(context: ssl.SSLContext, backends: dict[str, str]) -> AsyncIterator[Knox]:
    """Run one; ``backends`` are what ``resourcemanager`` and ``webhdfs`` stand for."""
    [socket] = bind_sockets(0, "127.0.0.1")
    made = Knox(socket.getsockname()[1], backends)
    arguments: dict[str, Any] = {"knox": made}
    application = Application(
        [
            (r"/gateway/tokens/knoxtoken/api/v1/token", TokenHandler, arguments),
            (r"/gateway/prod/(resourcemanager|webhdfs)/(.*)", ServiceHandler, arguments),
        ]
    )
    server = HTTPServer(application, ssl_options=context)
    server.add_sockets([socket])
    try:
        yield made
    finally:
        server.stop()
        await server.close_all_connections()
