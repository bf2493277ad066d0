"""``python -m jupyter_ext.kernels.attach SOCKET``: this terminal becomes one beside a kernel.

It is what a JupyterLab terminal runs, so it starts fast: the standard library, no more. The frames
that it speaks are those of :mod:`jupyter_ext.kernels.terminals`.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios
import tty

TYPED, WINDOW = b"d", b"w"
_READ = 1 << 16


def main() -> int:
    """Attach until either side ends; 1 if there is nothing to attach to."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(sys.argv[1])
    except OSError as error:
        print(f"The terminal in the kernel's container cannot be had: {error.strerror}.")
        print("Close this one and open another from the panel of remote kernels.")
        return 1
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal) if os.isatty(terminal) else None
    try:
        if before is not None:
            # What was typed already is for the shell.
            tty.setraw(terminal, termios.TCSANOW)
        relay(connection, terminal, sys.stdout.fileno())
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        if before is not None:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    return 0


def relay(connection: socket.socket, terminal: int, output: int) -> None:
    """Carry what is typed one way, what is printed the other, and the window's size."""
    awake, wake = socket.socketpair()
    wake.setblocking(False)
    awake.setblocking(False)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    send_size(connection, terminal)
    there, woken = connection.fileno(), awake.fileno()
    while True:
        ready, _, _ = select.select([there, terminal, woken], [], [])
        if woken in ready:
            awake.recv(_READ)
            send_size(connection, terminal)
        if terminal in ready:
            typed = os.read(terminal, _READ)
            if not typed:
                return
            send(connection, TYPED, typed)
        if there in ready:
            printed = connection.recv(_READ)
            if not printed:
                return
            write_all(output, printed)


def send_size(connection: socket.socket, terminal: int) -> None:
    """Tell how large the window is; a terminal without a size is as large as ever."""
    rows, columns = 24, 80
    if os.isatty(terminal):
        packed = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
        rows, columns = struct.unpack("HHHH", packed)[:2]
    send(connection, WINDOW, struct.pack("!HH", rows or 24, columns or 80))


def send(connection: socket.socket, kind: bytes, content: bytes) -> None:
    """Send one frame."""
    connection.sendall(struct.pack("!cI", kind, len(content)) + content)


def write_all(output: int, data: bytes) -> None:
    """Write everything, however little at once goes."""
    while data:
        data = data[os.write(output, data) :]


if __name__ == "__main__":
    sys.exit(main())
