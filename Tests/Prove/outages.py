"""An outage costs nothing, however long."""

import time

import load
from comparing import accepted, arrivals_by_number, check, lost
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
