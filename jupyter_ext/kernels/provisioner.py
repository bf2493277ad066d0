"""What Jupyter's kernel managers start and stop our kernels with, one class per backend."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any, ClassVar

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Bool, Unicode

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.directory import TOKEN_FILE, TOKENS
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels import failures
from jupyter_ext.kernels.models import Backend
from jupyter_ext.kernels.running import Running
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.values import defaults_of, resolve
from jupyter_ext.kernels.wanted import Wanted, view_of

POLL_S = 0.05
_PYTHONS = re.compile(r"python(3(\.\d+)?)?")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class ClusterProvisioner(KernelProvisionerBase):
    """Starts one kernel through the launcher of this process.

    A restart stays in its container: the kernel process ends, and the agent starts it again. The
    container ends in :meth:`cleanup`, the only call that reliably says whether there is a restart
    to come; until then, killing means the process.
    """

    backend: ClassVar[Backend]

    parent: Any
    cluster: Any = Unicode(
        None, allow_none=True, config=True, help="Name of the profile; none for no cluster."
    )
    persistent: Any = Bool(
        True, config=True, help="Whether the kernel goes on when its Jupyter server ends."
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connection_info: Any = {}  # the base class has one for all instances
        self.running: Running | None = None
        self._changes: Mapping[str, Any] | None = None
        self._values: Mapping[str, Any] | None = None
        """Of the last start; None before the first."""
        self._hopeless = False

    @property
    def services(self) -> KernelServices:
        """Those of the Jupyter server; of this process where there is none."""
        found = getattr(self.parent.parent, "services", None)
        return found if found is not None else KernelServices.of_process()

    def harden(self, values: Mapping[str, Any]) -> None:
        """Let the next restart make a new container, with these values changed."""
        self._changes = values

    def adopt(self, running: Running) -> None:
        """Take a kernel that was started by another process."""
        self.running = running
        self.connection_info = running.connection_info

    @property
    def can_stay(self) -> bool:
        """Whether a restart stays in its container."""
        running = self.running
        return running is not None and running.failure is None and self._changes is None

    @property
    def can_outlive(self) -> bool:
        """Whether the kernel goes on when its server ends; one that is dead cannot."""
        return bool(self.persistent) and (self.running is None or self.running.failure is None)

    # -- starting -----------------------------------------------------------------------------

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the command and the environment."""
        kwargs = await super().pre_launch(**kwargs)
        argv = [*self.kernel_spec.argv, *kwargs.pop("extra_arguments", [])]
        return {**kwargs, "cmd": self._command(argv)}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel, in its container if there is one, and wait until it answers."""
        session = self.parent.session
        launch = {
            "argv": cmd,
            "env": kwargs.get("env", {}),
            "cwd": str(kwargs.get("cwd") or "") if self.backend == "local" else "",
            "connection": {
                "key": session.key.decode(),
                "signature_scheme": session.signature_scheme,
                "kernel_name": self.parent.kernel_name,
            },
            "interrupt_mode": self.kernel_spec.interrupt_mode,
        }
        self.running = await self.services.run(self._launch(launch))
        self.connection_info = self.running.connection_info
        return self.connection_info

    async def _launch(self, launch: dict[str, Any]) -> Running:
        try:
            return await self._start(launch)
        except JupyterExtError as error:
            # What the launcher was never asked for is shown too, where people look for the reason.
            if self.services.registry.peek(self.kernel_id) is None:
                view = view_of(self._wanted(launch, None, {}))
                fields = {"cluster": self.cluster, "state": "failed"}
                failure = failures.explain(error)
                self.services.registry.put(view.model_copy(update={**fields, "failure": failure}))
            raise

    async def _start(self, launch: dict[str, Any]) -> Running:
        services, running = self.services, self.running
        profile = await services.profile(self.cluster)
        if running is not None and self.can_stay:
            complete = self._complete(launch, profile, running.row.values)
            await services.launcher.restart(running, complete)
            return running
        # One that never became ready has values too: a restart changes some of them.
        before = self._values if running is None else running.row.values
        changes, self._changes = self._changes, None
        if before is None:
            values = await services.values(self.kernel_id, self.parent.kernel_name)
        else:
            values = resolve(self.backend, profile, before, changes or {})
        self._values = values
        if running is not None:
            await services.launcher.end(self.kernel_id, again=True)
            self.running = None
        return await services.launcher.start(self._wanted(launch, profile, values))

    def _wanted(
        self, launch: dict[str, Any], profile: Profile | None, values: Mapping[str, Any]
    ) -> Wanted:
        return Wanted(
            kernel_id=self.kernel_id,
            user=self.services.user,
            spec=self.parent.kernel_name,
            title=self.kernel_spec.display_name,
            backend=self.backend,
            profile=profile,
            values=values,
            launch=self._complete(launch, profile, values),
            persistent=self.persistent,
        )

    def _command(self, argv: list[str]) -> list[str]:
        """Fill in what is known on this side; the agent knows the rest."""
        here = {"resource_dir": self.kernel_spec.resource_dir, "prefix": sys.prefix}
        filled = [
            _PLACEHOLDER.sub(lambda found: here.get(found[1], found[0]), argument)
            for argument in argv
        ]
        if _PYTHONS.fullmatch(filled[0]):
            filled[0] = "{python}"
        if self.backend == "local" and filled[0] == "{python}":
            filled[0] = sys.executable
        return filled

    def _complete(
        self, launch: dict[str, Any], profile: Profile | None, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make the environment what the kernel gets: on other machines, nothing by default."""
        given: dict[str, str] = launch["env"]
        env = dict(given)
        if self.backend != "local":
            names = {*self.kernel_spec.env, "JPY_SESSION_NAME"}
            env = {name: value for name, value in given.items() if name in names}
        for entry in defaults_of(self.backend, profile).environment:
            name, assigned, value = entry.partition("=")
            if assigned:
                env[name] = value
            elif name in os.environ:
                env[name] = os.environ[name]
        before = given.get(VARIABLE)
        if env.get(TOKEN_FILE) in (None, f"{before}/{TOKENS}"):
            env[TOKEN_FILE] = f"{{credentials}}/{TOKENS}"
        env[VARIABLE] = "{credentials}"
        # A NodeManager counts memory itself, where no control group tells the agent.
        limit = values.get("memory_mb") if self.backend == "yarn" else None
        return {**launch, "env": env, "memory_limit_mb": limit}

    def _finalize_env(self, env: dict[str, str]) -> None:
        super()._finalize_env(env)
        # A kernel ends with the process that this names; ours is to outlive it.
        env.pop("JPY_PARENT_PID", None)

    # -- as of a process ----------------------------------------------------------------------

    @property
    def has_process(self) -> bool:
        """Whether there is a container."""
        return self.running is not None

    async def poll(self) -> int | None:
        """Say how the process ended, from memory; None while it runs or nobody knows."""
        if self.running is None or self._hopeless:
            return 0
        return self.running.exit_code

    async def wait(self) -> int | None:
        """Wait until the process has ended."""
        while (code := await self.poll()) is None:  # noqa: ASYNC110 - a loop of its own knows it
            await asyncio.sleep(POLL_S)
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process group; an agent that is away gets none."""
        if signum == 0 or self.running is None:
            return
        if self.running.attachment.state.attached:
            self.running.attachment.tell({"type": "signal", "signum": int(signum)})
        else:
            self.log.warning("Signal %s does not reach kernel %s.", signum, self.kernel_id)

    async def kill(self, restart: bool = False) -> None:
        """Kill the process; the container lives."""
        await self._or_give_up(SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Terminate the process; the container lives."""
        await self._or_give_up(SIGTERM)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Not wait for an agent that cannot be reached."""
        if not restart and self.running and not self.running.attachment.state.attached:
            self._hopeless = True

    async def cleanup(self, restart: bool = False) -> None:
        """End the container, unless there is a restart to come."""
        self._hopeless = False
        if restart:
            if self.running is not None:
                # The kernel manager has removed our sockets, taking them for the kernel's.
                self.running.attachment.restore_sockets()
            return
        await self.services.run(self.services.launcher.end(self.kernel_id))
        self.running = None

    async def _or_give_up(self, signum: int) -> None:
        if self.running is None or self.running.exit_code is not None:
            return
        if self.running.attachment.state.attached:
            await self.send_signal(signum)
        else:
            self._hopeless = True

    # -- as JSON ------------------------------------------------------------------------------

    async def get_provisioner_info(self) -> dict[str, Any]:
        """Give what names the kernel; all else is in the store."""
        info: dict[str, Any] = {**self.connection_info}
        if "key" in info:
            info["key"] = info["key"].decode()
        return {"kernel_id": self.kernel_id, "connection_info": info}

    async def load_provisioner_info(self, provisioner_info: dict[str, Any]) -> None:
        """Take what :meth:`get_provisioner_info` gave."""
        info = dict(provisioner_info["connection_info"])
        if "key" in info:
            info["key"] = info["key"].encode()
        self.kernel_id, self.connection_info = provisioner_info["kernel_id"], info

    def resolve_path(self, path: str) -> str | None:
        """Find a file as the kernel sees it; on this machine only."""
        if self.backend != "local" or self.running is None:
            return None
        found = Path(self.running.row.launch["cwd"] or Path.cwd(), Path(path).expanduser())
        return found.resolve().as_posix() if found.exists() else None


class LocalProvisioner(ClusterProvisioner):
    """Kernels on this machine."""

    backend = "local"


class DockerProvisioner(ClusterProvisioner):
    """Kernels in Docker containers."""

    backend = "docker"


class YarnProvisioner(ClusterProvisioner):
    """Kernels in YARN containers."""

    backend = "yarn"


PROVISIONERS: Mapping[str, type[ClusterProvisioner]] = {
    each.backend: each for each in (LocalProvisioner, DockerProvisioner, YarnProvisioner)
}
