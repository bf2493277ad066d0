"""Private directories that end with their server, however it ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jupyter_ext.credentials import hdts, runtime
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import Unavailable

SECRET = b"a ticket " * 100


@pytest.fixture
def root(tmp_path):
    return tmp_path / "run" / "jupyter-ext"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(path: Path, content: bytes = SECRET) -> int:
    """Write a file, and keep it open to see what becomes of its content."""
    path.write_bytes(content)
    return os.open(path, os.O_RDONLY)


def content(descriptor: int) -> bytes:
    try:
        return os.pread(descriptor, 10_000, 0)
    finally:
        os.close(descriptor)


def test_every_directory_is_private(root):
    directory = RuntimeDirectory(root)
    tickets = directory.private("alice", "prod")
    given = directory.kernels("alice")
    assert tickets == directory.private("alice", "prod")
    assert tickets != directory.private("bob", "prod")
    assert given not in (tickets, *tickets.parents)
    for path in (tickets, given):
        while path != root.parent:
            assert mode(path) == 0o700
            path = path.parent
    directory.close()


@pytest.mark.parametrize("name", ["..", ".", "", "a/../../b", "/etc", "a\0b", "Ä" * 300, "alice@X"])
def test_no_name_leads_out_of_its_directory(root, name):
    directory = RuntimeDirectory(root)
    path = directory.private(name, name)
    assert path.resolve().parent.parent == directory.path.resolve() / "private"
    directory.close()


def test_no_two_names_share_a_directory():
    names = [
        "alice",
        "Alice",
        "ALICE",
        "alice/",
        "alice@A",
        "alice@B",
        "a b",
        "a_b",
        "_a_b",
        "a\nb",
    ]
    names += [runtime.safe_name(name) for name in names if runtime.safe_name(name) != name]
    made = {runtime.safe_name(name).lower() for name in names}
    assert len(made) == len(names)
    assert runtime.safe_name("alice") == "alice"


def test_what_is_removed_is_overwritten_first(root):
    directory = RuntimeDirectory(root)
    place = directory.private("alice", "prod")
    (place / "conf").mkdir()
    files = [opened(place / "krb5cc"), opened(place / "conf" / "deep")]
    directory.remove(place)
    assert not place.exists()
    assert [content(file) for file in files] == [bytes(len(SECRET))] * 2
    directory.remove(place)  # gone already
    with pytest.raises(ValueError, match="not in"):
        directory.remove(root.parent)
    directory.close()


def test_links_are_removed_and_what_they_lead_to_stays(root, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "notebook").write_bytes(b"kept")
    directory = RuntimeDirectory(root)
    place = directory.kernels("alice")
    (place / "file").symlink_to(own / "notebook")
    (place / "directory").symlink_to(own)
    os.link(own / "notebook", place / "hard")
    os.mkfifo(place / "pipe")
    directory.close()
    assert not directory.path.exists()
    assert (own / "notebook").read_bytes() == b"kept"


def test_the_end_removes_everything(root):
    directory = RuntimeDirectory(root)
    file = opened(directory.private("alice", "prod") / "krb5cc")
    directory.close()
    directory.close()
    assert list(root.glob("server-*")) == []
    assert content(file) == bytes(len(SECRET))
    with pytest.raises(Unavailable, match="cannot be kept"):
        directory.private("alice", "prod")


def run(script: str, *arguments: str, inside: list[str] | None = None) -> subprocess.Popen[str]:
    argv = [*(inside or []), sys.executable, "-c", textwrap.dedent(script), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, cwd=Path.cwd())


SERVER = """
    import sys
    from pathlib import Path
    from jupyter_ext.credentials.runtime import RuntimeDirectory
    print(RuntimeDirectory(Path(sys.argv[1])).private("alice", "prod"), flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_server_left_is_swept_and_what_a_living_one_has_stays(root):
    with run(SERVER, str(root)) as killed, run(SERVER, str(root)) as living:
        try:
            left = Path(killed.stdout.readline().strip())
            kept = Path(living.stdout.readline().strip())
            file = opened(left / "krb5cc")
            (kept / "krb5cc").write_bytes(SECRET)
            killed.send_signal(signal.SIGKILL)
            killed.wait()

            third = RuntimeDirectory(root)
            assert not left.parents[2].exists()
            assert content(file) == bytes(len(SECRET))
            assert (kept / "krb5cc").read_bytes() == SECRET
            third.close()
        finally:
            killed.kill()
            living.kill()


def test_what_cannot_be_swept_is_said_and_stops_nobody(root, caplog):
    root.mkdir(parents=True, mode=0o700)
    (root / "server-file").write_bytes(b"")
    (root / "server-half").mkdir()  # killed before it had a lock
    directory = RuntimeDirectory(root)
    assert not (root / "server-half").exists()
    assert "server-file cannot be removed" in caplog.text
    directory.close()


# -- full file systems -----------------------------------------------------------------------------

FULL = """
    import os, resource, sys
    from pathlib import Path
    from jupyter_ext.credentials.runtime import RuntimeDirectory, storing
    from jupyter_ext.errors import Unavailable
    from jupyter_ext.files import replace

    def until_full(step):
        for number in range(10_000):
            try:
                step(number)
            except OSError:
                return
        raise AssertionError("it never got full")

    root = Path(sys.argv[1])
    directory = RuntimeDirectory(root / "jupyter-ext")
    place = directory.private("alice", "prod")
    replace(place / "krb5cc", b"ticket")
    if os.path.ismount(root):
        with open(root / "ballast", "wb", buffering=0) as ballast:
            until_full(lambda _: ballast.write(bytes(4096)))
        until_full(lambda number: (root / str(number)).touch())
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        with storing(place, "prod"):
            replace(place / "krb5cc", b"a new ticket")
    except Unavailable as error:
        print(error.cluster, error.message, error.hint)
    print([path.name for path in place.iterdir()], (place / "krb5cc").read_bytes())
    directory.remove(place)
    print(place.exists())
    directory.close()
    print(directory.path.exists())
"""
MOUNT = 'mount -t tmpfs -o size=64k,nr_inodes=32 none "$1"'


def small_file_system(root: Path) -> list[str]:
    """Give what runs a program with a tiny tmpfs at ``root``; nothing where that is forbidden."""
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    tried = subprocess.run([*inside, MOUNT, "sh", str(root)], capture_output=True, check=False)
    script = f'{MOUNT} && shift && exec "$@"'
    return [] if tried.returncode else [*inside, script, "sh", str(root)]


@pytest.mark.parametrize("mounted", [True, False])
def test_a_full_file_system_is_explained_and_removing_works(tmp_path, mounted):
    """With a real one where mounting is allowed, else by the limit of a process on file sizes."""
    inside = small_file_system(tmp_path) if mounted else []
    with run(FULL, str(tmp_path), inside=inside) as process:
        said = process.communicate(timeout=30)[0].splitlines()
    assert "prod There is no room left in" in said[0]
    assert "df -h" in said[0]
    assert "XDG_RUNTIME_DIR" in said[0]
    assert said[1:] == ["['krb5cc'] b'ticket'", "False", "False"]


# -- the root --------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of which everything exists, and is as it should be."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))
    for name in ("xdg", f"run/{os.geteuid()}"):
        (tmp_path / name).mkdir(parents=True, mode=0o700)
    (tmp_path / "shm").mkdir()
    (tmp_path / "shm").chmod(0o1777)
    return tmp_path


def found(machine: Path, **environ: str) -> list[str]:
    roots = runtime.candidates(environ, machine / "run", machine / "shm")
    return [str(root.relative_to(machine)) for root in roots]


def test_memory_is_better_than_disk(machine):
    uid = os.geteuid()
    assert found(machine, XDG_RUNTIME_DIR=str(machine / "xdg")) == [
        "xdg/jupyter-ext",
        f"run/{uid}/jupyter-ext",
        f"shm/jupyter-ext-{uid}",
        "jupyter/jupyter-ext-credentials",
    ]


def test_what_others_can_enter_or_exchange_is_no_candidate(machine):
    (machine / "xdg").chmod(0o755)
    (machine / "run" / str(os.geteuid())).rmdir()
    (machine / "shm").chmod(0o777)
    last = ["jupyter/jupyter-ext-credentials"]
    assert found(machine, XDG_RUNTIME_DIR=str(machine / "xdg")) == last
    assert found(machine, XDG_RUNTIME_DIR="relative") == last
    assert found(machine) == last


def test_a_directory_that_somebody_prepared_is_refused(tmp_path, caplog):
    wide, link, good = tmp_path / "wide", tmp_path / "link", tmp_path / "jupyter" / "good"
    wide.mkdir()
    wide.chmod(0o777)
    link.symlink_to(wide)
    assert runtime.find_root([wide, link, good]) == good
    assert mode(good) == 0o700
    assert f"not kept in {wide}" in caplog.text
    assert f"not kept in {link}" in caplog.text
    with pytest.raises(Unavailable, match="no private place") as error:
        RuntimeDirectory(link)
    assert "XDG_RUNTIME_DIR" in error.value.hint
    assert list(wide.iterdir()) == []


def test_another_user_s_directory_is_refused(tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Unavailable, match="no private place"):
        runtime.find_root([theirs])


# -- logins without a server -----------------------------------------------------------------------


async def test_a_login_without_a_server_stays_until_its_tickets_have_ended(root, in_realm):
    """With its tokens; the clusters' configuration stays, and so do the other logins."""
    headless = runtime.headless_directory(root)
    place, other, nobody = (headless / name for name in ("prod", "other", "nobody"))
    for directory in (place, other, nobody):
        (directory / "conf").mkdir(parents=True)
        (directory / "conf" / "core-site.xml").write_text("<configuration/>")
    ticket = (
        await Realm(in_realm(), place).login("alice@PROD.EXAMPLE.COM", "alice-password")
    ).granting
    tokens = {name: hdts.DelegationToken(b"i", b"p", "kind", name) for name in ("prod", "other")}
    for directory in (place, other):
        own = {directory.name: tokens[directory.name]}
        (directory / "tokens").write_bytes(hdts.write_file_bytes(own))
    (headless / "tokens").write_bytes(hdts.write_file_bytes(tokens))
    (headless / "clusters.json").write_text("{}")
    RuntimeDirectory(root).close()
    runtime.sweep(root, ticket.expires_at - 1)
    assert (place / "krb5cc").exists()
    assert set(hdts.read_file_bytes((headless / "tokens").read_bytes())[0]) == set(tokens)
    runtime.sweep(root, ticket.expires_at + 86_400)
    assert [path.name for path in place.iterdir()] == ["conf"]
    assert {path.name for path in other.iterdir()} == {"conf", "tokens"}
    assert (nobody / "conf" / "core-site.xml").exists()
    assert set(hdts.read_file_bytes((headless / "tokens").read_bytes())[0]) == {"other"}
    assert (headless / "clusters.json").exists()
    assert mode(runtime.headless_directory(root)) == 0o700
