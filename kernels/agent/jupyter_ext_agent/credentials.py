"""The credential directory, as the hub sends it."""

import base64
import binascii
import os
from typing import Any, Dict, List, Mapping, Set

from jupyter_ext_agent.earlier import INDEX, with_earlier


class RefusedPath(ValueError):
    """The hub named a file that would not be in the directory."""


def write(directory: str, files: Mapping[str, Any]) -> None:
    """Make a directory hold exactly these files, and earlier logins that the hub does not know.

    Each is replaced in one step, by a rename; one that is the same already is left alone. The
    directories get mode 0700, the files 0600.

    Parameters
    ----------
    files
        Base64 by path, relative to the directory.

    Raises
    ------
    RefusedPath
        If a path leaves the directory; nothing was written then.
    ValueError
        If a file is not base64; nothing was written then.
    """
    contents: Dict[str, bytes] = {}
    for path, text in files.items():
        _check(path)
        try:
            contents[path] = base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise ValueError(f"The credential file {path} is not base64.") from None
    contents = with_earlier(directory, contents)
    _make_directory(directory)
    # The index names the others, so it comes after them.
    for path in sorted(contents, key=lambda path: (path == INDEX, path)):
        _replace(directory, path, contents[path])
    _remove_others(directory, contents)


def _check(path: str) -> None:
    parts = path.split("/") if isinstance(path, str) else []
    if not parts or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise RefusedPath(f"{path!r} is not a path inside the credential directory.")


def _make_directory(path: str) -> None:
    """Make a real directory, also where a link or a file has the name."""
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    os.makedirs(path, mode=0o700, exist_ok=True)
    os.chmod(path, 0o700)


def _replace(directory: str, path: str, content: bytes) -> None:
    folders, name = path.split("/")[:-1], path.split("/")[-1]
    for folder in folders:
        directory = os.path.join(directory, folder)
        _make_directory(directory)
    target = os.path.join(directory, name)
    if _holds(target, content):
        return
    if os.path.isdir(target) and not os.path.islink(target):
        _remove_tree(target)
    temporary = os.path.join(directory, f".{name}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(temporary, target)


def _holds(path: str, content: bytes) -> bool:
    if os.path.islink(path):
        return False
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_mode & 0o777 == 0o600 and file.read() == content
    except OSError:
        return False


def _remove_others(directory: str, contents: Mapping[str, bytes]) -> None:
    wanted: Set[str] = set()
    for path in contents:
        parts = path.split("/")
        wanted.update(os.path.join(directory, *parts[: i + 1]) for i in range(len(parts)))
    for name in _below(directory):
        if name in wanted:
            continue
        if os.path.isdir(name) and not os.path.islink(name):
            os.rmdir(name)
        else:
            os.unlink(name)


def _remove_tree(directory: str) -> None:
    _remove_others(directory, {})
    os.rmdir(directory)


def _below(directory: str) -> List[str]:
    """List everything in a directory, what is in folders before the folders; follows no link."""
    found: List[str] = []
    for parent, folders, names in os.walk(directory, topdown=False):
        found += [os.path.join(parent, name) for name in (*names, *folders)]
    return found
