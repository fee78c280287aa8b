"""One receiver and one daemon with a TCP door, shared by the tests of a file; and what the tests compare by."""

import hashlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Harness"))

import harness  # noqa: E402

MIB = 1048576
SIZES = [0, 2, 1000, 65536, MIB - 1, MIB]
ARN = f"arn:aws:lambda:{harness.REGION}:123456789012:function:orders"


def payload(size, mark):
    """JSON text of exactly `size` bytes that differs by `mark`; spaces and escapes show whether it was re-written."""
    if size == 0:
        return b""
    if size < 20 + len(mark):
        return b"{}".ljust(size)
    text = ('{ "mark" : "' + mark + '" , "x" : "\\u0041é').encode()
    return text + b"y" * (size - len(text) - 3) + b'" }'


class Chain:
    def __init__(self, extra="", environment=None, answers=None):
        self._folder = tempfile.TemporaryDirectory(prefix="outbox-clients-")
        self.directory = pathlib.Path(self._folder.name)
        self.children = harness.Children()
        self.receiver = harness.Receiver(self.children, self.directory, answers=answers).start()
        self.daemon = harness.Daemon(
            self.children, self.directory / "daemon", self.receiver.url, tcp_port=harness.free_port(), extra=extra,
            environment=environment,
        ).start()
        self.url = f"http://127.0.0.1:{self.daemon.tcp_port}"

    def arrival(self, body, path):
        """Waits for the verified request with these bytes at this path and query."""
        digest = hashlib.sha256(body).hexdigest()

        def found():
            return [
                arrival for arrival in self.receiver.arrivals()
                if arrival["sha256"] == digest and arrival["target"] == path
            ]
        return harness.wait_for(f"{len(body)} bytes at {path}", found)[-1]

    def close(self):
        self.children.end()
        self._folder.cleanup()


def targets():
    """Ways to name a function: arguments of the call, and the request target that Lambda must see."""
    base = "/2015-03-31/functions"
    return [
        ({"FunctionName": "orders"}, f"{base}/orders/invocations"),
        ({"FunctionName": "orders:live"}, f"{base}/orders/invocations?Qualifier=live"),
        ({"FunctionName": ARN}, f"{base}/{ARN.replace(':', '%3A')}/invocations"),
        ({"FunctionName": "orders", "Qualifier": "$LATEST"}, f"{base}/orders/invocations?Qualifier=%24LATEST"),
    ]

