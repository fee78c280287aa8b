"""The references that the daemon is measured against, and the nginx that takes its deliveries."""

import http.client
import json
import os
import pathlib
import subprocess

import load
from harness import ROOT, Failure, UnixConnection, clean_environment, exchange, refuses_connections, wait_for

FOLDER = ROOT / "Benchmarks"
INVOKE = "/2015-03-31/functions/orders/invocations"


class BareServer:
    """A bare NIOHTTP1 server on a Unix socket."""

    def __init__(self, children, directory):
        self._children = children
        self._log = pathlib.Path(directory) / "bare.log"
        self.socket = pathlib.Path(directory) / "bare.sock"

    def start(self):
        program = FOLDER / "BareServer/.build/release/BareServer"
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


class Nginx:
    """nginx, answering 202 on a loopback port that refuses connections until it is started."""

    def __init__(self, children, directory, port):
        self._children = children
        self._directory = pathlib.Path(directory)
        self._asked = 0
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._config = self._directory / "nginx.conf"
        text = (FOLDER / "nginx.conf.in").read_text()
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
        wait_for("nginx", lambda: not refuses_connections(self.port), 10, pause=0.002)
        return self

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


def curl_loop(nginx, in_flight, requests, size):
    """The C loop over libcurl's multi interface, unsigned, to the same nginx: requests a second."""
    run = subprocess.run(
        [load.build_tool("curlpost", "-lcurl"), nginx.url + INVOKE, str(in_flight), str(requests), str(size)],
        capture_output=True, text=True, timeout=600, env=clean_environment(),
    )
    if run.returncode:
        raise Failure(f"the libcurl loop failed: {run.stdout} {run.stderr}")
    return json.loads(run.stdout)["rate"]
