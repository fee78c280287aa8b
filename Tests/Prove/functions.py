"""A function that always fails: its events become dead letters, and no other function suffers."""

import statistics

import load
from comparing import accepted, check, digest, percentile, received_at
from harness import wait_for


def dead_letters(bench):
    """Three events of a failing function: three dead letters with three attempts each; redriven they arrive."""
    receiver = bench.receiver(answers="orders=500").start()
    daemon = bench.daemon(
        receiver.url, extra="defaults: { max_attempts: 3, base_delay: 100ms, max_delay: 1s }\n"
    ).start()
    bodies = [b'{ "order": %d }' % number for number in range(3)]
    identifiers = [daemon.accept("orders", body) for body in bodies]
    wait_for("three dead letters", lambda: daemon.status()["dead"] == 3, 180)
    for letter in daemon.dead_letters("orders"):
        details = daemon.event(letter["id"])
        attempts = sum(attempt["count"] for attempt in details["attempts"])
        check(details["condition"] == "exhausted", f"condition {details['condition']}")
        check(attempts == details["charged_attempts"] == 3, f"{attempts} attempts: {details}")
    status, payload = daemon.ask("GET", f"/outbox/v1/events/{identifiers[1]}/payload")
    check(status == 200 and payload == bodies[1], "the dead letter's bytes are not what was sent")
    check(len(receiver.arrivals()) == 9, f"{len(receiver.arrivals())} requests instead of nine")
    receiver.answer("orders=202")
    daemon.api("POST", "/dead-letters/redrive", {"ids": identifiers})
    wait_for("the redriven events",
             lambda: all(daemon.event(name)["state"] == "handed-over" for name in identifiers), 120)
    arrived = [arrival["sha256"] for arrival in receiver.arrivals()[9:]]
    check(sorted(arrived) == sorted(map(digest, bodies)), "what arrived is not what died")
    check(daemon.status()["dead"] == 0, "dead letters are left")
    return "3 dead letters, 3 attempts each, redriven under the same ids"


def latencies(bench, receiver, daemon, first, seconds):
    """Milliseconds from sending a billing event to its arrival, for 100 events a second, numbered from `first`."""
    record = bench.directory / f"billing-{first}"
    count = 100 * seconds
    load.load(daemon.door, connections=4, requests=count, rate=100, function="billing", first=first, record=record)
    sent_at = {digest(load.body(line.number)): line.sent for line in accepted(record, count)}

    def arrived():
        found = [arrival for arrival in receiver.arrivals() if arrival["sha256"] in sent_at]
        return found if len(found) >= count else None
    found = wait_for("the billing events", arrived, 60)
    return [(received_at(arrival) - sent_at[arrival["sha256"]]) * 1000 for arrival in found]


def bystander(bench):
    """While one function always fails, another's delivery takes no longer: p99, median of five pairs."""
    pairs, seconds = (2, 2) if bench.quick else (5, 5)
    receiver = bench.receiver(answers="orders*=500").start()
    daemon = bench.daemon(
        receiver.url, extra="defaults: { max_attempts: 3, base_delay: 100ms, max_delay: 1s }\n"
    ).start()
    alone, beside = [], []
    for pair in range(pairs):
        alone.append(percentile(latencies(bench, receiver, daemon, 20_000 * pair, seconds), 99))
        failing = bench.children.start(
            load.load_arguments(daemon.door, connections=4, requests=200 * seconds, rate=200,
                                function=f"orders{pair}", first=1_000_000 * (pair + 1)),
            bench.directory / "failing.log",
        )
        beside.append(percentile(latencies(bench, receiver, daemon, 20_000 * pair + 10_000, seconds), 99))
        failing.wait(60)
    ratio = statistics.median(b / a for a, b in zip(alone, beside))
    difference = statistics.median(b - a for a, b in zip(alone, beside))
    text = f"p99 {statistics.median(alone):.1f} ms alone, {statistics.median(beside):.1f} ms beside; ratio {ratio:.2f}"
    check(ratio <= 1.5 or difference <= 10, text)
    return text
