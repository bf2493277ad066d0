"""Fetching a configuration from a web server."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from jupyter_ext.clusters.reader import EXTRAS
from jupyter_ext.clusters.xml import MAX_FILE_BYTES, SITE_FILES
from jupyter_ext.errors import BadAnswer, InvalidInput, TooLarge, Unreachable, Untrusted

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
MAX_SECONDS = 60.0
"""For one file in all: a server that sends a byte now and then never runs into a timeout."""

MAX_REDIRECTS = 3

DIRECTORY_FILES = (*SITE_FILES, "mapred-site.xml", "hive-site.xml", *EXTRAS)
"""What is asked for below a URL that ends in a slash; a web server lists no directories."""


def parse(url: str) -> httpx.URL:
    """Take a URL apart.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"That is no usable URL: {error}.") from None


def shown(url: str) -> str:
    """Give a URL fit for a message: without user, password and query, which may be secrets."""
    parsed = parse(url)
    return f"{parsed.scheme}://{parsed.netloc.decode().rpartition('@')[2]}{parsed.path}"


def is_directory(url: str) -> bool:
    """Whether a URL names a directory of files rather than an archive."""
    return parse(url).path.endswith("/")


@contextmanager
def fetch(url: str, max_bytes: int) -> Iterator[IO[bytes]]:
    """Download one file into a temporary one.

    Raises
    ------
    InvalidInput
        If there is nothing to be had at this address.
    TooLarge
        If it is larger than ``max_bytes``; noticed before more than that was read.
    Unreachable, Untrusted, BadAnswer
        If the server is not there, does not prove who it is, or fails.
    """
    with _client() as client, tempfile.TemporaryFile() as file:
        _download(client, url, file, max_bytes)
        file.seek(0)
        yield file


def fetch_directory(url: str, target: Path) -> None:
    """Download a configuration directory's files, those that exist."""
    with _client() as client:
        for name in DIRECTORY_FILES:
            path = target / name
            try:
                with path.open("wb") as file:
                    _download(client, str(parse(url).join(name)), file, MAX_FILE_BYTES)
            except InvalidInput:
                path.unlink()


def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT)


def _download(client: httpx.Client, url: str, file: IO[bytes], max_bytes: int) -> None:
    deadline = time.monotonic() + MAX_SECONDS
    name = shown(url)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
                if response.next_request is not None:
                    url = _redirected(response)
                    continue
                _check_status(response, name)
                _save(response, file, max_bytes, deadline)
                return
        raise BadAnswer(f"{name} redirects more than {MAX_REDIRECTS} times.")
    except httpx.TimeoutException:
        raise Unreachable(f"{name} does not answer in time.") from None
    except httpx.ConnectError as error:
        if _is_certificate_error(error):
            raise Untrusted(
                f"{name} has a TLS certificate that this machine does not trust: {error}.",
                hint="Download the archive yourself and add it as a file.",
            ) from None
        raise Unreachable(f"{name} cannot be reached: {error}.") from None
    except httpx.HTTPError as error:
        raise BadAnswer(f"{name} broke off: {error}.") from None


def _redirected(response: httpx.Response) -> str:
    request = response.next_request
    if request is None or (response.url.scheme == "https" and request.url.scheme != "https"):
        raise BadAnswer(f"{shown(str(response.url))} redirects from https to plain http.")
    return str(request.url)


def _check_status(response: httpx.Response, name: str) -> None:
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.status_code in (401, 403):
        raise InvalidInput(
            f"{name} wants a login ({status}).",
            hint="Download the archive yourself and add it as a file.",
        )
    if 400 <= response.status_code < 500:
        raise InvalidInput(f"{name} is not there ({status}).", hint="Check the address.")
    if response.status_code != 200:
        raise BadAnswer(f"{name} answered {status}.")


def _save(response: httpx.Response, file: IO[bytes], max_bytes: int, deadline: float) -> None:
    name = shown(str(response.url))
    received = int(response.headers.get("Content-Length", "0"))
    too_large = TooLarge(
        f"{name} is larger than {max_bytes >> 20} MB.",
        hint="Pack only the directory with the cluster's *-site.xml.",
    )
    if received > max_bytes:
        raise too_large
    received = 0
    for chunk in response.iter_raw():
        received += len(chunk)
        if received > max_bytes:
            raise too_large
        if time.monotonic() > deadline:
            raise Unreachable(f"{name} sends too slowly: not done after {MAX_SECONDS:.0f} s.")
        file.write(chunk)


def _is_certificate_error(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
