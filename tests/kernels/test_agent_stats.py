"""What an agent says of CPU, memory and GPUs."""

from __future__ import annotations

from tests.fakes.plain_hub import plain_hub
from tests.kernels.agents import running_agent

BUSY = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "x = b'x' * (100 << 20)\\nwhile True: pass"])
child.wait()
"""
NVIDIA_SMI = """#!/bin/sh
echo "$*" | grep -q memory.total || exit 1
echo "Tesla T4, 37, 1024, 15360"
echo "Odd one, [N/A], 12, 16384"
"""


def test_what_the_kernel_and_its_children_use_is_told(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "nvidia-smi").write_text(NVIDIA_SMI)
    (programs / "nvidia-smi").chmod(0o755)
    path = f"{programs}:/usr/bin:/bin"
    with plain_hub(tmp_path) as hub, running_agent(tmp_path, hub, PATH=path) as agent:
        agent.launch("{python}", "-c", BUSY, memory_limit_mb=4096)
        stats = hub.heard("stats")
        assert 100 < stats["memory_mb"] < 300
        assert stats["cpu_percent"] > 10
        assert stats["memory_limit_mb"] == 4096
        assert stats["gpus"] == [
            {"name": "Tesla T4", "percent": 37.0, "memory_mb": 1024, "memory_total_mb": 15360},
            {"name": "Odd one", "percent": 0.0, "memory_mb": 12, "memory_total_mb": 16384},
        ]


def test_a_broken_nvidia_smi_is_no_trouble(tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    with plain_hub(tmp_path) as hub, running_agent(tmp_path, hub, PATH=path) as agent:
        agent.launch("/bin/sleep", "1000")
        assert hub.heard("stats")["gpus"] == []
