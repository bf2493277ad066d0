"""A terminal beside a kernel, as JupyterLab's terminal manager runs it."""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from jupyter_ext.errors import Unreachable
from jupyter_ext.kernels.terminals import Terminals
from tests.conftest import eventually


class Agent:
    """An attachment whose terminals say in capitals what was typed."""

    def __init__(self, directory):
        self.connection_info = {"ip": str(directory / "z")}
        self.opened, self.told = [], []
        self._directory = directory

    async def open(self, options):
        self.opened.append(options)
        path = self._directory / f"t-{len(self.opened) + 6}"
        self.server = await asyncio.start_unix_server(self._shout, path)
        return path

    async def _shout(self, reader, writer):
        while data := await reader.read(1 << 16):
            if b"exit" in data:
                break
            writer.write(data.upper())
            await writer.drain()
        writer.close()

    def tell(self, message):
        self.told.append(message)


class Window:
    """A terminal in which the program runs."""

    def __init__(self, path, rows=30, columns=90):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.program = subprocess.Popen(
            [sys.executable, "-m", "jupyter_ext.kernels.attach", str(path)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.printed = b""
        asyncio.get_running_loop().add_reader(self.master, self._read)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.master, data) :]

    def _read(self):
        try:
            self.printed += os.read(self.master, 1 << 16)
        except OSError:
            asyncio.get_running_loop().remove_reader(self.master)

    async def ended(self):
        return await asyncio.to_thread(self.program.wait, 20)

    def close(self):
        self.program.kill()
        self.program.wait()
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)


@pytest.fixture
def agent(tmp_path_factory):
    return Agent(tmp_path_factory.mktemp("a"))


async def test_typing_printing_size_and_end(agent):
    terminals = Terminals()
    path = await terminals.open(agent)
    assert path.stat().st_mode & 0o777 == 0o600
    window = Window(path)
    await eventually(lambda: agent.opened)
    window.type("hello\x03\x04\x1b[A")
    # Not one key is the local terminal's: neither Ctrl-C nor Ctrl-D means anything to it.
    await eventually(lambda: b"HELLO\x03\x04\x1b[A" in window.printed)
    assert agent.opened == [{"channel": "terminal", "argv": [], "rows": 30, "columns": 90}]
    assert not path.exists()
    window.resize(50, 132)
    await eventually(lambda: agent.told)
    assert agent.told == [{"type": "resize", "stream": 7, "rows": 50, "columns": 132}]
    await asyncio.to_thread(window.type, "x" * 200_000)
    await eventually(lambda: window.printed.count(b"X") == 200_000)
    window.type("exit")
    assert await window.ended() == 0
    window.close()
    await terminals.close()


async def test_a_door_is_for_one_and_for_the_user_alone(agent):
    terminals = Terminals()
    path = await terminals.open(agent)
    window = Window(path)
    await eventually(lambda: agent.opened)
    late = Window(path)
    assert await late.ended() == 1
    await eventually(lambda: b"open another from the panel" in late.printed)
    window.type("still there")
    await eventually(lambda: b"STILL THERE" in window.printed)
    # The window is closed in the browser.
    window.program.terminate()
    await eventually(lambda: not terminals._doors)
    late.close()
    window.close()


async def test_an_agent_that_is_away_is_told_of_in_the_terminal(agent):
    async def open(options):
        raise Unreachable("The kernel has been shut down.", hint="Start it anew.")

    agent.open = open
    terminals = Terminals()
    window = Window(await terminals.open(agent))
    assert await window.ended() == 0
    await eventually(lambda: b"The kernel has been shut down.\r\nStart it anew." in window.printed)
    window.close()
