"""Starts the receiver, the daemon and other helpers for tests and measurements, talks to them, and ends them by id.

Python's standard library only. Everything runs on loopback, in a folder that the caller gives.
"""

import atexit
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The access key of the AWS documentation: what the receiver takes signatures of.
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "eu-central-1"


class Failure(Exception):
    """Something is not as it should be; the text is for people."""


def binary():
    """The release binary: OUTBOX_BINARY, else where `swift build -c release` leaves it."""
    path = pathlib.Path(os.environ.get("OUTBOX_BINARY") or ROOT / ".build/release/lambda-outbox")
    if not path.exists():
        raise Failure(f"{path} is missing: run `swift build -c release --product lambda-outbox`")
    return str(path)


def clean_environment(**more):
    """The caller's environment without anything that could lead to a real account, endpoint or proxy."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "LAMBDA_OUTBOX_")) and not name.lower().endswith("_proxy")
    }
    kept.update({"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"})
    kept.update(more)
    return kept


def free_port():
    """A loopback port that nobody listens on at this moment."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=30.0, pause=0.02):
    """Polls until `condition` gives something true, and gives that back; the deadline is a failure."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds:g} s for {what}")
        time.sleep(pause)


def refuses_connections(port):
    """Whether nobody listens on the loopback port."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def processor_seconds(pid):
    """CPU time that a process has used, in user and kernel mode, to a hundredth."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Children:
    """The processes that were started; all are ended, by id, however the program ends."""

    def __init__(self):
        self._running = []
        atexit.register(self.end)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda caught, _: sys.exit(128 + caught))

    def start(self, arguments, log, **options):
        """Starts a process whose output goes to the end of file `log`."""
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        self._running.append(process)
        return process

    def stop(self, process, number=signal.SIGTERM, seconds=30):
        """Ends one process and gives its exit status."""
        if process.poll() is None:
            process.send_signal(number)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"{process.args[0]} did not end within {seconds} s")
        finally:
            if process in self._running:
                self._running.remove(process)
        return status

    def end(self):
        for process in reversed(self._running):
            if process.poll() is None:
                process.kill()
                process.wait()
        self._running.clear()


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def exchange(connection, method, path, body=None, headers=None):
    """One request and its answer: status, headers (lower case), body."""
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


class Receiver:
    """The built-in stand-in for Lambda."""

    def __init__(self, children, directory, *, answers=None, port=None, verify=True, latency=None, name="receiver",
                 clock_offset=None, environment=None):
        self._children = children
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = pathlib.Path(directory) / f"{name}.log"
        self.record = pathlib.Path(directory) / f"{name}.ndjson"
        self._arguments = [binary(), "receiver", "--port", self.port, "--record", self.record, "--quiet"]
        if verify:
            self._arguments.append("--verify-signatures")
        if answers:
            self._arguments += ["--answer", answers]
        if latency:
            self._arguments += ["--latency", latency]
        if clock_offset:
            self._arguments.append(f"--clock-offset={clock_offset}")
        self._environment = clean_environment(**(environment or {}))
        self.process = None

    def start(self):
        self.process = self._children.start(self._arguments, self.log, env=self._environment)
        wait_for("the receiver to listen", lambda: self._alive() and not refuses_connections(self.port))
        return self

    def stop(self):
        self._children.stop(self.process)

    def answer(self, text):
        """Changes what it answers from now on."""
        self._put("answers", text)

    def keys(self, text):
        """Changes whose signatures it takes from now on: lines ID SECRET [TOKEN [EXPIRY]]."""
        self._put("keys", text)

    def _put(self, what, text):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        status, _, body = exchange(connection, "PUT", f"/receiver/{what}", text.encode())
        connection.close()
        if status >= 300:
            raise Failure(f"the receiver refused '{text}': {status} {body[:200]!r}")

    def arrivals(self):
        """What has arrived so far, in order: one object for each request."""
        if not self.record.exists():
            return []
        with open(self.record, "rb") as lines:
            return [json.loads(line) for line in lines if line.endswith(b"\n")]

    def _alive(self):
        if self.process.poll() is not None:
            raise Failure(f"the receiver ended: {self.log.read_text()[-2000:]}")
        return True


class Daemon:
    """`lambda-outbox serve` in a folder of its own.

    Its credentials are in the environment, or in `credentials_file` alone, which may be missing.
    """

    def __init__(self, children, directory, endpoint, *, tcp_port=None, credentials_file=None, extra="",
                 environment=None):
        self._children = children
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.door = self.directory / "door.sock"
        self.admin = self.directory / "admin.sock"
        self.log = self.directory / "daemon.log"
        self.tcp_port = tcp_port
        self.config = self.directory / "config.yaml"
        text = f"aws:\n  region: {REGION}\n  endpoint_url: {endpoint}\n"
        if credentials_file:
            text += f"  credentials_file: {credentials_file}\n"
        if tcp_port:
            text += f"listen:\n  tcp: {{ address: 127.0.0.1:{tcp_port}, authentication: none }}\n"
        self.config.write_text(text + extra)
        keys = {} if credentials_file else {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        self.environment = clean_environment(**keys)
        self.environment.update(environment or {})
        self.process = None

    def arguments(self):
        return [binary(), "serve", "--directory", self.directory, "--config", self.config]

    def start(self, wait=True):
        self.process = self._children.start(self.arguments(), self.log, env=self.environment)
        if wait:
            wait_for("the daemon to be ready", self.ready, pause=0.005)
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise Failure(f"the daemon ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        try:
            return self.ask("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def stop(self):
        return self._children.stop(self.process)

    def kill(self):
        self._children.stop(self.process, signal.SIGKILL)

    def ask(self, method, path, body=None):
        """One request to the admin API: status and content."""
        connection = UnixConnection(self.admin)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            text = None if body is None else json.dumps(body)
            status, _, content = exchange(connection, method, path, text, headers)
        finally:
            connection.close()
        return status, content

    def api(self, method, path, body=None):
        """The decoded answer of the admin API; a refusal is a failure."""
        status, content = self.ask(method, "/outbox/v1" + path, body)
        if status != 200:
            raise Failure(f"{method} {path}: {status} {content[:300]!r}")
        return json.loads(content)

    def status(self):
        return self.api("GET", "/status")

    def event(self, identifier):
        return self.api("GET", f"/events/{identifier}")

    def dead_letters(self, function=None):
        """Every dead letter, all pages."""
        query = {"limit": 100}
        if function:
            query["function"] = function
        letters = []
        while True:
            page = self.api("GET", "/dead-letters?" + urllib.parse.urlencode(query))
            letters += page["events"]
            if not page.get("next"):
                return letters
            query["after"] = page["next"]

    def post(self, function, body, headers=None, connection=None):
        """One Event invocation at the door: status, headers, body."""
        own = connection or UnixConnection(self.door)
        try:
            return exchange(own, "POST", f"/2015-03-31/functions/{function}/invocations", body,
                            {"X-Amz-Invocation-Type": "Event", **(headers or {})})
        finally:
            if connection is None:
                own.close()

    def accept(self, function, body, headers=None):
        """The id of an event that must be accepted."""
        status, answer, content = self.post(function, body, headers)
        if status != 202:
            raise Failure(f"the door answered {status} {content[:300]!r}")
        return answer["x-amzn-requestid"]

    def wait_empty(self, seconds):
        """Until nothing is queued or in flight; gives the last status."""
        def empty():
            status = self.status()
            return status if status["queued"] == 0 and status["in_flight"] == 0 else None
        return wait_for("the queue to be empty", empty, seconds, pause=0.05)

    def command(self, *arguments, binary_output=False, **options):
        """Runs one of the commands against this daemon; what it prints is text, or bytes if asked for."""
        return subprocess.run([binary(), *arguments], env=self.command_environment(), capture_output=True,
                              text=not binary_output, timeout=120, **options)

    def command_environment(self):
        """That of a command which finds this daemon."""
        return clean_environment(LAMBDA_OUTBOX_DOOR=str(self.door), LAMBDA_OUTBOX_ADMIN=str(self.admin))

    def resident_bytes(self):
        """Resident memory now, and its peak."""
        fields = dict(line.split(":", 1) for line in open(f"/proc/{self.process.pid}/status") if ":" in line)
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def processor_seconds(self):
        return processor_seconds(self.process.pid)
