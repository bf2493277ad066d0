"""Logging in to the real cluster through the Jupyter server, and what follows from it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from tornado.httpclient import HTTPClientError

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.credentials.hdts import encode_url_string, read_file_bytes
from jupyter_ext.handlers import OWNER
from tests.conftest import eventually
from tests.fakes.raw_server import black_hole


@pytest.fixture
def extension(private_runtime, jp_config_dir, sandbox, jp_serverapp, jp_asyncio_loop):
    """The running extension, with the sandbox's clusters."""
    shutil.copytree(sandbox.config_dir / "clusters", jp_config_dir / "clusters")
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    jp_asyncio_loop.run_until_complete(app._start_jupyter_server_extension(jp_serverapp))
    return app


@pytest.fixture
def call(extension, jp_fetch):
    """Call an address of this area; gives status and JSON."""

    async def call(method, *path, **body):
        content = json.dumps(body) if method == "POST" else None
        try:
            response = await jp_fetch(
                "jupyter-ext", "credentials", *path, method=method, body=content
            )
        except HTTPClientError as error:
            response = error.response
        return response.code, json.loads(response.body) if response.body else None

    return call


@pytest.fixture
def login(call):
    async def login(user="alice", password=None, cluster="prod"):
        return await call(
            "POST", cluster, "login", user=user, password=password or f"{user}-password"
        )

    return login


async def test_a_login_makes_the_cluster_answer(call, login, extension):
    code, before = await call("GET", "prod")
    assert (code, before["state"], before["realm"]) == (200, "none", "PROD.EXAMPLE.COM")
    board = extension.boards.of(OWNER)
    assert (await board.card("prod")).status.state == "login_needed"

    code, identity = await login()
    assert (code, identity["state"], identity["user"]) == (200, "valid", "alice")

    card = await board.card("prod")
    assert card.status.state == "up"
    assert card.profile.user == "alice"
    assert card.identity.principal == "alice@PROD.EXAMPLE.COM"
    assert card.status.yarn.metrics.nodes.active == 1

    assert await call("DELETE", "prod") == (204, None)
    assert (await board.card("prod")).status.state == "login_needed"


async def test_a_page_that_is_closed_gives_its_login_up(
    call, jp_http_port, jp_base_url, jp_auth_header, jp_config_dir, kdc, eventually_gone
):
    async with black_hole() as hole:
        directory = kdc.write_profile(
            jp_config_dir / "clusters", "silent", "[kerberos]\ntimeout_s = 60\n"
        )
        conf = kdc.krb5_conf.read_text().replace(kdc.address, f"127.0.0.1:{hole.port}")
        (directory / "krb5.conf").write_text(conf)
        body = b'{"user": "alice", "password": "alice-password"}'
        lines = [
            f"POST {jp_base_url}jupyter-ext/credentials/silent/login HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"Authorization: {jp_auth_header['Authorization']}",
        ]
        _, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        pid = await eventually_gone.child("kinit")
        writer.close()
        await eventually(lambda: not eventually_gone.runs(pid))
    _, identity = await call("GET", "silent")
    assert (identity["state"], identity["reason"]) == ("none", None)


async def test_everybody_s_own_identities_are_listed(call, login):
    await login()
    code, found = await call("GET", "")
    assert code == 200
    assert [(one["cluster"], one["state"]) for one in found["identities"]] == [("prod", "valid")]


async def test_the_card_of_an_open_tab_follows(login, call, extension, jp_ws_fetch):
    stream = await jp_ws_fetch("jupyter-ext", "status", "stream")

    async def until(kind, wanted):
        async with asyncio.timeout(30):
            while True:
                message = json.loads(await stream.read_message())
                if message["type"] == kind and wanted(message):
                    return message

    await until("status", lambda m: m["status"]["cluster"] == "prod")
    await login()
    told = await until("identity", lambda m: m["identity"]["state"] == "valid")
    assert told["identity"]["cluster"] == "prod"
    await until(
        "status", lambda m: m["status"]["cluster"] == "prod" and m["status"]["state"] == "up"
    )
    await call("DELETE")
    await until("identity", lambda m: m["identity"]["state"] == "none")
    await until(
        "status",
        lambda m: m["status"]["cluster"] == "prod" and m["status"]["state"] == "login_needed",
    )
    stream.close()


async def test_the_directory_and_the_services_give_what_they_have(call, login):
    await login()

    async def settled():
        _, identity = await call("GET", "prod")
        return identity if identity["account"] and len(identity["tokens"]) >= 2 else None

    identity = await eventually(settled)
    assert identity["account"]["display_name"] == "Alice Abel"
    assert identity["account"]["mail"] == "alice@example.com"
    assert identity["account"]["groups"] == ["analysts"]
    by_service = {token["service"]: token for token in identity["tokens"]}
    assert set(by_service) == {"hdfs", "resourcemanager"}
    for token in by_service.values():
        assert token["error"] is None
        assert token["expires_at"] > identity["since"] + 3600
        assert set(token) == {
            *("service", "address", "kind", "renewer", "expires_at", "max_date", "error")
        }


@pytest.mark.parametrize(
    ("user", "password", "code", "said"),
    [
        ("alice", "wrong", "wrong_password", "Wrong password for alice@PROD.EXAMPLE.COM"),
        ("dave", None, "password_expired", "has expired"),
        ("nobody", None, "unknown_user", "no user nobody@PROD.EXAMPLE.COM"),
        ("erin", None, "account_locked", "locked or disabled"),
        ("alice@ELSEWHERE.COM", "x", "invalid_input", "is of the realm PROD.EXAMPLE.COM"),
    ],
)
async def test_a_refused_login_says_why(login, user, password, code, said):
    status, reply = await login(user, password)
    assert 400 <= status < 500
    assert status != 401  # JupyterLab would take that for a lost session of its own
    assert reply["code"] == code
    assert said in reply["message"]
    assert reply["cluster"] == "prod"


async def test_what_cannot_be_a_login_is_refused_without_repeating_it(call):
    for body in ({"user": "alice"}, {"user": "a b", "password": "canary"}, {"password": 7}):
        status, reply = await call("POST", "prod", "login", **body)
        assert (status, reply["code"]) == (400, "invalid_input")
        assert "canary" not in json.dumps(reply)


async def test_nobody_logs_in_without_token_or_from_another_page(extension, jp_fetch, jp_base_url):
    body = json.dumps({"user": "alice", "password": "alice-password"})
    for headers in ({"Authorization": "token wrong"}, {"Authorization": ""}):
        with pytest.raises(HTTPClientError) as error:
            await jp_fetch(
                *("jupyter-ext", "credentials", "prod", "login"),
                method="POST",
                body=body,
                headers=headers,
            )
        assert error.value.code == 403
    assert (await extension.broker.identity(OWNER, "prod")).state == "none"


# -- what kernels get -------------------------------------------------------------------------


async def credentials(extension) -> Path:
    directory = Path(os.environ[VARIABLE])
    assert directory == extension.runtime.kernels(OWNER)
    return directory


def aliases(directory: Path) -> set[str]:
    tokens, _ = read_file_bytes((directory / "tokens").read_bytes())
    return set(tokens)


def modes(directory: Path) -> set[str]:
    return {oct(path.stat().st_mode & 0o777) for path in directory.rglob("*") if path.is_file()}


async def test_kernels_find_tickets_and_tokens_of_every_cluster(extension, call, login, sandbox):
    directory = await credentials(extension)
    assert (directory / "tokens").read_bytes() == b"HDTS\0\0\0"
    await login()
    index = directory / "clusters.json"
    await eventually(
        lambda: aliases(directory) >= {f"localhost:{sandbox.port('prod', 'namenode-rpc')}"}
    )
    assert modes(directory) == {"0o600"}
    assert directory.stat().st_mode & 0o777 == 0o700
    prod = directory / "prod"
    assert {path.name for path in prod.iterdir()} == {
        *("conf", "krb5.conf", "krb5cc", "ca.pem", "tokens")
    }
    assert "max_retries = 1" in (prod / "krb5.conf").read_text()
    assert set(json.loads(index.read_text())["clusters"]) >= {"dev", "prod", "stage"}

    before = (prod / "krb5cc").stat().st_ino
    await call("POST", "prod", "renew")
    await eventually(lambda: (prod / "krb5cc").stat().st_ino != before)

    await call("DELETE", "prod")
    kept = {"conf", "ca.pem"}
    await eventually(lambda: {path.name for path in prod.iterdir()} == kept)
    assert (directory / "tokens").read_bytes() == b"HDTS\0\0\0"


async def test_curl_reads_what_only_its_user_may(extension, login, sandbox):
    directory = await credentials(extension)
    await login()
    prod = directory / "prod"
    await eventually(lambda: (prod / "krb5cc").exists())
    environment = {
        **os.environ,
        "KRB5CCNAME": f"FILE:{prod / 'krb5cc'}",
        "KRB5_CONFIG": str(prod / "krb5.conf"),
    }

    async def curl(path):
        url = f"{sandbox.namenode('prod')}/webhdfs/v1{path}"
        return await asyncio.to_thread(
            subprocess.run,
            ["curl", "-sL", "--negotiate", "-u", ":", url],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

    own = await curl("/data/alice-only.csv?op=OPEN")
    assert "alice" in own.stdout or "," in own.stdout
    assert "AccessControlException" not in own.stdout
    other = await curl("/data/bob-only.csv?op=OPEN")
    assert "Permission denied: user=alice" in other.stdout


async def test_after_the_logout_tokens_are_worth_nothing(extension, login, call, sandbox):
    directory = await credentials(extension)
    await login()
    name = f"localhost:{sandbox.port('prod', 'namenode-rpc')}"
    await eventually(lambda: name in aliases(directory))
    token = read_file_bytes((directory / "tokens").read_bytes())[0][name]
    url = f"{sandbox.namenode('prod')}/webhdfs/v1/user/alice"
    query = {"op": "LISTSTATUS", "delegation": encode_url_string(token)}
    async with httpx.AsyncClient() as client:
        assert (await client.get(url, params=query)).status_code == 200
        await call("DELETE", "prod")
        refused = await client.get(url, params=query)
    assert refused.status_code == 403
    assert "can't be found in cache" in refused.text or "InvalidToken" in refused.text


async def test_a_server_that_is_stopped_while_it_starts_leaves_nothing(
    private_runtime, jp_config_dir, jp_serverapp
):
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_ext"]
    starting = asyncio.create_task(app._start_jupyter_server_extension(jp_serverapp))
    await asyncio.sleep(0)
    assert app.runtime.path.exists()
    await app.stop_extension()
    await starting
    assert not app.runtime.path.exists()
