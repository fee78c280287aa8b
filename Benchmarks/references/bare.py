"""A door that stores nothing: the least that one on the same library can do."""

import pathlib

from harness import ROOT, UnixConnection, exchange, wait_for

INVOKE = "/2015-03-31/functions/orders/invocations"


class BareServer:
    """A bare NIOHTTP1 server on a Unix socket."""

    def __init__(self, children, directory):
        self._children = children
        self._log = pathlib.Path(directory) / "bare.log"
        self.socket = pathlib.Path(directory) / "bare.sock"

    def start(self):
        program = ROOT / "Benchmarks/BareServer/.build/release/BareServer"
        self._process = self._children.start([program, self.socket], self._log)

        def answers():
            connection = UnixConnection(self.socket)
            try:
                return exchange(connection, "POST", INVOKE, b"{}")[0] == 202
            except OSError:
                return False
            finally:
                connection.close()
        wait_for("the bare server", answers, 10)
        return self

    def stop(self):
        self._children.stop(self._process)
