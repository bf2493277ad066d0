"""Keeps passwords, tokens and cookies out of logs, whoever writes them.

Nothing of ours logs a secret. This is for the libraries: at level DEBUG an HTTP client writes its
headers down, a NameNode's redirect has a delegation token in its query, an exception tells what
it was given.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence

MARK = "…"
LOGGERS = (
    "ServerApp",
    "tornado.access",
    "tornado.application",
    "tornado.general",
    "jupyter_ext",
    "httpx",
    "httpcore",
    "ldap3",
)

_KEYS = (
    "delegation",
    "token",
    "urlstring",  # WebHDFS calls a token's bytes so
    "signature",
    "password",
    "authorization",
    "cookie",
    "hadoop.auth",
)
_SCHEMES = ("negotiate", "bearer", "basic")

# The rest of a key: session_token_2, Set-Cookie2. Its beginning need not be looked at.
_KEY = rf"(?:{'|'.join(map(re.escape, _KEYS))})[\w.-]{{0,40}}"
_SIGN = r"[ \t]{0,2}(?:=(?!=)|:|%3D)[ \t]{0,2}"
_JSON_SIGN = r"\\*[\"'][ \t]?:\s{0,4}"
_PAIR_SIGN = r"\\*[\"'],[ ]"
# What is in quotes, also in those of JSON within JSON (\"), up to the end of the line if they
# never close. A dict of headers may have bytes, and a repr a wrapper: SecretStr('x').
_QUOTED = (
    r"(?:[\w.]{1,40}\()?[bru]{0,2}(?P<quote>\\*[\"'])(?:(?!(?P=quote))(?:\\.|[^\n]))*(?P=quote)?"
)
_PAIRED = _QUOTED.replace("quote", "paired")

_SECRET = re.compile(
    # The letters that one of these can begin with; without them it takes twice as long.
    r"(?=[abcdhnpstu-])(?:"
    + "|".join(
        (
            # Authorization: Negotiate YII...   Set-Cookie: a=b; c=d
            r"(?P<header>(?:authorization|cookie2?)[ \t]?:[ \t]*)[^\s\"'][^\r\n]*",
            # password='a b'   "token": "x"
            rf"(?P<named>{_KEY}(?:{_SIGN}|{_JSON_SIGN})){_QUOTED}",
            # (b'Set-Cookie', b'a=b')
            rf"(?P<pair>(?:authorization|cookie2?|-token){_PAIR_SIGN}){_PAIRED}",
            # "Token": {"urlString": "x"}   "cookies": ["x"]
            rf"(?P<json>{_KEY}{_JSON_SIGN})(?:\{{[^}}]*\}}?|\[[^\]]*\]?)",
            # "token": 4711
            rf"(?P<number>{_KEY}{_JSON_SIGN})[^\s\"'{{\[,}}\]\\]+",
            # hadoop.auth=u=alice&s=x
            r"(?P<hadoop>hadoop\.auth=)[^\s;,\"']+",
            # ?delegation=x&op=OPEN   token: x   %3Ftoken%3Dx
            rf"(?P<query>{_KEY}{_SIGN})[^\s&\"'\\]+",
            r"(?P<scheme>\b(?:negotiate|bearer|basic)[ ])[\w+/=.~-]{16,}",
        )
    )
    + ")",
    re.IGNORECASE,
)

_HINT = re.compile("|".join(map(re.escape, (*_KEYS, *_SCHEMES))))
_KEPT = ("header", "named", "pair", "json", "number", "hadoop", "query", "scheme")


def redact(text: str) -> str:
    """Replace what looks like a secret by an ellipsis; ordinary sentences stay as they are.

    A secret is what is given for a key, query parameter, JSON key or header whose name has
    delegation, token, signature, password, authorization or cookie in it, and what follows the
    name of an HTTP authentication scheme.
    """
    # Most lines hold none of these words, and are looked at once.
    return _SECRET.sub(_replacement, text) if _HINT.search(text.lower()) else text


def _replacement(found: re.Match[str]) -> str:
    quote = found["quote"] or found["paired"] or ""
    kept = next(filter(None, found.group(*_KEPT)))
    return f"{kept}{quote}{MARK}{quote}"


class RedactingFilter(logging.Filter):
    """Redacts a record before any handler formats it; a record without a secret is not touched."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        try:
            message = record.getMessage()
        except Exception as error:
            # Whatever an argument's __str__ may raise. Left alone, logging would print the
            # arguments themselves.
            message = f"{record.msg} (its arguments cannot be shown: {type(error).__name__})"
            record.msg, record.args = message, ()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            # Every formatter takes the text that is there rather than to make it again.
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text and (clean := redact(record.exc_text)) != record.exc_text:
            record.exc_text = clean
            record.exc_info = None  # else a handler of another kind reads the exception itself
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


_FORMATTER = logging.Formatter()


def install(names: Sequence[str] = LOGGERS) -> Callable[[], None]:
    """Redact what these loggers say, and everything that comes to any handler.

    To be called when the handlers are there; calling it again covers those that were added.

    Returns
    -------
    callable
        Takes back what this call has added.
    """
    added: list[tuple[logging.Filterer, RedactingFilter]] = []
    for target in _targets(names):
        if not any(isinstance(each, RedactingFilter) for each in target.filters):
            redacting = RedactingFilter()
            target.addFilter(redacting)
            added.append((target, redacting))

    def remove() -> None:
        for target, redacting in added:
            target.removeFilter(redacting)

    return remove


def _targets(names: Sequence[str]) -> Iterator[logging.Filterer]:
    # For handlers that are added later; what a logger's children say meets its handlers only.
    yield from map(logging.getLogger, names)
    # Jupyter gives each of its applications a logger with a handler of its own.
    known = list(logging.root.manager.loggerDict.values())
    for logger in (logging.root, *known):
        if isinstance(logger, logging.Logger):
            yield from logger.handlers
    if logging.lastResort is not None:
        yield logging.lastResort
