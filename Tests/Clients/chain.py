"""One receiver and one daemon with a TCP door, shared by the tests of a file; and what the tests compare by."""

import base64
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

    def arrival(self, body, **expected):
        """Waits for the handed-over request with these bytes and fields; its signature was verified."""
        wanted = {"sha256": hashlib.sha256(body).hexdigest(), "handed_over": True, **expected}

        def found():
            return [arrival for arrival in self.receiver.arrivals()
                    if all(arrival[name] == value for name, value in wanted.items())]
        arrival = harness.wait_for(f"{len(body)} bytes with {expected}", found)[-1]
        assert base64.b64decode(arrival["body"]) == body, "the hash is right and the bytes are not"
        return arrival

    def close(self):
        self.children.end()
        self._folder.cleanup()


def targets():
    """Ways to name a function: arguments of the call, and what Lambda must see of it."""
    return [
        ({"FunctionName": "orders"}, {"function": "orders", "qualifier": None}),
        ({"FunctionName": "orders:live"}, {"function": "orders", "qualifier": "live"}),
        ({"FunctionName": ARN}, {"function": "orders", "qualifier": None, "target": ARN}),
        ({"FunctionName": "orders", "Qualifier": "$LATEST"}, {"function": "orders", "qualifier": "$LATEST"}),
    ]
