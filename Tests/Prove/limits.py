"""Bounds that hold whatever producers do: descriptors, memory, names, room; and what a reload changes."""

import json
import os
import resource
import signal
import socket
import threading
import time

from comparing import check, digest
from harness import UnixConnection, exchange, wait_for

DESCRIPTORS = 900


def few_descriptors(bench):
    """A crowd at the door takes no descriptor that delivery needs; when it leaves, others are served."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url)
    daemon.process = bench.children.start(
        ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", *daemon.arguments()], daemon.log, env=daemon.environment)
    wait_for("the daemon to be ready", daemon.ready)
    raise_own_limit()
    crowd = []
    for _ in range(1500):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(daemon.door))
        crowd.append(client)
    status = daemon.command("send", "orders", "--payload", "{}", "--wait=1s").returncode
    check(status in (3, 5), f"with the door full: `send` exits {status}")
    first, content = daemon.ask("GET", "/health/ready")
    check(first == 200, f"the admin socket answers {first} {content!r}")
    for client in crowd:
        client.close()
    identifier = wait_for("room at the door", lambda: accepted_id(daemon), 20)
    wait_for("the delivery", lambda: daemon.event(identifier)["state"] == "handed-over", 10)
    check("max_connections" in daemon.log.read_text(), "the log doesn't say that max_connections was lowered")
    return f"1,500 clients at {DESCRIPTORS} descriptors: admin answered, delivery went on, then the door too"


def raise_own_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))


def accepted_id(daemon):
    try:
        status, headers, _ = daemon.post("orders", b"{}")
    except OSError:
        return None
    return headers["x-amzn-requestid"] if status == 202 else None


def slow_announcers(bench):
    """Clients that announce much and send nothing keep nobody else out (P6, P7)."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="door: { body_memory: 8MiB }\n").start()
    head = (b"POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: x\r\n"
            b"X-Amz-Invocation-Type: Event\r\nContent-Length: 1048576\r\n\r\n")
    crowd = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(daemon.door))
        client.sendall(head + b" ")
        crowd.append(client)
    time.sleep(0.5)
    slowest = 0.0
    for size in (2, 1000, 60_000):
        begun = time.monotonic()
        accept_string(daemon, size)
        slowest = max(slowest, time.monotonic() - begun)
    check(slowest < 1, f"a small body waited {slowest:.1f} s")
    # A large one of the same producer comes after those of his that were announced before: each is given up after a second.
    begun = time.monotonic()
    accept_string(daemon, 1_000_000)
    large = time.monotonic() - begun
    check(large < 20, f"a large body waited {large:.1f} s")
    peak = daemon.resident_bytes()[1]
    for client in crowd:
        client.close()
    check(peak < 100 << 20, f"{peak >> 20} MiB")
    return (f"beside 40 that announced 1 MiB each: small bodies within {slowest * 1000:.0f} ms, 1 MB after {large:.1f} s, "
            f"peak {peak >> 20} MiB")


def accept_string(daemon, size):
    status, _, content = daemon.post("orders", b'"' + b"x" * size + b'"')
    check(status == 202, f"{size} bytes: {status} {content[:200]!r}")


def endless_length(bench):
    """A length beyond every number is refused from the headers alone."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    for length in ("9223372036854775807", "9223372036854775808", "18446744073709551615"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(str(daemon.door))
        client.sendall(b"POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: x\r\n"
                       b"X-Amz-Invocation-Type: Event\r\nContent-Length: " + length.encode() + b"\r\n\r\n")
        answer = client.recv(65536)
        check(answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400")), f"Content-Length {length}: {answer[:200]!r}")
        client.close()
    return "refused from the headers"


def repeat_without_room(bench):
    """A repeat needs no room: at a full queue it gets the first event's id (P4); a new event gets 429."""
    receiver = bench.receiver(answers="*=503").start()
    daemon = bench.daemon(receiver.url, extra="queue: { max_events: 5 }\ndoor: { wait: 0s }\n"
                          "defaults: { share: 100% }\n").start()
    first = [daemon.accept("orders", b'{"n": %d}' % n, {"Idempotency-Key": f"k{n}"}) for n in range(5)]
    status, headers, _ = daemon.post("orders", b'{"n": 5}', {"Idempotency-Key": "k5"})
    check(status == 429 and "retry-after" in headers, f"past the budget: {status}")
    for n in range(5):
        status, headers, _ = daemon.post("orders", b'{"n": %d}' % n, {"Idempotency-Key": f"k{n}"})
        check(status == 202 and headers["x-amzn-requestid"] == first[n] and headers.get("outbox-repeat") == "true",
              f"a repeat at a full queue: {status} {headers}")
    status, headers, _ = daemon.post("orders", b'{"other": 1}', {"Idempotency-Key": "k1"})
    check(status == 409, f"the same key with other content at a full queue: {status}")
    return "5 repeats got their first ids, other content 409, a new event 429"


def stop_while_waiting(bench):
    """Who waits for room when the daemon stops is answered, not cut."""
    receiver = bench.receiver(answers="*=503").start()
    daemon = bench.daemon(receiver.url, extra="queue: { max_events: 1 }\ndoor: { wait: 5m }\n"
                          "defaults: { share: 100% }\n").start()
    daemon.accept("orders", b"{}")
    answers = []

    def send():
        try:
            answers.append(daemon.post("orders", b'{"waits": 1}')[:2])
        except OSError as error:
            answers.append((0, {"error": str(error)}))
    senders = [threading.Thread(target=send) for _ in range(5)]
    for sender in senders:
        sender.start()
    time.sleep(1)
    check(not answers, f"answered before there was room: {answers}")
    begun = time.monotonic()
    check(daemon.stop() == 0, "the daemon did not end in order")
    took = time.monotonic() - begun
    for sender in senders:
        sender.join(10)
    check(len(answers) == 5 and all(status == 503 and "retry-after" in headers for status, headers in answers),
          f"answers at the stop: {answers}")
    return f"5 waiting requests got 503 with Retry-After, stopped after {took:.1f} s"


def many_functions(bench):
    """Names without end fill neither memory nor the file: past 20,000 a new one gets 429, known ones go on (P6, P7)."""
    receiver = bench.receiver(answers="*=503").start()
    daemon = bench.daemon(receiver.url, extra="door: { wait: 0s }\n").start()
    total = 21_000
    connection = UnixConnection(daemon.door)
    before = daemon.resident_bytes()[0]
    refused = None
    for n in range(total):
        status, headers, content = daemon.post(f"f{n}", b"{}", connection=connection)
        if status != 202:
            refused = n
            break
    check(refused is not None and 19_000 <= refused <= 20_000, f"refused at {refused}")
    check(status == 429 and "retry-after" in headers and b"function" in content, f"{status} {content[:200]!r}")
    status, _, content = daemon.post("f7", b"{}", connection=connection)
    check(status == 202, f"a known name: {status} {content[:200]!r}")
    grown = daemon.resident_bytes()[0] - before
    connection.close()
    return f"name {refused + 1} got 429, a known one 202; {grown >> 20} MiB more"


def own_event(bench):
    """A producer asks the door about its own event: state, attempts and Lambda's request id."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    identifier = daemon.accept("orders", b"{}")

    def asked():
        connection = UnixConnection(daemon.door)
        try:
            return exchange(connection, "GET", f"/outbox/v1/events/{identifier}")
        finally:
            connection.close()
    wait_for("the hand-over", lambda: json.loads(asked()[2])["state"] == "handed-over", 10)
    event = json.loads(asked()[2])
    check(event["id"] == identifier and event["attempts"][-1]["request_id"], f"{event}")
    daemon.admin.unlink()
    run = daemon.command("send", "orders", "--payload", "{}", "--wait=10s")
    check(run.returncode == 0, f"send --wait without the operator's socket: {run.returncode} {run.stderr}")
    return "handed over with Lambda's request id; `send --wait` needs no operator's socket"


def reload(bench):
    """SIGHUP takes a new configuration whole or not at all, and says what changed and what needs a restart."""
    receiver = bench.receiver(answers="*=503").start()
    daemon = bench.daemon(receiver.url, extra="door: { wait: 0s }\n").start()
    text = daemon.config.read_text()
    for n in range(3):
        daemon.accept("orders", b'{"n": %d}' % n)

    def reloaded(new, words):
        seen = len(daemon.log.read_text())
        daemon.config.write_text(new)
        os.kill(daemon.process.pid, signal.SIGHUP)
        wait_for(f"{words!r} in the log", lambda: words in daemon.log.read_text()[seen:], 10)
        return daemon.log.read_text()[seen:]

    log = reloaded(text + "queue: { max_evnts: 3 }\n", "not reloaded")
    check("max_events" in log and ":" in log, f"the mistake is not explained: {log}")
    daemon.accept("orders", b'{"old": "holds"}')
    log = reloaded(text + "queue: { max_events: 3 }\ndelivery: { max_in_flight: 9 }\n"
                   "functions:\n  - match: orders\n    max_attempts: 1\n", "configuration reloaded")
    check("queue.max_events" in log and "delivery.max_in_flight" in log and "restart" in log, f"not named: {log}")
    check(daemon.post("orders", b"{}")[0] == 429, "the new budget doesn't hold")
    receiver.answer("*=202")
    daemon.wait_empty(60)
    check(len({arrival["sha256"] for arrival in receiver.arrivals() if arrival["handed_over"]}) == 4,
          "not every event arrived")
    receiver.answer("orders=500")
    daemon.accept("orders", b'{"dies": 1}')
    wait_for("the dead letter after one attempt", lambda: daemon.status()["dead"] == 1, 20)
    check(digest(b'{"dies": 1}') in {arrival["sha256"] for arrival in receiver.arrivals()}, "never tried")
    return "a mistake kept the old one; budget and max_attempts held at once; max_in_flight named as needing a restart"
