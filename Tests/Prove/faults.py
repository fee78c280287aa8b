"""Peers that misbehave: cut connections, a daemon that would deliver to itself, a proxy that answers for Lambda."""

import socket
import subprocess
import threading

from comparing import check, digest
from harness import ACCESS_KEY, REGION, SECRET_KEY, clean_environment, free_port, wait_for


class CuttingServer:
    """Answers every request with a 202, but the second it reads whole and then closes the connection."""

    def __init__(self):
        self.requests = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while stream.readline():
                length = 0
                for line in iter(stream.readline, b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = stream.read(length)
                with self._lock:
                    self.requests.append(body)
                    number = len(self.requests)
                if number == 2:
                    return
                connection.sendall(b"HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: r%d\r\nContent-Length: 0\r\n\r\n" % number)


class Forwarder:
    """Passes bytes on to another port, both ways, and counts connections."""

    def __init__(self, target):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            incoming, _ = self._listener.accept()
            self.connections += 1
            outgoing = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((incoming, outgoing), (outgoing, incoming)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def cut_connection(bench):
    """A warmed connection cut after the request was read: one request an attempt, marked, delivered."""
    server = CuttingServer()
    daemon = bench.daemon(f"http://127.0.0.1:{server.port}").start()
    daemon.accept("orders", b'{"n": 1}')
    wait_for("the first delivery", lambda: len(server.requests) == 1)
    daemon.wait_empty(10)
    identifier = daemon.accept("orders", b'{"n": 2}')
    wait_for("the delivery", lambda: daemon.event(identifier)["state"] == "handed-over", 90)
    event = daemon.event(identifier)
    attempts = sum(attempt["count"] for attempt in event["attempts"])
    second = server.requests.count(b'{"n": 2}')
    check(attempts == second == 2, f"{second} requests on the wire for {attempts} attempts")
    check(event["uncertain"], "the event is not marked uncertain")
    return f"{attempts} attempts, {second} requests on the wire, marked uncertain, delivered"


def start_status(daemon, environment):
    run = subprocess.run(daemon.arguments(), env=environment, capture_output=True, text=True, timeout=60)
    return run.returncode, run.stderr


def own_door(bench):
    """An endpoint that is the daemon's own door is refused at start."""
    port = free_port()
    daemon = bench.daemon(f"http://127.0.0.1:{port}", tcp_port=port)
    status, text = start_status(daemon, daemon.environment)
    check(status == 78, f"endpoint_url: exit {status} instead of 78: {text[-300:]}")
    daemon.config.write_text(
        f"aws: {{ region: {REGION} }}\nlisten:\n  tcp: {{ address: 127.0.0.1:{port}, authentication: none }}\n"
    )
    environment = clean_environment(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY,
                                    AWS_ENDPOINT_URL_LAMBDA=f"http://127.0.0.1:{port}")
    status, text = start_status(daemon, environment)
    check(status == 78, f"AWS_ENDPOINT_URL_LAMBDA: exit {status} instead of 78: {text[-300:]}")
    return "refused with 78: " + text.strip().splitlines()[-1][:100]


def forwarder(bench):
    """Behind a forwarder: the door refuses each event, the route is suspended and says why, nothing loops."""
    port = free_port()
    proxy = Forwarder(port)
    daemon = bench.daemon(f"http://127.0.0.1:{proxy.port}", tcp_port=port).start()
    identifiers = [daemon.accept("orders", b'{"n": %d}' % number) for number in range(3)]

    def suspended():
        route = daemon.status()["routes"][0]
        return route if route["state"] == "suspended" else None
    route = wait_for("the route's suspension", suspended, 60)
    wait_for("some probes", lambda: daemon.status()["counters"]["attempts"].get("route", 0) >= 3, 120)
    status = daemon.status()
    check(status["counters"]["accepted"] == 3, f"{status['counters']['accepted']} accepted: it loops")
    check(status["queued"] == 3 and status["dead"] == 0, f"{status['queued']} queued, {status['dead']} dead")
    charged = [name for name in identifiers if daemon.event(name)["charged_attempts"]]
    check(not charged, f"{len(charged)} events were charged")
    return f"3 queued, 0 charged, route suspended: {route['reason'][:90]}"


def no_request_id(bench):
    """A proxy that answers 202 without a request id: nothing is lost, the route says so."""
    receiver = bench.receiver(answers="orders=202-no-id").start()
    daemon = bench.daemon(receiver.url).start()
    bodies = [b'{"n": %d}' % number for number in range(5)]
    identifiers = [daemon.accept("orders", body) for body in bodies]

    def suspended():
        route = daemon.status()["routes"][0]
        return route if route["state"] == "suspended" else None
    route = wait_for("the route's suspension", suspended, 60)
    check("request id" in route["reason"].lower() or "requestid" in route["reason"].lower(),
          f"the reason does not name the request id: {route['reason']}")
    check(daemon.status()["queued"] == 5, f"{daemon.status()['queued']} of 5 are queued")
    receiver.answer("orders=202")
    daemon.wait_empty(120)
    states = {daemon.event(name)["state"] for name in identifiers}
    check(states == {"handed-over"}, f"states: {states}")
    arrived = {arrival["sha256"] for arrival in receiver.arrivals()}
    check(arrived == set(map(digest, bodies)), "not all bodies arrived")
    return f"5 kept and delivered; route: {route['reason'][:90]}"
