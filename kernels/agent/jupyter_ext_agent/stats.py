"""What the processes below the agent use: CPU, memory, GPUs."""

import os
import threading
from typing import Any, Callable, Dict, List, Optional

from jupyter_ext_agent import tree
from jupyter_ext_agent.reactor import Reactor, Timer

EVERY_S = 5.0
FIRST_S = 1.0
GPU_TIMEOUT_S = 4.0
_QUERY = ("name", "utilization.gpu", "memory.used", "memory.total")


class Stats:
    """Measures now and then, in a thread: a file of /proc can take its time, nvidia-smi does.

    Parameters
    ----------
    tell
        Called with the ``stats`` message, in the reactor's thread.
    limit_mb
        Gives the memory that the kernel may use, in MiB.
    """

    def __init__(
        self,
        reactor: Reactor,
        tell: Callable[[Dict[str, Any]], None],
        limit_mb: Callable[[], Optional[int]],
    ) -> None:
        self._reactor = reactor
        self._tell = tell
        self._limit_mb = limit_mb
        self._timer: Optional[Timer] = None
        self._ticks: Dict[int, int] = {}
        self._at = 0.0
        self._nvidia_smi: Optional[str] = None
        self._is_measuring = False

    def start(self) -> None:
        """Measure from now on."""
        if self._timer is None and os.path.exists("/proc/self/stat"):
            self._nvidia_smi = _find("nvidia-smi")
            self._ticks, self._at = _ticks(tree.below(os.getpid())), self._reactor.now()
            self._timer = self._reactor.call_later(FIRST_S, self._measure)

    def stop(self) -> None:
        """Measure no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _measure(self) -> None:
        self._timer = self._reactor.call_later(EVERY_S, self._measure)
        if not self._is_measuring:
            self._is_measuring = True
            threading.Thread(target=self._in_thread, daemon=True).start()

    def _in_thread(self) -> None:
        processes = tree.below(os.getpid())
        gpus = _gpus(self._nvidia_smi) if self._nvidia_smi else []
        self._reactor.call_threadsafe(self._measured, processes, gpus)

    def _measured(self, processes: List[tree.Running], gpus: List[Dict[str, Any]]) -> None:
        self._is_measuring = False
        if self._timer is None:
            return
        now, ticks = self._reactor.now(), _ticks(processes)
        used = sum(count - self._ticks.get(pid, 0) for pid, count in ticks.items())
        passed = max(now - self._at, 0.001)
        self._ticks, self._at = ticks, now
        self._tell(
            {
                "type": "stats",
                "cpu_percent": round(max(0, used) * 100.0 / os.sysconf("SC_CLK_TCK") / passed, 1),
                "memory_mb": sum(p.pages for p in processes) * os.sysconf("SC_PAGE_SIZE") >> 20,
                "memory_limit_mb": self._limit_mb(),
                "gpus": gpus,
            }
        )


def _ticks(processes: List[tree.Running]) -> Dict[int, int]:
    return {process.pid: process.ticks for process in processes}


def _find(program: str) -> Optional[str]:
    for directory in os.get_exec_path():
        path = os.path.join(directory, program)
        if os.access(path, os.X_OK):
            return path
    return None


def _gpus(nvidia_smi: str) -> List[Dict[str, Any]]:
    import subprocess

    command = [nvidia_smi, f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader,nounits"]
    try:
        text = subprocess.check_output(
            command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=GPU_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return []
    found = (_gpu(line.split(", ")) for line in text.decode("utf-8", "replace").splitlines())
    return [gpu for gpu in found if gpu]


def _gpu(fields: List[str]) -> Optional[Dict[str, Any]]:
    """Read a line of nvidia-smi, which says [N/A] for what a GPU does not tell."""
    if len(fields) != len(_QUERY):
        return None
    percent, used, total = (float(f) if f.strip().isdigit() else 0.0 for f in fields[1:])
    return {
        "name": fields[0],
        "percent": percent,
        "memory_mb": int(used),
        "memory_total_mb": int(total),
    }
