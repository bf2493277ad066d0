"""The doctor: what is wrong with a cluster, and what to do about it.

Looks at the profile, then at everything else at the same time: at every daemon and KDC (name, port,
certificate, clock, how it wants to know who you are), at the directory, and, for who is logged in,
at what the tickets are good for; and at what the ResourceManagers and NameNodes say of themselves.
"""

from __future__ import annotations

import asyncio
import time

from jupyter_ext.clusters.models import Profile
from jupyter_ext.hadoop.access import Access, Nobody
from jupyter_ext.hadoop.doctor_checks import Checks, Job, OnCheck
from jupyter_ext.hadoop.doctor_daemons import DaemonDoctor
from jupyter_ext.hadoop.doctor_directory import DirectoryDoctor
from jupyter_ext.hadoop.doctor_kerberos import KerberosDoctor
from jupyter_ext.hadoop.doctor_login import Login
from jupyter_ext.hadoop.models import DoctorReport, Verdict

CONNECT_TIMEOUT_S = 3.0
TIMEOUT_S = 10.0
"""For everything; what is not done by then is reported as such."""


async def examine(
    profile: Profile,
    *,
    access: Access | None = None,
    on_check: OnCheck | None = None,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    timeout_s: float = TIMEOUT_S,
) -> DoctorReport:
    """Examine one cluster; never raises for what it finds.

    Parameters
    ----------
    access
        As whom it is asked; nobody if left out. What only somebody can see is skipped then.
    on_check
        Called with each check as soon as it is done.
    connect_timeout_s
        Seconds for each of: name, connection, handshake, first answer.
    timeout_s
        Seconds for everything together.
    """
    start = time.monotonic()
    checks = Checks(profile, on_check, connect_timeout_s)
    access = access or Nobody()
    login = Login(checks, access)
    _check_profile(checks)
    jobs = [
        *DaemonDoctor(checks, login, access.known(profile)).jobs(),
        *login.jobs(),
        *KerberosDoctor(checks, login).jobs(),
        *DirectoryDoctor(checks, login).jobs(),
    ]
    try:
        await _all(checks, jobs, timeout_s)
    finally:
        await login.aclose()
    return DoctorReport(cluster=profile.name, seconds=time.monotonic() - start, checks=checks.done)


def _check_profile(checks: Checks) -> None:
    """Report each problem of the profile, or that there is none."""
    profile = checks.profile
    for problem in profile.problems:
        with checks.check("profile", problem.file or profile.name) as finding:
            verdict: Verdict = "failed" if problem.severity == "error" else "warning"
            key = f"{problem.key}: " if problem.key else ""
            where = f"Edit {problem.file} in {profile.directory}." if problem.file else ""
            finding.set(verdict, f"{key}{problem.message}", where)
    if not profile.problems:
        with checks.check("profile", profile.directory) as finding:
            daemons = len(profile.endpoints.resourcemanagers + profile.endpoints.namenodes)
            finding.set("ok", f"Readable; names {daemons} daemons.")


async def _all(checks: Checks, jobs: list[Job], timeout_s: float) -> None:
    """Run jobs at the same time; report those that outlast the examination."""
    tasks = {asyncio.ensure_future(job.work): job for job in jobs}
    if not tasks:
        return
    try:
        done, late = await asyncio.wait(tasks, timeout=timeout_s)
    finally:
        for task in tasks:
            task.cancel()
        # They close their connections before the loop may end.
        await asyncio.wait(tasks)
    for task in done:
        task.result()
    for task in late:
        job = tasks[task]
        with checks.check(job.name, job.target) as finding:
            finding.set("failed", f"Not done after {timeout_s:.0f} s.", "Try again later.")
