"""Archives of a configuration directory."""

from __future__ import annotations

import io
import tarfile
import zipfile

XML = b"<configuration/>"
CONF = {"etc/hadoop/core-site.xml": XML, "etc/hadoop/yarn-site.xml": XML}


SITES = ["core-site.xml", "yarn-site.xml"]


def tar(files=CONF, *, members=(), mode="w:gz"):
    """A tar archive of files, and of members as given."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in members:
            archive.addfile(info)
    return buffer.getvalue()


def zipped(files=CONF, *, members=(), compression=zipfile.ZIP_DEFLATED):
    """A zip archive of files, and of members as given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for info, content in members:
            archive.writestr(info, content)
    return buffer.getvalue()
