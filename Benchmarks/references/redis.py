"""Redis with a log that is synced before each answer."""

import pathlib

from harness import UnixConnection, wait_for

PACKAGES = ("redis-server",)


class Redis:
    def __init__(self, children, directory, environment=None):
        self._children = children
        self._directory = pathlib.Path(directory)
        self._environment = environment
        self.socket = self._directory / "redis.sock"

    def start(self):
        options = {"port": 0, "unixsocket": self.socket, "dir": self._directory, "save": "", "appendonly": "yes",
                   "appendfsync": "always", "auto-aof-rewrite-percentage": 0, "daemonize": "no"}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = self._children.start(["/usr/bin/redis-server", *arguments], self._directory / "redis.log",
                                             env=self._environment)
        wait_for("Redis", self._answers, 10)
        return self

    def _answers(self):
        connection = UnixConnection(self.socket)
        try:
            connection.connect()
            connection.sock.sendall(b"PING\r\n")
            return connection.sock.recv(64).startswith(b"+PONG")
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        self._children.stop(self._process)
