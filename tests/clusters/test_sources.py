"""Configurations from directories and archives, the hostile ones included."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest

from jupyter_ext.clusters import sources
from jupyter_ext.clusters.models import ArchiveSource, DirectorySource
from jupyter_ext.errors import InvalidInput, TooLarge
from tests.archives import CONF, SITES, XML, tar, zipped
from tests.hadoop_xml import simple_conf


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def opened(data, filename="conf.tar.gz"):
    """Names of the files found in an archive's configuration directory."""
    source = ArchiveSource(filename=filename, data=base64.b64encode(data).decode())
    with sources.open_source(source) as directory:
        return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("prefix", ["", "./", "client/etc/hadoop/"])
def test_tar_archives(mode, prefix):
    assert opened(tar({prefix + name: XML for name in SITES}, mode=mode)) == SITES


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_archives(compression):
    assert opened(zipped(compression=compression), "conf.zip") == SITES


def test_an_archive_file(tmp_path):
    path = tmp_path / "conf.zip"
    path.write_bytes(zipped())
    with sources.open_archive(path) as directory:
        assert sorted(file.name for file in directory.iterdir()) == SITES
    assert not directory.exists()
    with (
        pytest.raises(InvalidInput, match=r"nothing.tgz cannot be read: No such file"),
        sources.open_archive(tmp_path / "nothing.tgz"),
    ):
        pass


def test_only_what_a_profile_needs_is_unpacked():
    files = {
        "conf/core-site.xml": XML,
        "conf/more/extra.xml": XML,
        "conf/.secret/core-site.xml": XML,
        "conf/alice.keytab": b"x",
        "conf/run.sh": b"x",
        "conf/ca.pem": b"x",
        "__MACOSX/conf/core-site.xml": b"x",
        "krb5.conf": b"x",
    }
    expected = ["ca.pem", "core-site.xml", "krb5.conf", "more", "more/extra.xml"]
    assert opened(tar(files)) == expected
    assert opened(zipped(files)) == expected


def test_the_fullest_configuration_of_an_archive_is_taken():
    files = {
        "core-site.xml": XML,
        "hive-conf/core-site.xml": XML,
        "yarn-conf/core-site.xml": XML,
        "yarn-conf/hdfs-site.xml": XML,
        "yarn-conf/yarn-site.xml": XML,
    }
    assert opened(tar(files)) == ["core-site.xml", "hdfs-site.xml", "yarn-site.xml"]


@pytest.mark.parametrize(
    "data", [tar({"readme.txt": b"x"}), zipped({"conf/other.xml": XML}), tar({})]
)
def test_an_archive_without_a_configuration(data):
    with pytest.raises(InvalidInput, match="archive holds no Hadoop configuration") as caught:
        opened(data)
    assert "Looked for core-site.xml, hdfs-site.xml, yarn-site.xml" in caught.value.hint


UNSAFE_NAMES = ["../core-site.xml", "a/../../core-site.xml", "/etc/core-site.xml", "..\\x.xml"]


@pytest.mark.parametrize("name", [*UNSAFE_NAMES, "C:/core-site.xml"])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_an_archive_that_leads_out_is_refused_whole(pack, name):
    with pytest.raises(InvalidInput, match=r"conf.tar.gz was refused: its entry .* leads out of"):
        opened(pack(CONF | {name: XML}))


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        (special("core-site.xml", tarfile.SYMTYPE, "/etc/passwd"), "link"),
        (special("core-site.xml", tarfile.LNKTYPE, "../x"), "link"),
        (special("dir", tarfile.SYMTYPE, "/"), "link"),
        (special("null", tarfile.CHRTYPE), "device"),
        (special("pipe", tarfile.FIFOTYPE), "device"),
    ],
)
def test_a_tar_with_links_or_devices_is_refused(member, kind):
    with pytest.raises(InvalidInput, match=f"its entry '{member.name}' is a {kind}"):
        opened(tar(members=[member]))


def test_a_zip_with_a_link_is_refused():
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InvalidInput, match="its entry 'link' is a link"):
        opened(zipped(members=[(info, "/etc/passwd")]))


@pytest.mark.parametrize("pack", [tar, zipped])
def test_too_many_entries(pack):
    with pytest.raises(TooLarge, match="more than 20 MB or 1000 entries"):
        opened(pack({f"conf/{number}.xml": b"" for number in range(1001)}))


def bomb(size, name="core-site.xml", kind=tarfile.REGTYPE):
    """Many zeros in a small compressed tar."""
    compress = zlib.compressobj(1, zlib.DEFLATED, 31)
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = size
    parts = [compress.compress(info.tobuf(tarfile.PAX_FORMAT))]
    zeros = bytes(2**20)
    parts.extend(compress.compress(zeros) for _ in range(size // len(zeros)))
    return b"".join([*parts, compress.flush()])


def peak_of(action):
    """Most bytes that Python held at a time while it refused an archive."""
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_gigabyte_in_a_small_tar_is_stopped_early():
    data = bomb(2**30)
    assert len(data) < sources.MAX_BYTES
    assert peak_of(lambda: opened(data)) < 3 * sources.MAX_BYTES


def test_an_endless_header_is_stopped_early():
    # tarfile itself reads such a header into memory, whatever its size.
    data = bomb(2**28, "PaxHeader", tarfile.XHDTYPE)
    assert peak_of(lambda: opened(data)) < 4 * sources.MAX_BYTES


def test_a_small_zip_that_unpacks_to_much_is_stopped_early():
    data = zipped({"core-site.xml": bytes(2**27)})
    assert len(data) < 2**20
    assert peak_of(lambda: opened(data, "conf.zip")) < 3 * sources.MAX_BYTES


def test_a_zip_that_lies_about_its_sizes_is_stopped_early():
    data = bytearray(zipped({"core-site.xml": bytes(sources.MAX_BYTES + 1)}))
    directory = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, directory + 24, 10)
    # zipfile gives no more than the promised size, and then finds the checksum wrong.
    with pytest.raises(InvalidInput, match=r"conf.zip is damaged: Bad CRC"):
        opened(bytes(data), "conf.zip")


def test_many_files_that_are_too_large_together(monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 4096)
    files = {f"conf/{number}.xml": b" " * 1000 for number in range(6)}
    for data in (tar(files), zipped(files)):
        with pytest.raises(TooLarge):
            opened(data)


def test_a_sparse_file_counts_what_it_unpacks_to():
    # An old-style GNU sparse header: one byte of data in a file of a gigabyte.
    info = tarfile.TarInfo("core-site.xml")
    info.size = 512
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[386 : 386 + 24] = b"%011o\0%011o\0" % (0, 512)
    header[483 : 483 + 12] = b"%011o\0" % 2**30
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data = bytes(header) + bytes(512) + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getmembers()[0].size == 2**30
    with pytest.raises(TooLarge):
        opened(data)


def test_a_large_archive_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "conf.tar.gz"
    with path.open("wb") as file:
        file.truncate(sources.MAX_BYTES + 1)
    with pytest.raises(TooLarge, match="more than 20 MB"), sources.open_archive(path):
        pass
    source = ArchiveSource(filename="conf.zip", data="A" * (sources.MAX_BYTES * 4 // 3 + 8))
    with pytest.raises(TooLarge), sources.open_source(source):
        pass


def test_a_zip_with_an_endless_table_of_contents_is_refused():
    data = bytearray(zipped())
    end = data.rfind(b"PK\5\6")
    struct.pack_into("<I", data, end + 12, 2**31)
    with pytest.raises(TooLarge):
        opened(bytes(data))


def broken(data):
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no tar or zip archive"),
        (b"just text", "is no tar or zip archive"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (broken(tar()), "is damaged"),
        (broken(tar(mode="w:xz")), "is damaged"),
        (broken(tar(mode="w:bz2")), "is damaged"),
        (broken(zipped()), "is damaged"),
        (b"PK" + bytes(100), "is damaged"),
        (gzip.compress(b"no tar"), "is damaged"),
        (b"\x1f\x8b" + b"x" * 100, "Unknown compression|is damaged"),
        (bz2.compress(b"no tar"), "is damaged"),
        (lzma.compress(b"no tar"), "is damaged"),
    ],
)
def test_what_is_no_archive(data, message):
    with pytest.raises(InvalidInput, match=message):
        opened(data, "thing")


def test_what_is_no_base64():
    with pytest.raises(InvalidInput, match=r"conf.zip did not arrive as base64"):
        sources.decode(ArchiveSource(filename="conf.zip", data="%%%"))


def test_an_encrypted_zip():
    data = bytearray(zipped())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        position = data.find(signature)
        data[position + offset] |= 1
    with pytest.raises(InvalidInput, match=r"conf.zip is encrypted"):
        opened(bytes(data), "conf.zip")


@pytest.mark.parametrize("place", ["", "conf", "etc/hadoop", "etc/hadoop/conf"])
def test_directories(tmp_path, place):
    simple_conf(tmp_path / place)
    with sources.open_source(DirectorySource(path=str(tmp_path))) as directory:
        assert directory == tmp_path / place


def test_directories_without_a_configuration(tmp_path):
    for path, message in (
        (str(tmp_path), "holds no Hadoop configuration"),
        (str(tmp_path / "gone"), "gone cannot be read: No such file or directory"),
        ("etc/hadoop", "etc/hadoop is not an absolute path"),
        ("~nobody-at-all", "~nobody-at-all is not an absolute path"),
    ):
        with (
            pytest.raises(InvalidInput, match=message),
            sources.open_source(DirectorySource(path=path)),
        ):
            pass


def test_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    simple_conf(tmp_path / "hadoop")
    with sources.open_source(DirectorySource(path="~/hadoop")) as directory:
        assert directory == tmp_path / "hadoop"
