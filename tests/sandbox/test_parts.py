"""The sandbox's parts, where no cluster is needed."""

from __future__ import annotations

import datetime
import os
import socket
import subprocess
import sys

import pytest
from cryptography import x509

from jupyter_ext.errors import Conflict, Misconfigured, Unavailable
from jupyter_ext.sandbox import ports, requirements, sample
from jupyter_ext.sandbox.lock import held, who
from jupyter_ext.sandbox.processes import (
    Processes,
    Program,
    boot_id,
    cause,
    own_id,
    same_process,
)
from jupyter_ext.sandbox.sandbox import Sandbox, default_directory
from jupyter_ext.sandbox.spec import Wish
from jupyter_ext.sandbox.state import Memory
from jupyter_ext.sandbox.tls import Authority
from tests.conftest import eventually
from tests.hadoop_sandbox import RunningSandbox
from tests.sandbox.conftest import leftovers


def test_ports_are_kept_while_free_and_never_given_twice():
    first = ports.assign(["a", "b", "c"], {}, [])
    assert len(set(first.values())) == 3
    with socket.create_server(("127.0.0.1", first["b"])):
        assert ports.listens(first["b"])
        second = ports.assign(["a", "b", "c"], first, [])
    assert not ports.listens(first["b"])
    assert (second["a"], second["c"]) == (first["a"], first["c"])
    assert second["b"] not in first.values()
    assert ports.assign(["d"], {}, set(ports.RANGE) - {first["a"]}) == {"d": first["a"]}


def test_no_port_left_is_said():
    with pytest.raises(Unavailable, match="No free TCP port"):
        ports.assign(["a"], {}, ports.RANGE)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("sandbox: namenode failed: disk full\nCaused by: other\n", "namenode failed: disk full"),
        ("x\nCaused by: a.B: first\n\tat y\nCaused by: c.D: second\n\tat z\n", "c.D: second"),
        ("2026 WARN a\n2026 ERROR b: broken\n2026 WARN c\n", "2026 ERROR b: broken"),
        ("Error: could not create the Java Virtual Machine.\n", "Error: could not create the Java"),
        ("sh: 9: exec: java: not found\n\n", "sh: 9: exec: java: not found"),
        ("", "its log is empty"),
    ],
)
def test_the_cause_line_of_a_log(tmp_path, log, expected):
    path = tmp_path / "x.log"
    path.write_text(log)
    assert cause(path).startswith(expected)


def test_a_missing_package_is_named_in_one_sentence(tmp_path):
    empty = RunningSandbox.below(tmp_path)
    empty.environment["PATH"] = ""
    empty.environment.pop("JAVA_HOME", None)
    failed = empty.run("up", check=False)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[0] == (
        "jupyter cluster: The sandbox needs the Debian packages default-jdk-headless,"
        " krb5-admin-server, krb5-kdc, krb5-user, maven, slapd."
    )
    assert not empty.directory.exists()
    assert empty.status().missing == [
        "default-jdk-headless",
        "krb5-admin-server",
        "krb5-kdc",
        "krb5-user",
        "maven",
        "slapd",
    ]


def test_the_sasl_module_is_looked_for_where_its_package_puts_it(monkeypatch, tmp_path):
    monkeypatch.setattr(requirements, "LIBRARIES", tmp_path)
    assert requirements.missing(["libgssapiv2.so"]) == ["libsasl2-modules-gssapi-mit"]
    module = tmp_path / "aarch64-linux-gnu" / "sasl2" / "libgssapiv2.so"
    module.parent.mkdir(parents=True)
    module.touch()
    assert requirements.missing(["libgssapiv2.so"]) == []


def test_dev_alone_needs_no_kerberos(monkeypatch, tmp_path):
    for name in requirements.HADOOP:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    requirements.require(requirements.HADOOP)


def test_the_sample_is_the_same_everywhere(tmp_path):
    for name in ("one", "two"):
        sample.generate(tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert [str(path) for path in files] == [
        "README.txt",
        "alice-only.csv",
        "bikes/2026-01.csv",
        "bikes/2026-02.csv",
        "bikes/2026-03.csv",
        "bob-only.csv",
    ]
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()
    lines = (tmp_path / "one/bikes/2026-02.csv").read_text().splitlines()
    assert len(lines) == 28 * 24 + 1
    assert all(len(line.split(",")) == 6 for line in lines)


def test_certificates_satisfy_strict_checks_and_are_renewed_in_time(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    authority.prepare()
    serial = authority.serial
    ca = x509.load_pem_x509_certificate(authority.ca.read_bytes())
    server = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    server.verify_directly_issued_by(ca)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert ca.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    authority.prepare()
    assert authority.serial == serial
    monkeypatch.setattr("jupyter_ext.sandbox.tls._RENEW", datetime.timedelta(days=366))
    authority.prepare()
    assert authority.serial != serial


def holding(descriptor: int) -> subprocess.Popen[bytes]:
    """A child that has a descriptor open until its input ends."""
    return subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[descriptor])


async def test_the_lock_keeps_a_second_out_until_the_first_and_its_children_are_done(tmp_path):
    path = tmp_path / "lock"
    async with held(path, "up 1") as descriptor:
        assert who(path) == "up 1"
        child = holding(descriptor)
        with pytest.raises(Conflict, match=f"Another command works on {tmp_path}"):
            async with held(path, "up 2", timeout_s=0.1):
                pass
    assert who(path) == ""
    with pytest.raises(Conflict):
        async with held(path, "up 2", timeout_s=0.1):
            pass
    child.communicate(timeout=10)
    async with held(path, "up 3", timeout_s=5):
        assert who(path) == "up 3"


async def test_a_process_is_known_by_more_than_its_number(tmp_path):
    processes = Processes(tmp_path, "cookie")
    with (tmp_path / "lock").open("w") as lock:
        await processes.start(Program("one", ("sleep", "60"), tmp_path), lock.fileno())
        process = processes.get("one")
        assert process.alive
        record = tmp_path / "run" / "one"
        for wrong in (
            f"{process.pid} {int(process.start) + 1} {process.group} {process.boot} -",
            f"{process.pid} {process.start} {process.group} {'0' * 36} -",
        ):
            right = record.read_text()
            record.write_text(wrong)
            assert not processes.alive("one")
            assert await processes.end(["nobody"]) == []
            record.write_text(right)
        assert processes.alive("one")
        assert await processes.end(["one"]) == ["one"]
    assert not process.alive
    assert not record.exists()


async def test_a_program_that_ignores_sigterm_and_its_children_end_too(tmp_path):
    processes = Processes(tmp_path, "cookie")
    script = "trap '' TERM; setsid sleep 61 & while :; do sleep 1; done"
    with (tmp_path / "lock").open("w") as lock:
        await processes.start(Program("deaf", ("/bin/sh", "-c", script), tmp_path), lock.fileno())

    await eventually(lambda: any(line.endswith("sleep 61 ") for line in leftovers(tmp_path)))
    assert await processes.end_all() == ["deaf"]
    assert leftovers(tmp_path) == []


async def test_a_program_that_cannot_be_run_leaves_its_reason(tmp_path):
    processes = Processes(tmp_path, "cookie")
    with (tmp_path / "lock").open("w") as lock:
        await processes.start(Program("none", ("/does/not/exist",), tmp_path), lock.fileno())
    await eventually(lambda: not processes.alive("none"))
    assert "/does/not/exist" in cause(processes.log("none"))


def test_same_process():
    assert same_process(own_id()) == os.getpid()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from jupyter_ext.sandbox.processes import own_id; print(own_id())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert same_process(done.stdout.strip()) is None
    assert same_process("nonsense") is None
    assert same_process(f"{os.getpid()} 1 {boot_id()}") is None


def test_a_damaged_memory_is_named(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("{")
    with pytest.raises(Misconfigured) as raised:
        Memory(path).read()
    assert str(path) in raised.value.message
    assert "down --purge" in raised.value.hint


async def test_foreign_files_are_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(Conflict, match="holds other files and is no sandbox"):
        await Sandbox(tmp_path).up(Wish(("dev",)), print)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JUPYTER_EXT_SANDBOX_DIR", raising=False)
    assert default_directory() == tmp_path / "data" / "jupyter-ext" / "sandbox"
    monkeypatch.setenv("JUPYTER_EXT_SANDBOX_DIR", str(tmp_path / "mine"))
    assert default_directory() == tmp_path / "mine"
