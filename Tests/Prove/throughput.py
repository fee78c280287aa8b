"""Many events over many connections: each is delivered once, whatever happens to the daemon."""

import subprocess
import time

import load
from comparing import accepted, arrivals_by_number, check, lost
from harness import wait_for

SIZES = (60, 1200)


def exactly_once(bench):
    """Every 202 is delivered exactly once, byte for byte."""
    count = bench.scaled(100_000)
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="defaults: { drain_rate: unlimited }\n").start()
    record = bench.directory / "sent"
    figures = load.load(daemon.door, connections=64, requests=count, bytes=f"{SIZES[0]}-{SIZES[1]}", record=record)
    sent = accepted(record, count)
    check(len({line.id for line in sent}) == count, "two events share an id")
    daemon.wait_empty(600)
    counts = arrivals_by_number(receiver, range(count), SIZES)
    lost(range(count), counts)
    twice = [number for number, times in counts.items() if times > 1]
    check(not twice, f"{len(twice)} events arrived more than once")
    check(daemon.status()["dead"] == 0, "there are dead letters")
    return f"{count} accepted at {figures['rate']:.0f}/s, each arrived once, byte for byte"


def kill_nine(bench):
    """kill -9 every second: none lost; repeats only among those in flight at a kill, and marked."""
    kills = bench.scaled(20)
    count = 5000 * kills
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="defaults: { drain_rate: unlimited }\n").start()
    record = bench.directory / "sent"
    arguments = load.load_arguments(daemon.door, connections=64, requests=count, rate=5000, retry=120,
                                    key_prefix="kill-", bytes=f"{SIZES[0]}-{SIZES[1]}", record=record)
    producers = bench.children.start(arguments, bench.directory / "load.log")
    for _ in range(kills):
        time.sleep(1)
        daemon.kill()
        daemon.start(wait=False)
    wait_for("the daemon to be ready", daemon.ready)
    try:
        producers.wait(300)
    except subprocess.TimeoutExpired:
        check(False, "the producers did not come to an end")
    sent = accepted(record, count)
    check(len({line.id for line in sent}) == count, "two events share an id")
    daemon.wait_empty(600)
    counts = arrivals_by_number(receiver, range(count), SIZES)
    lost(range(count), counts)
    twice = [line for line in sent if counts[line.number] > 1]
    unmarked = [line.id for line in twice if not daemon.event(line.id)["uncertain"]]
    check(not unmarked, f"{len(unmarked)} of {len(twice)} repeats are not marked uncertain: {unmarked[:3]}")
    check(len(twice) <= kills * 256, f"{len(twice)} repeats at {kills} kills are more than were in flight")
    check(daemon.status()["dead"] == 0, "there are dead letters")
    return f"{count} accepted through {kills} kills, 0 lost, {len(twice)} repeats, all marked uncertain"


def same_key(bench):
    """One idempotency key a thousand times, over 16 connections and across a restart: one event."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    identifiers = set()
    for half in ("before", "after"):
        record = bench.directory / half
        load.load(daemon.door, connections=16, requests=500, same_body=True, header="Idempotency-Key: always-the-same",
                  record=record)
        sent = accepted(record, 500)
        identifiers |= {line.id for line in sent}
        first = sum(not line.repeat for line in sent)
        check(first == (1 if half == "before" else 0), f"{first} requests {half} the restart were no repeats")
        if half == "before":
            daemon.stop()
            daemon.start()
    check(len(identifiers) == 1, f"{len(identifiers)} ids for one key")
    status, _, body = daemon.post("orders", b'{"other": 1}', {"Idempotency-Key": "always-the-same"})
    check(status == 409, f"another body got {status} {body[:200]!r}")
    daemon.wait_empty(60)
    count = len(receiver.arrivals())
    check(count == 1, f"{count} deliveries")
    return "1000 requests, one id, one delivery; another body: 409"


def restart_under_load(bench):
    """An orderly stop and a start under steady load: none lost, no repeats but those marked, ended with 0 in time."""
    restarts, rate = 3, 1000
    count = rate * 2 * (restarts + 1)
    receiver = bench.receiver(latency="20ms").start()
    daemon = bench.daemon(receiver.url).start()
    record = bench.directory / "sent"
    arguments = load.load_arguments(daemon.door, connections=32, requests=count, rate=rate, retry=60,
                                    key_prefix="restart-", bytes=f"{SIZES[0]}-{SIZES[1]}", record=record)
    producers = bench.children.start(arguments, bench.directory / "load.log")
    slowest = 0
    for _ in range(restarts):
        time.sleep(2)
        stopping = time.monotonic()
        status = daemon.stop()
        slowest = max(slowest, time.monotonic() - stopping)
        check(status == 0, f"the daemon ended with {status}")
        daemon.start()
    check(slowest <= 25, f"a stop took {slowest:.1f} s")
    try:
        producers.wait(120)
    except subprocess.TimeoutExpired:
        check(False, "the producers did not come to an end")
    sent = accepted(record, count)
    check(len({line.id for line in sent}) == count, "two events share an id")
    daemon.wait_empty(120)
    counts = arrivals_by_number(receiver, range(count), SIZES)
    lost(range(count), counts)
    twice = [line for line in sent if counts[line.number] > 1]
    unmarked = [line.id for line in twice if not daemon.event(line.id)["uncertain"]]
    check(not unmarked, f"{len(unmarked)} of {len(twice)} repeats are not marked uncertain: {unmarked[:3]}")
    check(daemon.status()["dead"] == 0, "there are dead letters")
    return (f"{count} accepted through {restarts} restarts, 0 lost, {len(twice)} repeats, "
            f"slowest stop {slowest:.1f} s, exit 0")
