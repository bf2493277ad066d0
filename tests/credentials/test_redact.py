"""No log has a secret in it, and every log can still be read."""

from __future__ import annotations

import io
import logging

import httpx
import pytest

from jupyter_ext.credentials import redact as module
from jupyter_ext.credentials.redact import install, redact
from tests.fakes.raw_server import always, raw_server, reply


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /x?op=OPEN&delegation=HAAF_Y-x&n=1", "GET /x?op=OPEN&delegation=…&n=1"),
        ("?op=RENEWDELEGATIONTOKEN&token=HAAF", "?op=RENEWDELEGATIONTOKEN&token=…"),
        ("/login?next=%2Flab%3Ftoken%3Dabc (::1)", "/login?next=%2Flab%3Ftoken%3D… (::1)"),
        ("?access_token=abc&x=1", "?access_token=…&x=1"),
        ("X-Amz-Signature=abc&x=1", "X-Amz-Signature=…&x=1"),
        ('{"Token": {"urlString": "abc"}, "x": 1}', '{"Token": …, "x": 1}'),
        ('{"urlString":"abc"}', '{"urlString":"…"}'),
        ('{"password":"a\\"b c","n":1}', '{"password":"…","n":1}'),
        (
            '"{\\"new_password\\": \\"a b\\", \\"n\\": 1}"',
            '"{\\"new_password\\": \\"…\\", \\"n\\": 1}"',
        ),
        ("Login(user='a', password='b c')", "Login(user='a', password='…')"),
        ("{'token': b'abc', 'n': 1}", "{'token': '…', 'n': 1}"),
        ('{"cookies": ["a=b", "c=d"], "n": 1}', '{"cookies": …, "n": 1}'),
        ("{'token': Deferred('abc'), 'n': 1}", "{'token': '…'), 'n': 1}"),
        ("password=SecretStr('a b') n=1", "password='…') n=1"),
        ('{"token": 4711, "n": 1}', '{"token": …, "n": 1}'),
        ("PASSWORD: hunter2", "PASSWORD: …"),
        ("password = hunter2", "password = …"),
        ('"password": "cut o', '"password": "…"'),
        ("Authorization: Negotiate YIIG==", "Authorization: …"),
        ("> Cookie: a=b; c=d\n> Host: x", "> Cookie: …\n> Host: x"),
        ("X-Hadoop-Delegation-Token: HAAF", "X-Hadoop-Delegation-Token: …"),
        ("(b'Set-Cookie', b'a=\"b\"; Path=/')", "(b'Set-Cookie', '…')"),
        ("hadoop.auth=u=alice&p=a@X&s=abc=; Path=/", "hadoop.auth=…; Path=/"),
        ('hadoop.auth="u=alice&s=abc="; Path=/', 'hadoop.auth="…"; Path=/'),
        ("sent Negotiate YIIGhgYGKwYBBQUCoIIGejCC", "sent Negotiate …"),
        ("sent Bearer eyJhbGciOi.eyJzdWIiOi.SflKxw", "sent Bearer …"),
    ],
)
def test_secrets_are_replaced(text, clean):
    assert redact(text) == clean
    assert redact(clean).count("…") == clean.count("…")


@pytest.mark.parametrize(
    "text",
    [
        "token expired",
        "Your token has expired; log in again.",
        "Wrong password for alice@PROD.EXAMPLE.COM.",
        "The password of alice has expired, or must be changed before its first use.",
        "Password for alice@PROD.EXAMPLE.COM:",
        "Basic authentication failed: no cookie, no signature",
        "302 GET /webhdfs/v1/?op=GETDELEGATIONTOKEN&renewer=yarn",
        "if token == other:",
        "unknown keys 'token', 'user'",
        'code "wrong_password", status 403',
        "WWW-Authenticate: Negotiate",
        "200 GET /api/kernels/1234/channels?session_id=5678 (alice@127.0.0.1) 12.34ms",
    ],
)
def test_sentences_stay(text):
    assert redact(text) == text


@pytest.fixture
def heard(request):
    """A logger of its own, what it said, and no trace of it afterwards."""
    log = logging.getLogger(f"heard.{request.node.name}")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    remove = install([log.name])
    yield log, stream, handler
    remove()
    log.removeHandler(handler)


def test_arguments_are_looked_at_in_their_place(heard):
    log, stream, _ = heard
    log.info("password=%s %d%%", "hunter2", 5)
    log.info("%(token)s %(n)d", {"token": "token=abc", "n": 3})
    assert stream.getvalue() == "password=… 5%\ntoken=… 3\n"


def test_a_record_without_a_secret_is_not_touched(heard):
    log, _, handler = heard
    seen = []
    handler.addFilter(lambda record: seen.append(record) or True)
    log.info("%s of %s", "renewal", "token")
    assert (seen[0].msg, seen[0].args) == ("%s of %s", ("renewal", "token"))


def test_an_argument_that_cannot_be_shown_is_not_printed_by_logging(heard, capsys):
    log, stream, _ = heard
    log.info("%d", "hunter2")
    assert "cannot be shown: TypeError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue() + capsys.readouterr().err


def test_tracebacks_too(heard):
    log, stream, _ = heard
    try:
        raise ValueError("refused: http://nn/?delegation=hunter2&op=OPEN")
    except ValueError:
        log.exception("It failed", stack_info=True)
    said = stream.getvalue()
    assert "hunter2" not in said.replace('delegation=hunter2&op=OPEN")\n', "")
    assert "ValueError: refused: http://nn/?delegation=…&op=OPEN" in said
    assert "Traceback (most recent call last)" in said
    assert "Stack (most recent call last)" in said


def test_what_comes_from_below_meets_the_handler_s_filter(heard):
    log, stream, _ = heard
    log.getChild("below").warning("token=abc")
    assert stream.getvalue() == "token=…\n"


def test_it_is_installed_once_and_can_be_taken_back(heard):
    log, _, handler = heard
    before = list(handler.filters)
    install([log.name])()
    assert handler.filters == before
    late = logging.NullHandler()
    log.addHandler(late)
    remove = install([log.name])
    assert len(late.filters) == 1
    remove()
    assert late.filters == []
    assert handler.filters == before
    log.removeHandler(late)


def test_the_last_resort_is_covered_as_well():
    remove = install([])
    assert [type(each) for each in logging.lastResort.filters] == [module.RedactingFilter]
    remove()
    assert logging.lastResort.filters == []


def test_the_handler_of_an_application_that_nobody_named_is_covered():
    log, stream = logging.getLogger("AnotherApp"), io.StringIO()
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    remove = install([])
    log.warning("token=abc")
    remove()
    log.removeHandler(handler)
    assert stream.getvalue() == "token=…\n"
    assert handler.filters == []


async def test_what_the_http_client_says_at_its_most_talkative(request):
    """The real one, with the headers of a real daemon."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.getLogger("httpcore")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    remove = install(["httpcore"])
    cookie = 'hadoop.auth="u=alice&p=alice@X&t=kerberos&e=1&s=canary="; Path=/; HttpOnly'
    try:
        async with raw_server(always(reply(b"", Set_Cookie=cookie))) as server:
            async with httpx.AsyncClient() as client:
                headers = {"X-Hadoop-Delegation-Token": "canary", "Authorization": "Basic canary"}
                await client.get(server.url("/?delegation=canary"), headers=headers)
    finally:
        remove()
        log.removeHandler(handler)
        log.setLevel(level)
    assert "receive_response_headers.complete" in stream.getvalue()
    assert "Set-Cookie" in stream.getvalue()
    assert "canary" not in stream.getvalue()
