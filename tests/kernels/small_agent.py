"""An agent that does no more than these tests need: it starts a command and has a tunnel.

Usage: small_agent.py BOOTSTRAP DIRECTORY [COMMAND...]; {connection_file} is filled in. Messages:
``echo`` is answered, ``signal`` goes to the command, ``flood`` sends bytes on every open stream of
the channel that it names.
"""

import json
import os
import subprocess
import sys

from jupyter_ext_agent.reactor import Reactor
from jupyter_ext_agent.relay import Relay
from jupyter_ext_agent.tunnel import Tunnel

PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}


class SmallAgent:
    def __init__(self, bootstrap, directory, command, **limits):
        self.reactor = Reactor()
        self.directory = directory
        self.child = None
        self.refused = ""
        if command:
            path = self.write_connection_file(bootstrap)
            self.argv = [part.replace("{connection_file}", path) for part in command]
            self.launch()
        instance = bootstrap.get("instance", os.urandom(16).hex())
        self.tunnel = Tunnel(self.reactor, bootstrap, instance, self, **limits)

    def write_connection_file(self, bootstrap):
        path = os.path.join(self.directory, "connection.json")
        info = dict(bootstrap["connection"], transport="ipc", ip=os.path.join(self.directory, "k"))
        info.update({channel + "_port": port for channel, port in PORTS.items()})
        with open(path, "w") as file:
            json.dump(info, file)
        return path

    def launch(self):
        self.child = subprocess.Popen(self.argv, cwd=self.directory, start_new_session=True)

    def replace(self):
        self.child.kill()
        self.child.wait()
        for port in PORTS.values():
            os.unlink(os.path.join(self.directory, f"k-{port}"))
        self.launch()

    def run(self):
        self.tunnel.start()
        self.reactor.run()
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def tunnel_connected(self, resumed):
        if not resumed:
            self.tunnel.tell({"type": "agent", "pid": os.getpid()})

    def tunnel_lost(self):
        pass

    def tunnel_refused(self, reason):
        self.refused = reason
        self.reactor.stop()

    def told(self, message):
        kind = message["type"]
        if kind == "stop":
            self.tunnel.close("stopped", self.reactor.stop)
        elif kind == "signal":
            os.killpg(self.child.pid, message["signum"])
        if "id" in message:
            self.tunnel.tell({"type": "done", "id": message["id"], "error": message.get("error")})

    def opened(self, stream, options):
        if stream.channel == "terminal":
            stream.on_data = lambda data: (stream.send(data), stream.consumed(len(data)))
        else:
            path = os.path.join(self.directory, f"k-{PORTS[stream.channel]}")
            Relay(self.reactor, stream, path)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        told = json.load(file)
    SmallAgent(told, sys.argv[2], sys.argv[3:], **told.get("limits", {})).run()
