"""One payload that a box on the way cuts, and one that it answers with a page: they harm themselves alone."""

import http.client
import json
import pathlib
import statistics
import sys
import time

import load
from comparing import accepted, check
from harness import exchange, free_port, refuses_connections, wait_for

LIMIT = 1.2
# Three tries among others, then five alone.
TRIES = 8


def handed_over(receiver, function):
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    _, _, body = exchange(connection, "GET", "/receiver/statistics")
    connection.close()
    return json.loads(body)["functions"].get(function, {}).get("handed_over", 0)


def run(bench, receiver, daemon, number, count, with_poison):
    """Sends `count` events, and two bad ones among them: seconds until the last good one was handed over."""
    function, record = f"orders{number}", bench.directory / f"sent-{number}"
    sender = bench.children.start(
        load.load_arguments(daemon.door, connections=32, requests=count, function=function, first=number * count,
                            record=record), bench.directory / "load.log")
    started = time.monotonic()
    bad = []
    if with_poison:
        wait_for("the first events", lambda: handed_over(receiver, function) > count // 20, 30)
        bad = [daemon.accept(function, b'{"bad": "%s"}' % mark) for mark in (b"CUT-ME", b"PAGE-ME")]
    wait_for("the good events", lambda: handed_over(receiver, function) >= count, 120)
    took = time.monotonic() - started
    sender.wait(60)
    accepted(record, count)
    check(handed_over(receiver, function) == count, "a good event was handed over twice")
    for identifier in bad:
        wait_for("the dead letters", lambda: daemon.event(identifier)["state"] == "dead-letter", 60)
        suspect(daemon, identifier)
    return took


def suspect(daemon, identifier):
    event = daemon.event(identifier)
    check(event["condition"] == "suspected-poison", f"{identifier} is {event['condition']}")
    attempts = sum(attempt["count"] for attempt in event["attempts"])
    charged = event["charged_attempts"]
    check(attempts == TRIES and charged == 0, f"{attempts} attempts, {charged} charged")
    shown = daemon.command("events", "show", identifier).stdout
    check("suspected-poison" in shown and "while others got through" in shown and "dead redrive" in shown,
          f"`events show` says {shown!r}")
    check("<html>" not in daemon.log.read_text(), "the box's page is in the log")


def poison(bench):
    """Two bad payloads among 10,000: the others take at most 1.2 × as long, median of seven pairs; they end alone."""
    pairs, count = (2, 2_000) if bench.quick else (7, 10_000)
    receiver = bench.receiver().start()
    port = free_port()
    bench.children.start([sys.executable, pathlib.Path(__file__).with_name("middlebox.py"), port, receiver.port],
                         bench.directory / "middlebox.log")
    wait_for("the box", lambda: not refuses_connections(port))
    daemon = bench.daemon(f"http://127.0.0.1:{port}", extra="defaults: { base_delay: 100ms, max_delay: 1s }\n").start()
    run(bench, receiver, daemon, 0, count, False)
    alone, beside = [], []
    for pair in range(pairs):
        for with_poison in (False, True) if pair % 2 else (True, False):
            took = run(bench, receiver, daemon, 2 * pair + 1 + with_poison, count, with_poison)
            (beside if with_poison else alone).append(took)
    check(daemon.status()["dead"] == 2 * pairs, f"{daemon.status()['dead']} dead letters")
    check("route suspended" not in daemon.log.read_text(), "the route was suspended for two payloads")
    ratio = statistics.median(b / a for a, b in zip(alone, beside))
    text = (f"{count} others in {statistics.median(alone):.2f} s without, {statistics.median(beside):.2f} s beside the "
            f"two; ratio {ratio:.2f}, {pairs} pairs; the two: suspected-poison after {TRIES} tries, 0 charged")
    check(ratio <= LIMIT, text)
    return text
