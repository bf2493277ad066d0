"""How values read: in a terminal, in a notebook, and when Java has said too much."""

from __future__ import annotations

import pytest

from jupyter_ext.display import Mark, Table, View, duration, megabytes, percent, size
from jupyter_ext.status import views
from jupyter_ext.status.models import AppStatus, ClusterStatus, SectionFailure
from tests.magics.samples import PROFILE, up

# As the ResourceManager of Hadoop 3.5 sends them.
EXIT = """\
Application application_1_0009 failed 1 times (global limit =2; local limit is =1) due to AM \
Container for appattempt_1_0009_000001 exited with  exitCode: 3
Failing this attempt.Diagnostics: [2026-11-24 10:18:38.082]Exception from container-launch.
Container id: container_1_0009_01_000001
Exit code: 3

[2026-11-24 10:18:38.127]Container exited with a non-zero exit code 3. Error file: prelaunch.err.
Last 4096 bytes of prelaunch.err :
Last 4096 bytes of stderr :
Traceback (most recent call last):
ValueError: the input is missing


[2026-11-24 10:18:38.127]Container exited with a non-zero exit code 3. Error file: prelaunch.err.
"""
MEMORY = """\
Application application_1_0010 failed 1 times due to AM Container for appattempt_1_0010_000001 \
exited with  exitCode: -104
Failing this attempt.Diagnostics: [2026-11-24 10:20:00.000]Container [pid=21559,containerID=\
container_1_0010_01_000001] is running 506568704B beyond the 'PHYSICAL' memory limit. Current \
usage: 611.1 MB of 128 MB physical memory used; 617.8 MB of 268.8 MB virtual memory used. \
Killing container.
Dump of the process-tree for container_1_0010_01_000001 :
"""


def apps(*found: AppStatus, **changes) -> str:
    status = up().model_copy(update={"apps": list(found), **changes})
    return str(views.apps(PROFILE, status))


@pytest.mark.parametrize(
    ("diagnostics", "why"),
    [
        (EXIT, "Ended with exit code 3: ValueError: the input is missing"),
        (
            MEMORY,
            "Killed because it used more memory than it asked for: 611.1 MB of 128 MB physical "
            "memory used; 617.8 MB of 268.8 MB virtual memory used",
        ),
        ("Application a was killed by user alice\n", "Application a was killed by user alice"),
        ("AM exited with  exitCode: 0\n", "Ended with exit code 0"),
        ("x" * 1000, "x" * views.MAX_CAUSE),
        ("", ""),
    ],
)
def test_the_cause_is_found_in_what_java_says(diagnostics, why):
    app = AppStatus(id="a", state="FAILED", final_status="FAILED", diagnostics=diagnostics)
    last = apps(app).splitlines()[-1]
    assert last.endswith(why)
    assert "FAILED" in last


def test_why_an_application_waits_comes_first():
    app = AppStatus(id="a", state="ACCEPTED", waiting="The queue is full.", diagnostics="AM ...")
    assert apps(app).splitlines()[-1].endswith("The queue is full.")


def test_what_is_left_off_is_said():
    assert apps(AppStatus(id="a"), apps_left_off=7).endswith("\nAnd 7 more.")


def test_no_application_is_told_from_no_answer():
    assert "no application of yours" in apps()
    failure = SectionFailure(
        code="forbidden", message="dev hides applications.", hint="Ask its owner."
    )
    assert apps(failures={"apps": failure}) == "dev: dev hides applications. Ask its owner."
    login = ClusterStatus(cluster="dev", state="login_needed", reason="dev wants a ticket.")
    assert str(views.apps(PROFILE, login)) == "dev: login needed. dev wants a ticket."


def test_a_section_that_failed_is_named_once():
    failure = SectionFailure(
        code="bad_answer", message="HTML instead of JSON.", hint="Is it a proxy?"
    )
    status = up().model_copy(update={"failures": {"hdfs": failure}})
    assert str(views.details(PROFILE, status)).endswith(
        "hdfs: HTML instead of JSON. Is it a proxy?"
    )
    told = status.model_copy(update={"reason": failure.message, "state": "degraded"})
    assert str(views.details(PROFILE, told)).count("HTML instead of JSON.") == 1


def test_tables_align_in_a_terminal_and_escape_in_a_notebook():
    table = Table(["a", "state"], [["x" * 6, Mark("up", "good")], ["<i>", "two\nlines"]])
    assert str(table) == "a       state\nxxxxxx  up\n<i>     two lines"
    html = View(["a & b", table]).html()
    assert "a &amp; b" in html
    assert "&lt;i&gt;" in html
    assert "two<br>lines" in html
    assert "●</span> up" in html


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (megabytes(512), "512 MB"),
        (megabytes(4096), "4.0 GB"),
        (size(0), "0 B"),
        (size(1536), "1.5 kB"),
        (size(3 << 50), "3.0 PB"),
        (duration(59.9), "59 s"),
        (duration(61), "1 min 1 s"),
        (duration(7260), "2 h 1 min"),
        (duration(90000), "1 d 1 h"),
        (percent(None), "-"),
        (percent(0.256), "26 %"),
    ],
)
def test_amounts(shown, expected):
    assert shown == expected
