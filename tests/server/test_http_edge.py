"""What every address does alike: authentication, authorisation, errors."""

from __future__ import annotations

import json
import re

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_ext import errors
from jupyter_ext.app import JupyterExtApp, routes

VERBS = ("get", "post", "put", "patch", "delete")


def kinds(base=errors.JupyterExtError):
    """Every kind of error of the tree, the base included."""
    children = [kind for kind in base.__subclasses__() if kind.__module__ == errors.__name__]
    return [base, *(kind for child in children for kind in kinds(child))]


@pytest.fixture
def extension(jp_serverapp) -> JupyterExtApp:
    """The running extension."""
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    return app


@pytest.fixture
def endpoints(extension):
    """Path and verb of every address."""
    table = routes(
        extension.profiles,
        extension.broker,
        extension.boards,
        extension.control,
        extension.kernel_control,
        extension.forms,
        extension.serving.services.hub,
        [],
        extension.version,
    )
    return [
        (re.sub(r"{\w+}", "x", route.path), verb.upper())
        for route in table
        for verb in VERBS
        if hasattr(getattr(route.handler, verb), "endpoint")
    ]


@pytest.fixture
def fetch(jp_fetch):
    """Call an address; gives the response, whatever its status."""

    async def fetch(path, method="GET", **options):
        body = "{}" if method in ("POST", "PUT", "PATCH") else None
        try:
            return await jp_fetch("jupyter-ext", path, method=method, body=body, **options)
        except HTTPClientError as error:
            return error.response

    return fetch


async def test_nobody_gets_in_unnamed(endpoints, fetch, jp_http_port):
    assert len(endpoints) > 10
    for path, method in endpoints:
        response = await fetch(path, method, headers={"Authorization": "token wrong"})
        assert response.code in (401, 403), (path, method)


async def test_nobody_gets_in_unauthorised(endpoints, fetch, jp_serverapp, monkeypatch):
    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", lambda *_: False)
    for path, method in endpoints:
        response = await fetch(path, method)
        assert response.code == 403, (path, method)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
async def test_every_kind_of_error_has_its_status_and_body(kind, extension, fetch, monkeypatch):
    def fail(name):
        raise kind("It went wrong.", hint="Do this.", cluster=name)

    monkeypatch.setattr(extension.profiles, "get", fail)
    response = await fetch("clusters/dev")
    assert response.code == kind.status
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(response.body)
    assert body.pop("error_id")
    assert body == {
        "code": kind.code,
        "message": "It went wrong.",
        "hint": "Do this.",
        "cluster": "dev",
    }


def test_codes_and_statuses_are_told_apart():
    codes = [kind.code for kind in kinds()]
    assert len(codes) == len(set(codes))
    assert 401 not in {kind.status for kind in kinds()}


async def test_what_nobody_foresaw_tells_an_id_and_nothing_else(
    extension, fetch, monkeypatch, caplog
):
    def fail(_):
        raise ZeroDivisionError("secret=hush")

    monkeypatch.setattr(extension.profiles, "get", fail)
    response = await fetch("clusters/dev")
    assert response.code == 500
    body = json.loads(response.body)
    assert set(body) == {"code", "message", "hint", "cluster", "error_id"}
    assert body["code"] == "internal"
    assert body["error_id"] in body["hint"]
    assert "hush" not in response.body.decode()
    assert "ZeroDivision" not in response.body.decode()
    assert body["error_id"] in caplog.text


async def test_a_body_that_is_no_json_names_what_was_expected(jp_fetch):
    for sent, message in (("{", "Invalid JSON"), ("{}", "name: Field required; source: Field")):
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("jupyter-ext", "clusters", method="POST", body=sent)
        body = json.loads(caught.value.response.body)
        assert (caught.value.code, body["code"]) == (400, "invalid_input")
        assert message in body["message"]


async def test_who_answers(fetch, extension):
    response = await fetch("info")
    assert json.loads(response.body) == {"version": extension.version, "protocol": 1}
