"""What an agent keeps of earlier logins when a hub sends a credential directory."""

from __future__ import annotations

import base64
import json
import time

from jupyter_ext_agent import credentials
from jupyter_ext_agent.yarn import token_file


def a_push(files, **clusters) -> dict[str, str]:
    """What a hub sends: per cluster who is logged in until when, and what the index says else."""
    entries = {
        name: {
            "profile": {"name": name, "user": user},
            "identity": {"principal": user and f"{user}@A.B", "user": user, "expires_at": ends},
            **more,
        }
        for name, (user, ends, more) in clusters.items()
    }
    raw = {"clusters.json": json.dumps({"clusters": entries}).encode(), **files}
    return {path: base64.b64encode(content).decode() for path, content in raw.items()}


def token_bytes(*names: str) -> bytes:
    tokens = {name: token_file.Token(b"i", name.encode(), "kind", name) for name in names}
    return token_file.write(token_file.Credentials(tokens, {}))


def test_a_hub_takes_no_login_from_a_kernel_that_it_does_not_know(tmp_path):
    """Those of an earlier hub stay as long as they last, or until somebody logs out."""
    directory, later = tmp_path / "credentials", time.time() + 60
    before = {f"{name}/tokens": token_bytes(name) for name in ("dev", "prod", "late", "out")}
    before |= {"prod/krb5cc": b"tickets", "prod/conf/a.xml": b"old", "tokens": token_bytes("prod")}
    logins = {
        name: ("ada", later if name != "late" else time.time() - 1, {})
        for name in ("dev", "prod", "late", "out", "gone")
    }
    credentials.write(str(directory), a_push(before, **logins))

    after = {"dev/tokens": token_bytes("new"), "tokens": token_bytes("new")}
    after |= {"prod/conf/a.xml": b"new"}
    nobody = ("", None, {"known": False})
    clusters = {"dev": ("bob", later, {"known": True}), "prod": nobody, "late": nobody}
    push = a_push(after, **clusters, out=("", None, {"known": True}), strange=nobody)
    for _ in range(2):
        credentials.write(str(directory), push)
        found = {
            str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()
        }
        own = {"dev/tokens", "prod/tokens", "prod/krb5cc", "prod/conf/a.xml"}
        assert found == {"clusters.json", "tokens", *own}
        assert (directory / "prod/krb5cc").read_bytes() == b"tickets"
        assert (directory / "prod/conf/a.xml").read_bytes() == b"new"
        assert set(token_file.read((directory / "tokens").read_bytes()).tokens) == {"new", "prod"}
        index = json.loads((directory / "clusters.json").read_text())["clusters"]
        users = {name: (e["identity"]["user"], e["profile"]["user"]) for name, e in index.items()}
        assert users == {
            **{"dev": ("bob", "bob"), "prod": ("ada", "ada")},
            **dict.fromkeys(("late", "out", "strange"), ("", "")),
        }
    clusters["prod"] = ("", None, {"known": True})
    credentials.write(str(directory), a_push(after, **clusters))
    assert not (directory / "prod/krb5cc").exists()
    assert set(token_file.read((directory / "tokens").read_bytes()).tokens) == {"new"}
