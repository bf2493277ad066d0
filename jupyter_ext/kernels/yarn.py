"""Kernels in YARN containers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from jupyter_ext.clusters.models import Profile
from jupyter_ext.display import megabytes
from jupyter_ext.errors import (
    Forbidden,
    InvalidInput,
    JupyterExtError,
    LoginNeeded,
    Misconfigured,
    NotFound,
)
from jupyter_ext.hadoop.access import Access
from jupyter_ext.hadoop.application_token import application_token
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import NewApplication, Scheduler
from jupyter_ext.kernels import yarn_failures
from jupyter_ext.kernels.agent_archive import agent_archive
from jupyter_ext.kernels.backend import Condition, Found, Handle, LaunchFailed, Order, Tell
from jupyter_ext.kernels.models import Failure
from jupyter_ext.kernels.yarn_launch import (
    TAG,
    Resource,
    Wanted,
    context,
    kernel_of,
    owner_tag,
    task_of,
)
from jupyter_ext.kernels.yarn_queue import second_container
from jupyter_ext.kernels.yarn_staging import Staging
from jupyter_ext.kernels.yarn_watch import ALIVE, OVER, Following, host, log, why


class Profiles(Protocol):
    """Where profiles are found."""

    def list(self) -> list[Profile]:
        """Give all."""

    def get(self, name: str) -> Profile:
        """Give one."""


class YarnBackend:
    """Starts, finds and ends kernels' applications on any number of clusters.

    Parameters
    ----------
    access
        As whom clusters are asked.
    profiles
        The clusters.
    agent
        Gives the agent's ``.pyz``.
    """

    def __init__(
        self, access: Access, profiles: Profiles, agent: Callable[[], bytes] = agent_archive
    ) -> None:
        self._access = access
        self._profiles = profiles
        self._agent = agent

    async def prepare(self, order: Order, tell: Tell) -> Handle:
        """Get an application id, and choose how many containers there will be."""
        tell("preparing", "")
        profile, wanted = _profile(order), Wanted.of(order)
        _check_secrecy(profile)
        async with self._open(profile) as hadoop:
            manager = hadoop.resourcemanager
            scheduler, new = await asyncio.gather(_scheduler(hadoop), manager.new_application())
        _check_size(profile, wanted, new)
        return {
            "cluster": profile.name,
            "application": new.id,
            "second": second_container(wanted, scheduler),
            "memory_mb": wanted.memory_mb,
        }

    async def start(self, order: Order, handle: Handle, tell: Tell) -> None:
        """Store the agent in HDFS and submit the application."""
        profile, wanted = _profile(order), Wanted.of(order)
        _check_secrecy(profile)
        async with self._open(profile) as hadoop:
            staging = Staging(hadoop, lambda what: tell("uploading", what))
            stored, token = await asyncio.gather(
                self._stage(staging, wanted), application_token(hadoop)
            )
            task = await asyncio.to_thread(
                task_of, profile, wanted, stored, second=handle["second"]
            )
            submission = context(
                order,
                wanted,
                handle["application"],
                resources=stored,
                token=token,
                task=task,
                user=order.owner,
            )
            try:
                await hadoop.resourcemanager.submit(submission)
            except (InvalidInput, Forbidden) as error:
                failure = yarn_failures.refused(profile.title, error.message)
                raise LaunchFailed(failure, profile.name) from error
        tell("submitted", handle["application"])

    async def watch(self, handle: Handle, tell: Tell) -> Failure:
        """Tell where the application is until it is over, through any silence of the cluster."""
        following = Following(handle, tell)
        while True:
            try:
                async with self._open_named(handle) as hadoop:
                    return await following.follow(hadoop)
            except NotFound:
                return yarn_failures.forgotten(handle["cluster"], handle["application"])
            except JupyterExtError:
                # Nobody is logged in, or nobody answers: the kernel may well go on.
                await asyncio.sleep(max(1.0, following.pause()))

    async def inspect(self, handle: Handle) -> Condition:
        """Ask the ResourceManager how the application is."""
        try:
            async with self._open_named(handle) as hadoop:
                app = await hadoop.resourcemanager.app(handle["application"])
                url = _page(hadoop, app.id)
                if app.state in OVER:
                    return Condition(False, url=url, failure=await why(hadoop, handle, app))
                return Condition(True, host=await host(hadoop, handle, app), url=url)
        except NotFound:
            failure = yarn_failures.forgotten(handle["cluster"], handle["application"])
            return Condition(False, failure=failure)
        except JupyterExtError:
            return Condition(None)

    async def end(self, handle: Handle) -> None:
        """Kill the application; one that is over, or never began, stays as it is."""
        async with self._open_named(handle) as hadoop:
            with suppress(NotFound):
                await hadoop.resourcemanager.kill(handle["application"])

    async def logs(self, handle: Handle, lines: int) -> str:
        """Give the end of what the kernel's container printed, as its NodeManager has it."""
        async with self._open_named(handle) as hadoop:
            return await log(hadoop, handle, lines)

    async def find(self, owner: str) -> list[Found]:
        """List the user's applications on every cluster that answers."""
        profiles = await asyncio.to_thread(self._profiles.list)
        usable = [one for one in profiles if not one.broken and one.endpoints.resourcemanagers]
        found = await asyncio.gather(*(self._find(profile, owner) for profile in usable))
        return [one for some in found for one in some]

    async def close(self) -> None:
        """Nothing is kept open."""

    # -- starting -------------------------------------------------------------------------------

    async def _stage(self, staging: Staging, wanted: Wanted) -> list[Resource]:
        stored = [await staging.agent(self._agent())]
        if wanted.archive:
            stored.append(await staging.environment(wanted.archive))
        return stored

    # -- clusters -------------------------------------------------------------------------------

    async def _find(self, profile: Profile, owner: str) -> list[Found]:
        try:
            async with self._open(profile) as hadoop:
                user = hadoop.connection.profile.user
                apps = await hadoop.resourcemanager.apps(
                    user=user, states=ALIVE, tags=[owner_tag(owner)]
                )
        except JupyterExtError:
            return []  # its card says why
        return [
            Found(
                kernel_id=kernel_of(app.tags),
                owner=owner,
                handle={
                    "cluster": profile.name,
                    "application": app.id,
                    "second": app.containers > 1,
                    "memory_mb": 0,
                },
                title=app.name,
                started_at=app.started_ms / 1000,
            )
            for app in apps
            if TAG in app.tags and kernel_of(app.tags)
        ]

    @asynccontextmanager
    async def _open(self, profile: Profile) -> AsyncIterator[Hadoop]:
        hadoop = await self._access.open(profile)
        try:
            yield hadoop
        finally:
            await hadoop.aclose()

    @asynccontextmanager
    async def _open_named(self, handle: Handle) -> AsyncIterator[Hadoop]:
        profile = await asyncio.to_thread(self._profiles.get, handle["cluster"])
        async with self._open(profile) as hadoop:
            yield hadoop


async def _scheduler(hadoop: Hadoop) -> Scheduler | None:
    """Ask for the queues; a kernel can be started without knowing them."""
    try:
        return await hadoop.resourcemanager.scheduler()
    except LoginNeeded:
        raise
    except JupyterExtError:
        return None


def _profile(order: Order) -> Profile:
    if order.profile is None:
        raise Misconfigured(
            "A kernel on YARN needs a cluster, and its kernelspec names none.",
            hint="Make the kernelspecs anew: jupyter cluster kernels sync.",
        )
    if order.profile.auth == "gateway":
        raise Misconfigured(
            f"{order.profile.title} is reached through a gateway, and no kernel can be started on "
            "its YARN from there.",
            hint="Its container would need the ResourceManager's and HDFS's own addresses, and a "
            "token that a gateway does not give. Use Spark through Livy, or have these daemons "
            "opened to this machine and a profile without a gateway.",
            cluster=order.profile.name,
        )
    return order.profile


def _check_size(profile: Profile, wanted: Wanted, new: NewApplication) -> None:
    most = new.largest
    if 0 < most.memory_mb < wanted.memory_mb:
        failure = yarn_failures.too_large(
            profile.title, "memory", megabytes(wanted.memory_mb), megabytes(most.memory_mb)
        )
    elif 0 < most.vcores < wanted.vcores:
        failure = yarn_failures.too_large(
            profile.title, "vcores", str(wanted.vcores), str(most.vcores)
        )
    else:
        return
    raise LaunchFailed(failure, profile.name)


def _check_secrecy(profile: Profile) -> None:
    """Refuse to send secrets where others could read them on the way."""
    if profile.auth != "kerberos" or profile.config.kernels.yarn.plain_http:
        return
    for daemon in profile.endpoints.resourcemanagers:
        parts = urlsplit(daemon.url)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise Misconfigured(
                f"The ResourceManager of {profile.title} speaks http, so the kernel's secret would "
                "travel in the clear.",
                hint="Set yarn.http.policy to HTTPS_ONLY on the cluster; or, if you trust the "
                "network in between, kernels.yarn.plain_http = true in cluster.toml.",
                cluster=profile.name,
            )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _page(hadoop: Hadoop, app_id: str) -> str:
    active = hadoop.resourcemanager.active
    return f"{active.url}/cluster/app/{app_id}" if active else ""
