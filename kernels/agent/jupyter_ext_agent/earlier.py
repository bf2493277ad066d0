"""Logins that a kernel was given by an earlier hub, and of which the present one knows nothing."""

import json
import os
import time
from typing import Any, Dict, List, Mapping

from jupyter_ext_agent.yarn import token_file

INDEX = "clusters.json"
TOKENS = "tokens"
LOGIN = ("krb5.conf", "krb5cc", TOKENS)
"""What a cluster's directory has only while somebody is logged in."""

Entries = Dict[str, Dict[str, Any]]


def with_earlier(directory: str, contents: Mapping[str, bytes]) -> Dict[str, bytes]:
    """Add to what a hub sent the logins of clusters that it does not know, as long as they last.

    Parameters
    ----------
    directory
        The credential directory as it is.
    contents
        What it is to be, by path; ``known`` in its index says of which clusters the hub has seen a
        login or a logout.
    """
    sent, had = _entries(contents.get(INDEX, b"")), _entries(_read(directory, INDEX))
    kept = [
        name
        for name, entry in sent.items()
        if entry.get("known") is False and _lasts(had.get(name, {}))
    ]
    if not kept:
        return dict(contents)
    found = dict(contents)
    tokens = [contents.get(TOKENS, b"")]
    for name in kept:
        identity = had[name]["identity"]
        sent[name]["identity"] = identity
        sent[name]["profile"]["user"] = identity.get("user")
        for file in LOGIN:
            content = _read(directory, name, file)
            if content:
                found[f"{name}/{file}"] = content
        tokens.append(found.get(f"{name}/{TOKENS}", b""))
    index = json.loads(contents[INDEX].decode("utf-8"))
    found[INDEX] = json.dumps({**index, "clusters": sent}).encode("utf-8")
    found[TOKENS] = _together(tokens)
    return found


def _entries(index: bytes) -> Entries:
    """Give what an index says of each cluster; nothing if it is none."""
    try:
        clusters = json.loads(index.decode("utf-8"))["clusters"]
        return {
            name: entry
            for name, entry in clusters.items()
            if isinstance(entry["identity"], dict) and isinstance(entry["profile"], dict)
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _lasts(entry: Mapping[str, Any]) -> bool:
    identity = entry.get("identity", {})
    ends = identity.get("expires_at")
    if ends is not None and not (isinstance(ends, (int, float)) and ends > time.time()):
        return False
    return bool(identity.get("principal"))


def _read(*path: str) -> bytes:
    """Give a file of the directory; nothing where there is none, or a link."""
    name = os.path.join(*path)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _together(files: List[bytes]) -> bytes:
    """Make one token file of several; of two tokens for the same service the first one counts."""
    tokens: Dict[str, token_file.Token] = {}
    secrets: Dict[str, bytes] = {}
    for data in files:
        try:
            found = token_file.read(data)
        except token_file.BadTokenFile:
            continue
        tokens = {**found.tokens, **tokens}
        secrets = {**found.secrets, **secrets}
    return token_file.write(token_file.Credentials(tokens, secrets))
