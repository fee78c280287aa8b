"""The daemon with ten million events queued for twenty functions and one that is suspended and has half of them."""

import statistics
import time

import harness
from references.nginx import Nginx
from report import figure_row, ratio_row
from session import fill, pause, resume

PACKAGES = ("nginx-light",)
BUILDS = ("storebench",)
ASKED = {
    "status": "/status",
    "the first page of events": "/events?limit=100",
    "the first page of one function's events": "/events?limit=100&function=orders19",
}


def measure(session):
    queued, window = session.scaled(10_000_000, 200_000), session.scaled(200_000, 10_000)
    folder, port = session.queue_of(queued), session.port()
    full = session.daemon(port, folder).start()
    pause(full, "*")
    name = f"{queued:,} queued, half of a suspended function"
    yield figure_row(f"resident memory, {name}", "MB", [full.resident_bytes()[0] / 1e6], note="after the start",
                     digits=1)

    nginx = Nginx(session.children, session.folder(), port).start()
    empty = session.daemon(port).start()
    # Until the function that isn't there is suspended.
    resume(full, "*")
    harness.wait_for("the suspension", lambda: state(full, "gone") == "suspended", 60)
    rest(full)

    costs = {full: [], empty: []}

    def delivered(daemon):
        start, used = nginx.taken(), daemon.processor_seconds()
        resume(daemon, "*")
        rate = nginx.rate(start, window)
        rest(daemon)
        costs[daemon].append((daemon.processor_seconds() - used) / (nginx.taken() - start) * 1e6)
        return rate

    def of_empty():
        pause(empty, "*")
        fill(empty, 0, window)
        rate = delivered(empty)
        resume(empty, "*")
        empty.wait_empty(120)
        return rate

    session.report(f"delivery with {name}")
    rates = session.paired(of_empty, lambda: delivered(full))
    spent = [statistics.median(costs[daemon]) for daemon in (empty, full)]
    yield ratio_row(f"delivery, {name}", "requests/s", *rates,
                    note=f"reference: nothing else queued; CPU an event {spent[0]:.0f} → {spent[1]:.0f} µs")
    yield figure_row(f"resident memory, {name}", "MB", [full.resident_bytes()[0] / 1e6], note="after deliveries",
                     digits=1)
    for what, path in ASKED.items():
        yield figure_row(f"{what}, {name}", "ms", [asked(full, path) for _ in range(session.pairs)], digits=1)
    # With nobody to deliver to: the rest stays.
    nginx.stop()
    resume(full, "*")
    for process in (full, empty):
        process.stop()


def state(daemon, function):
    page = daemon.api("GET", "/functions")
    return next((known["state"] for known in page["functions"] if known["function"] == function), None)


def rest(daemon):
    """Pauses all, and waits until nothing is on its way any more."""
    pause(daemon, "*")
    harness.wait_for("the attempts in flight", lambda: daemon.status()["in_flight"] == 0, 60)


def asked(daemon, path):
    started = time.perf_counter()
    daemon.api("GET", path)
    return (time.perf_counter() - started) * 1000
