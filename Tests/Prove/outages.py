"""An outage costs nothing, however long, and what has waited goes out at a pace that hurts nobody."""

import collections
import statistics
import time

import load
from comparing import accepted, arrivals_by_number, check, lost, received_at
from harness import wait_for

SIZES = (300, 300)


def queued_events(daemon):
    """Every queued event, all pages."""
    events, after = [], ""
    while True:
        page = daemon.api("GET", f"/events?limit=100{after}")
        events += page["events"]
        if not page.get("next"):
            return events
        after = f"&after={page['next']}"


def deliver_after(receiver, daemon, count, seconds):
    """Starts the receiver and waits until all has arrived; seconds to the first arrival and to the last."""
    started = time.time()
    receiver.start()
    wait_for("the first delivery", receiver.arrivals, 60)
    first = time.time() - started
    daemon.wait_empty(seconds)
    last = time.time() - started
    counts = arrivals_by_number(receiver, range(count), SIZES)
    lost(range(count), counts)
    check(all(times == 1 for times in counts.values()), "some arrived more than once")
    status = daemon.status()
    check(status["dead"] == 0, f"{status['dead']} dead letters")
    return f"first after {first:.1f} s, all after {last:.1f} s"


def outage(bench):
    """Nobody listens for a minute with 10,000 queued: none charged, none dead, all delivered by themselves."""
    count = bench.scaled(10_000)
    receiver = bench.receiver()
    daemon = bench.daemon(receiver.url, extra="defaults: { max_attempts: 3 }\n").start()
    record = bench.directory / "sent"
    load.load(daemon.door, connections=16, requests=count, bytes=300, record=record)
    accepted(record, count)
    time.sleep(bench.scaled(60))
    waiting = queued_events(daemon)
    check(len(waiting) == count, f"{len(waiting)} of {count} are queued")
    charged = [event["id"] for event in waiting if event["charged_attempts"]]
    check(not charged, f"{len(charged)} events were charged for the outage")
    route = daemon.status()["routes"][0]
    check(route["state"] == "suspended" and route.get("reason"), f"the route does not say so: {route}")
    return f"{count} waited, 0 charged, 0 dead; " + deliver_after(receiver, daemon, count, 120)


def delay_over_max_age(bench):
    """An event whose delay is longer than max_age is delivered when its time has come."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="defaults: { max_age: 10s }\n").start()
    started = time.time()
    identifier = daemon.accept("orders", b'{"later": true}', {"Outbox-Delay": "15s"})
    arrival = wait_for("the delayed event", receiver.arrivals, 60)[0]
    took = time.time() - started
    check(took >= 14.9, f"it arrived after {took:.1f} s already")
    wait_for("the hand-over", lambda: daemon.event(identifier)["state"] == "handed-over", 10)
    check(daemon.status()["dead"] == 0, f"there are dead letters: {arrival}")
    return f"delay 15 s, max_age 10 s: arrived after {took:.1f} s"


def outage_over_max_age(bench):
    """An outage longer than max_age kills nothing."""
    count = 100
    receiver = bench.receiver()
    daemon = bench.daemon(receiver.url, extra="defaults: { max_age: 10s }\n").start()
    record = bench.directory / "sent"
    load.load(daemon.door, connections=4, requests=count, bytes=300, record=record)
    accepted(record, count)
    time.sleep(25)
    check(daemon.status()["queued"] == count, f"{daemon.status()['queued']} of {count} are still queued")
    return "outage 25 s, max_age 10 s: " + deliver_after(receiver, daemon, count, 60)


def back_after_refusals(receiver, daemon, folder, count, turn):
    """30 s of refused connections with so many waiting: seconds from the receiver's start to the first and to the last.

    `turn` counts the calls with one receiver and daemon. The receiver is stopped before and afterwards.
    """
    before = len(receiver.arrivals())
    record = folder / f"sent-{turn}"
    refusing = time.monotonic()
    load.load(daemon.door, connections=16, requests=count, bytes=300, first=turn * count, record=record)
    accepted(record, count)
    time.sleep(max(0, refusing + 30 - time.monotonic()))
    # Its own start counts too.
    back = time.time()
    receiver.start()
    daemon.wait_empty(60)
    arrived = receiver.arrivals()[before:]
    receiver.stop()
    check(len(arrived) == count, f"{len(arrived)} arrived for {count}")
    check(daemon.status()["dead"] == 0, "there are dead letters")
    moments = sorted(received_at(arrival) for arrival in arrived)
    return moments[0] - back, moments[-1] - back


def short_outage(bench):
    """30 s of refused connections with 5,000 waiting: how soon the first arrives, and how soon all."""
    count, times = 5000, 1 if bench.quick else 3
    receiver = bench.receiver()
    daemon = bench.daemon(receiver.url).start()
    turns = [back_after_refusals(receiver, daemon, bench.directory, count, turn) for turn in range(times)]
    firsts, lasts = zip(*turns, strict=True)
    text = (f"{times} outages of 30 s, {count} waiting: first after {statistics.median(firsts):.1f} s (at most "
            f"{max(firsts):.1f}), all after {statistics.median(lasts):.1f} s (at most {max(lasts):.1f})")
    check(max(firsts) <= 2.5 and max(lasts) <= 5, text)
    return text


def backlog_after_outage(bench):
    """100,000 wait through an outage of minutes: none charged or dead; then out at `drain_rate`, evenly."""
    count, rate = bench.scaled(100_000), 500
    receiver = bench.receiver()
    daemon = bench.daemon(receiver.url, extra="defaults: { max_attempts: 3 }\n").start()
    record = bench.directory / "sent"
    load.load(daemon.door, connections=64, requests=count, bytes=300, record=record)
    accepted(record, count)
    # Longer than what counts as fresh.
    time.sleep(120)
    charged = [event["id"] for event in queued_events(daemon) if event["charged_attempts"]]
    check(not charged, f"{len(charged)} events were charged for the outage")
    receiver.start()
    peak = 0

    def arrived():
        nonlocal peak
        status = daemon.status()
        peak = max(peak, status["in_flight"])
        return status["queued"] == 0 and status["in_flight"] == 0
    wait_for("the queue to be empty", arrived, 60 + 2 * count / rate, pause=0.2)
    arrivals = receiver.arrivals()
    counts = arrivals_by_number(receiver, range(count), SIZES)
    lost(range(count), counts)
    check(max(counts.values()) == 1, "some arrived more than once")
    check(daemon.status()["dead"] == 0, "there are dead letters")
    check(peak <= 64, f"{peak} in flight")
    return f"{count} waited, 0 charged, 0 dead; " + evenly(arrivals, rate)


def evenly(arrivals, rate):
    """Checks the pace of a backlog, in slots of 100 ms and of a second, and tells it."""
    moments = sorted(received_at(arrival) for arrival in arrivals)
    took = moments[-1] - moments[0]
    computed = len(moments) / rate
    tenths = collections.Counter(int((moment - moments[0]) * 10) for moment in moments)
    seconds = collections.Counter(int(moment - moments[0]) for moment in moments)
    mean = len(moments) / (took * 10)
    series = [seconds[second] for second in range(int(took))]
    text = (f"{took:.1f} s for the {computed:.1f} s computed at {rate}/s; greatest slot of 100 ms {max(tenths.values())}, "
            f"mean {mean:.0f}; by second {series[:5]} … {min(series[1:])} to {max(series)}")
    check(max(tenths.values()) <= 3 * mean, text)
    # One probe first, then by doubling.
    check(tenths[0] <= mean * 1.5 and series[0] <= rate * 1.1, text)
    # What a late wake-up missed may be made up for: 50 ms of it.
    check(max(series) <= rate * 1.1, text)
    check(0.9 * computed <= took <= 1.15 * computed, text)
    return text
