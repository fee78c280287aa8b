"""syslog-ng that takes lines on a Unix socket, keeps them in a disk buffer and posts each to nginx."""

import pathlib

import load
from harness import Failure, processor_seconds, wait_for
from references.nginx import INVOKE
from session import BYTES, tool

PACKAGES = ("syslog-ng-core", "syslog-ng-mod-http")
# More workers made it slower on two cores, fewer too.
WORKERS = 8

CONFIGURATION = """\
@version: 3.38
options {{ threaded(yes); stats-freq(0); }};
source events {{ unix-stream("{socket}" flags(no-parse) max-connections(256) log-iw-size(25600)); }};
destination function {{
    http(
        url("{url}") method("POST") headers("Content-Type: application/json", "X-Amz-Invocation-Type: Event")
        body("${{MESSAGE}}\\n") batch-lines(1) workers({workers})
        disk-buffer(reliable(yes) disk-buf-size(2147483648) mem-buf-size(67108864) dir("{folder}"))
    );
}};
log {{ source(events); destination(function); flags(flow-control); }};
"""


class SyslogNG:
    def __init__(self, children, directory, url):
        self._children = children
        self._directory = pathlib.Path(directory)
        self._config = self._directory / "syslog-ng.conf"
        self.socket = self._directory / "events.sock"
        self._config.write_text(CONFIGURATION.format(socket=self.socket, url=url + INVOKE, folder=self._directory,
                                                     workers=WORKERS))

    def start(self):
        folder = self._directory
        self._process = self._children.start(
            ["/usr/sbin/syslog-ng", "--foreground", "--no-caps", "-f", self._config, "-R", folder / "state",
             "-p", folder / "pid", "-c", folder / "control"], folder / "syslog-ng.log")
        wait_for("syslog-ng", self._listens, 10)
        return self

    def _listens(self):
        if self._process.poll() is not None:
            raise Failure(f"syslog-ng ended: {(self._directory / 'syslog-ng.log').read_text()[-1000:]}")
        return self.socket.exists()

    def feed(self, connections, lines):
        """Writes bodies as fast as they are taken; returns once the last is written."""
        tool([load.build_tool("feedlines"), self.socket, connections, lines, BYTES])

    def processor_seconds(self):
        return processor_seconds(self._process.pid)

    def stop(self):
        self._children.stop(self._process)
