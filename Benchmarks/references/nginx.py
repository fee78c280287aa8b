"""nginx in the place of Lambda, and the C loop over libcurl that posts to it."""

import http.client
import os
import pathlib
import time

import load
from harness import ROOT, Failure, exchange, refuses_connections, wait_for
from session import BYTES, IN_FLIGHT, LONGEST, tool

INVOKE = "/2015-03-31/functions/orders/invocations"


class Nginx:
    """nginx, answering 202 on a loopback port that refuses connections until it is started."""

    def __init__(self, children, directory, port):
        self._children = children
        self._directory = pathlib.Path(directory)
        self._asked = 0
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._config = self._directory / "nginx.conf"
        text = (ROOT / "Benchmarks/nginx.conf.in").read_text()
        user = "user root;" if os.geteuid() == 0 else ""
        for name, value in {"DIRECTORY": directory, "PORT": port, "USER": user}.items():
            text = text.replace(f"@{name}@", str(value))
        self._config.write_text(text)

    def start(self):
        self._process = self._children.start(
            ["/usr/sbin/nginx", "-p", self._directory, "-c", self._config], self._directory / "nginx.log"
        )
        self._asked = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        wait_for("nginx", self._listens, 10, pause=0.002)
        return self

    def _listens(self):
        if self._process.poll() is not None:
            raise Failure(f"nginx ended: {(self._directory / 'nginx.log').read_text()[-1000:]}")
        return not refuses_connections(self.port)

    def stop(self):
        self._connection.close()
        self._children.stop(self._process)

    def taken(self):
        """Requests answered since the start, without the ones that ask for this number."""
        self._asked += 1
        status, _, body = exchange(self._connection, "GET", "/status")
        if status != 200:
            raise Failure(f"nginx's status page answered {status}")
        return int(body.split(b"\n")[2].split()[2]) - self._asked

    def when_taken(self, least, seconds=LONGEST):
        """The time at which it had taken at least so many, and how many."""
        def enough():
            taken = self.taken()
            return (time.monotonic(), taken) if taken >= least else None
        return wait_for(f"{least} deliveries", enough, seconds, pause=0.01)

    def rate(self, start, count):
        """Requests a second between the first and the last tenth of `count`, of which none had come at `start`."""
        (earlier, first), (later, last) = [self.when_taken(start + count * tenth // 10) for tenth in (1, 9)]
        return (last - first) / (later - earlier)


def curl_loop(nginx, requests):
    """Unsigned posts of the same bodies, as many in flight as ours, to nginx: requests a second."""
    program = load.build_tool("curlpost", "-lcurl")
    return tool([program, nginx.url + INVOKE, IN_FLIGHT, requests, BYTES])[0]["rate"]
