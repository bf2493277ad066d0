"""How long the event loop is held while something is wrong with a KDC, a directory or a cluster.

What goes wrong is what tests let go wrong; they say that it is told right, this says how long.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.credentials import broker_in
from benchmarks.polling import ROOT, child
from benchmarks.table import Row, times
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop.access import LoggedIn
from tests.fakes.spnego import spnego_daemon
from tests.kdc import RunningKdc, running_kdc
from tests.loop_watch import Watch

LIMIT_MS = 50
LIFE_S, RENEWABLE_S, EVERY_S = 10, 60, 0.5
END_S = 3.0
"""Within the last tenth of its life a ticket is not used, and it may end a second early."""

_ROWS = "test_error_table.py::test_a_login_that_the_kdc_refuses"
FAULTS: Mapping[str, str] = {
    "wrong password": f"{_ROWS}[wrong password]",
    "empty password": f"{_ROWS}[empty password, which is sent nowhere]",
    "expired password": f"{_ROWS}[expired password]",
    "password that must be changed": f"{_ROWS}[password that must be changed]",
    "account locked by wrong passwords": "test_error_table.py::"
    "test_an_account_that_wrong_passwords_locked",
    "disabled account": f"{_ROWS}[disabled account]",
    "unknown principal": f"{_ROWS}[unknown principal]",
    "KDC closed": f"{_ROWS}[KDC that is closed]",
    "KDC a black hole": f"{_ROWS}[KDC that is a black hole]",
    "first of two KDCs dead": "test_kerberos.py::"
    "test_the_second_kdc_is_asked_when_the_first_is_dead",
    "KDC answers garbage": "test_kerberos.py::test_something_else_answers_in_place_of_the_kdc",
    "clock 10 min off": f"{_ROWS}[clock skew]",
    "host name mismatch": "test_attacks.py::test_a_host_of_another_name_than_its_principal",
    "password changed meanwhile": "test_faults.py::"
    "test_a_password_changed_meanwhile_ends_nothing_until_the_next_login",
    "LDAP with the wrong CA": "test_ldap.py::test_a_certificate_of_another_ca_is_refused",
    "StartTLS refused": "test_ldap_refusals.py::test_nothing_is_sent_to_who_refuses_starttls",
    "referral to another host": "test_ldap_refusals.py::test_a_referral_is_not_followed",
    "filter characters in the user name": "test_ldap.py::"
    "test_special_characters_in_a_name_find_nobody",
    "LDAP lock-out": "test_ldap.py::test_three_wrong_passwords_lock_for_a_while",
    "NameNode down at login": "test_faults.py::"
    "test_a_login_succeeds_while_the_namenode_is_down_and_gets_its_token_later",
    "two users interleaved, 600 requests": "test_attacks.py::"
    "test_two_users_of_one_server_are_never_taken_for_each_other",
    "rogue redirect that asks for Negotiate": "test_attacks.py::"
    "test_a_datanode_that_asks_who_it_is_learns_nothing",
    "request without token or XSRF": "test_attacks.py::"
    "test_what_a_browser_sends_for_another_page_is_refused",
    "server killed, the next one sweeps": "test_ends.py::"
    "test_the_next_server_sweeps_what_a_killed_one_left",
    "file system full": "test_ends.py::"
    "test_a_full_file_system_refuses_logins_and_lets_everybody_out",
}
"""Each fault, and the tests of it below tests/credentials: how their names begin."""


def measure() -> list[Row]:
    """Run the tests of each fault, then live with tickets of ten seconds."""
    with tempfile.TemporaryDirectory() as place:
        found = _of_tests(Path(place) / "stalls.json")
        rows = [_row(fault, _longest(found, tests)) for fault, tests in FAULTS.items()]
        with running_kdc(Path(place) / "kdc") as kdc:
            kdc.write_profile(Path(place) / "clusters", "prod")
            rows += asyncio.run(_a_short_life(Path(place), kdc))
    return rows


def _of_tests(path: Path) -> dict[str, dict[str, float]]:
    """Run them, as ``pytest -p tests.loop_watch`` does for whoever wants to see more."""
    names = {f"tests/credentials/{tests.partition('[')[0]}" for tests in FAULTS.values()}
    # Not all of them are whole names.
    files = sorted({name.partition("::")[0] for name in names})
    wanted = " or ".join(sorted({name.partition("::")[2] for name in names}))
    watched = ["-p", "tests.loop_watch", "--stalls", str(path)]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *watched, *files, "-k", wanted],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=sys.stderr,
        check=True,
    )
    return json.loads(path.read_text())


def _longest(found: Mapping[str, Mapping[str, float]], tests: str) -> Mapping[str, float]:
    """What was measured in that of one fault's tests in which a timer waited longest."""
    start = f"tests/credentials/{tests}"
    its = (one for name, one in found.items() if name.startswith(start))
    return max(its, key=lambda one: one["late_ms"])


def _row(fault: str, measured: Mapping[str, float]) -> Row:
    late_ms = measured["late_ms"]
    return Row(
        f"longest wait of a timer: {fault}",
        f"{late_ms:.1f} ms",
        f"limit: {LIMIT_MS} ms; own CPU time: {measured['cpu_ms']:.1f} ms; "
        f"an idle process: {measured['idle_ms']:.1f} ms",
        times(late_ms / LIMIT_MS),
    )


async def _a_short_life(root: Path, kdc: RunningKdc) -> list[Row]:
    """Tickets of ten seconds, asked with for as long as they can be renewed."""
    kdc.kadmin(f'modprinc -maxlife "{LIFE_S} seconds" -maxrenewlife "{RENEWABLE_S} seconds" bob')
    asked = refused = renewals = 0
    watch = Watch()
    with ExitStack() as stack:
        idle = stack.enter_context(child("benchmarks.loop"))
        broker = stack.enter_context(broker_in(root, [("user", root / "clusters")]))

        def count(_: str, identity: object) -> None:
            nonlocal renewals
            renewals += getattr(identity, "state", "") == "renewing"

        broker.subscribe(count)
        idle.ask()
        watch.begin(asyncio.get_running_loop())
        identity = await broker.login("ben", "prod", "bob", "bob-password")
        profile = ProfileStore([("user", root / "clusters")]).get("prod")
        async with (
            spnego_daemon(kdc.keytab, cookie_of="") as daemon,
            await LoggedIn(broker, "ben").open(profile) as hadoop,
        ):
            while time.time() < (identity.renew_until or 0) - END_S:
                asked += 1
                try:
                    await hadoop.connection.get_json(daemon.url)
                except JupyterExtError:
                    refused += 1
                await asyncio.sleep(EVERY_S)
        watch.end()
        measured = {
            "late_ms": 1000 * watch.late_s,
            "cpu_ms": 1000 * watch.cpu_s,
            "idle_ms": idle.ask()["late_ms"],
        }
        await broker.close()
    of = f"tickets of {LIFE_S} s over {RENEWABLE_S} s"
    return [
        _row(of, measured),
        Row(f"requests that failed: {of}", f"{refused} of {asked}", f"renewals: {renewals}"),
    ]
