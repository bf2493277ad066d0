"""Where a new profile's Hadoop XML comes from: a directory, an archive, or an address of either.

Archives are hostile until proven otherwise. Nothing is unpacked that a profile does not need, and
nothing is unpacked at all from an archive that tries to leave its directory.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from jupyter_ext.clusters.models import ArchiveSource, DirectorySource, UrlSource
from jupyter_ext.clusters.profiles import is_conf_dir
from jupyter_ext.clusters.reader import EXTRAS
from jupyter_ext.clusters.xml import SITE_FILES
from jupyter_ext.errors import InvalidInput, TooLarge

MAX_BYTES = 20 * 2**20
"""Of an archive, packed and unpacked alike; a client configuration has a few hundred kB."""

MAX_ENTRIES = 1000

USUAL_PLACES = ("", "conf", "etc/hadoop", "etc/hadoop/conf")
"""Where below a given directory the configuration may be."""

MAX_ZIP_DIRECTORY = 2**20
"""Bytes of a zip's table of contents; one entry takes 46 plus its name."""


class Readable(Protocol):
    """What decompressors have in common."""

    def read(self, size: int = -1, /) -> bytes:
        """Give at most ``size`` bytes."""
        ...


COMPRESSED: Mapping[bytes, Callable[[IO[bytes]], Readable]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
"""How files of each compression begin, and what undoes it."""


@contextmanager
def open_source(source: DirectorySource | UrlSource | ArchiveSource) -> Iterator[Path]:
    """Give a directory with the source's Hadoop XML; it is gone afterwards if it was temporary.

    Blocks; call it in a thread.

    Raises
    ------
    InvalidInput
        If there is no Hadoop configuration, or the archive is damaged or unsafe.
    TooLarge
        If the archive exceeds a limit, packed or unpacked.
    Unreachable, BadAnswer
        If a URL cannot be fetched.
    """
    if isinstance(source, DirectorySource):
        yield find_in_directory(source.path)
        return
    with tempfile.TemporaryDirectory(prefix="jupyter-ext-") as temporary:
        target = Path(temporary)
        if isinstance(source, ArchiveSource):
            unpack(io.BytesIO(decode(source)), source.filename, target)
        else:
            # Imported here: httpx is slow to import and only this kind of source needs it.
            from jupyter_ext.clusters import download

            if download.is_directory(source.url):
                download.fetch_directory(source.url, target)
            else:
                with download.fetch(source.url, MAX_BYTES) as stream:
                    unpack(stream, download.shown(source.url), target)
        yield find_unpacked(target)


@contextmanager
def open_archive(path: Path) -> Iterator[Path]:
    """Like :func:`open_source`, for an archive that is a file here."""
    with tempfile.TemporaryDirectory(prefix="jupyter-ext-") as temporary:
        target = Path(temporary)
        try:
            with path.open("rb") as stream:
                unpack(stream, str(path), target)
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
        yield find_unpacked(target)


def decode(source: ArchiveSource) -> bytes:
    """Bytes of an archive that was sent along.

    Raises
    ------
    TooLarge, InvalidInput
        If it is too large, or not base64.
    """
    if len(source.data) > MAX_BYTES * 4 // 3 + 4:
        raise too_large(source.filename)
    try:
        return base64.b64decode(source.data, validate=True)
    except binascii.Error:
        raise InvalidInput(f"{source.filename} did not arrive as base64.") from None


def find_in_directory(path: str) -> Path:
    """Find the configuration in or below a directory of this machine.

    Raises
    ------
    InvalidInput
        If there is none, saying what was looked for.
    """
    directory = Path(os.path.expanduser(path))
    if not directory.is_absolute():
        raise InvalidInput(f"{path} is not an absolute path.")
    try:
        os.listdir(directory)
    except OSError as error:
        raise InvalidInput(f"{directory} cannot be read: {error.strerror}.") from None
    for place in USUAL_PLACES:
        if is_conf_dir(directory / place):
            return directory / place
    raise nothing_found(str(directory))


def find_unpacked(root: Path) -> Path:
    """Find the configuration in an unpacked archive, and put the files beside it into it.

    Of several directories the one with most site files is taken, then the one nearest to the top.

    Raises
    ------
    InvalidInput
        If there is none, saying what was looked for.
    """
    candidates = {path.parent for name in SITE_FILES for path in root.rglob(name)}
    if not candidates:
        raise nothing_found("The archive")

    def rank(directory: Path) -> tuple[int, int, str]:
        found = sum((directory / name).is_file() for name in SITE_FILES)
        return -found, len(directory.parts), str(directory)

    conf = min(candidates, key=rank)
    for name in EXTRAS:
        # The nearest one above: a profile has them beside conf/, not in it.
        for directory in conf.parents:
            if (conf / name).exists() or not directory.is_relative_to(root):
                break
            if (directory / name).is_file():
                shutil.copyfile(directory / name, conf / name)
    return conf


def nothing_found(where: str) -> InvalidInput:
    """Make the error for a source without Hadoop XML."""
    return InvalidInput(
        f"{where} holds no Hadoop configuration.",
        hint=f"Looked for {', '.join(SITE_FILES)}, as in a cluster's /etc/hadoop/conf or the "
        "client configuration that its manager offers for download.",
    )


def too_large(name: str) -> TooLarge:
    """Make the error for an archive that exceeds a limit."""
    return TooLarge(
        f"{name} has more than {MAX_BYTES >> 20} MB or {MAX_ENTRIES} entries, packed or unpacked.",
        hint="Pack only the directory with the cluster's *-site.xml.",
    )


# -- unpacking --------------------------------------------------------------------------------


def unpack(stream: IO[bytes], name: str, target: Path) -> None:
    """Unpack what a profile needs of a tar (plain, gz, bz2, xz) or zip archive.

    Parameters
    ----------
    stream
        The archive, seekable.
    name
        What to call it in messages.

    Raises
    ------
    InvalidInput
        If it is no such archive, is damaged, or holds links, devices or paths that lead out of it.
    TooLarge
        If it exceeds a limit; noticed before more than the limit has been unpacked.
    """
    if stream.seek(0, os.SEEK_END) > MAX_BYTES:
        raise too_large(name)
    stream.seek(0)
    magic = stream.read(6)
    stream.seek(0)
    try:
        if magic.startswith(b"PK"):
            _unpack_zip(stream, name, target)
        else:
            opener = next((COMPRESSED[m] for m in COMPRESSED if magic.startswith(m)), None)
            _unpack_tar(stream if opener is None else opener(stream), name, target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        kind = "a web page" if magic.lstrip().startswith(b"<") else "no tar or zip archive"
        known = magic.startswith((b"PK", *COMPRESSED))
        reason = f"is damaged: {error}" if known else f"is {kind}"
        raise InvalidInput(
            f"{name} {reason}.", hint="Expected .tar, .tar.gz, .tar.bz2, .tar.xz or .zip."
        ) from None
    except OSError as error:
        raise InvalidInput(f"{name} cannot be unpacked: {error}.") from None


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than the limit: a bomb stops here, unexploded."""

    def __init__(self, stream: Readable, name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = MAX_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._name)
        return data


def _unpack_tar(stream: Readable, name: str, target: Path) -> None:
    # As a stream, so that tarfile reads (and decompresses) every byte once, through the limit.
    with tarfile.open(fileobj=_Limited(stream, name), mode="r|") as archive:
        budget = MAX_BYTES
        for count, member in enumerate(archive, 1):
            if count > MAX_ENTRIES:
                raise too_large(name)
            path = safe_path(member.name, name)
            if member.isdir():
                continue
            if not member.isreg():
                kind = "link" if member.islnk() or member.issym() else "device"
                raise unsafe(name, member.name, f"is a {kind}")
            if is_needed(path) and (content := archive.extractfile(member)) is not None:
                budget = _write(content, target / path, budget, name)


def _unpack_zip(stream: IO[bytes], name: str, target: Path) -> None:
    _check_zip_directory(stream, name)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if len(members) > MAX_ENTRIES or sum(item.file_size for item in members) > MAX_BYTES:
            raise too_large(name)
        budget = MAX_BYTES
        for member in members:
            path = safe_path(member.filename, name)
            mode = member.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                kind = "link" if stat.S_ISLNK(mode) else "device"
                raise unsafe(name, member.filename, f"is a {kind}")
            if member.is_dir() or not is_needed(path):
                continue
            if member.flag_bits & 1:
                raise InvalidInput(f"{name} is encrypted.", hint="Pack it without a password.")
            try:
                with archive.open(member) as content:
                    budget = _write(content, target / path, budget, name)
            except NotImplementedError as error:
                raise InvalidInput(f"{name} cannot be unpacked: {error}.") from None


def _check_zip_directory(stream: IO[bytes], name: str) -> None:
    """Refuse a zip whose table of contents alone would take much memory (APPNOTE 4.3.16)."""
    end = stream.seek(0, os.SEEK_END)
    start = stream.seek(max(0, end - 2**16 - 22 - 20))
    tail = stream.read()
    found = tail.rfind(b"PK\5\6")
    if found >= 0 and start + found + 22 <= end:
        (size,) = struct.unpack_from("<I", tail, found + 12)
        # Only an archive beyond our limits needs the 64-bit form, whose size field is elsewhere.
        if size > MAX_ZIP_DIRECTORY or tail[max(0, found - 20) :].startswith(b"PK\6\7"):
            raise too_large(name)
    stream.seek(0)


def safe_path(member: str, archive: str) -> PurePosixPath:
    """Give a member's path below the target.

    Raises
    ------
    InvalidInput
        If it is absolute or leads out of the archive.
    """
    path = PurePosixPath(member)
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\\0]|^[A-Za-z]:", member):
        raise unsafe(archive, member, "leads out of the archive")
    return path


def unsafe(archive: str, member: str, reason: str) -> InvalidInput:
    """Make the error for an archive that nothing is unpacked from."""
    return InvalidInput(
        f"{archive} was refused: its entry {member[:100]!r} {reason}.",
        hint="Pack plain files and directories only (tar -h follows links).",
    )


def is_needed(path: PurePosixPath) -> bool:
    """Whether a profile has use for a file; keytabs, scripts and jars stay packed."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and (path.suffix == ".xml" or path.name in EXTRAS)


def _write(content: IO[bytes], path: Path, budget: int, name: str) -> int:
    """Copy one member; returns how many bytes may still follow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while chunk := content.read(2**16):
            budget -= len(chunk)
            if budget < 0:
                raise too_large(name)
            file.write(chunk)
    return budget
