"""Delivery of one function while another, suspended, has a million events, against the same without the other."""

import statistics

import harness
from references.nginx import Nginx
from report import ratio_row
from session import fill, pause, resume

PACKAGES = ("nginx-light",)
BUILDS = ()


def measure(session):
    suspended, backlog = session.scaled(1_000_000, 100_000), session.scaled(200_000, 50_000)
    nginx = Nginx(session.children, session.folder(), session.port()).start()
    alone, beside = session.daemon(nginx.port).start(), session.daemon(nginx.port).start()
    fill(beside, 0, suspended // 2, "gone")
    # Half of them lie among rows of the other function, which are gone by the time of the measurement.
    pause(beside, "orders")
    for part in range(10):
        fill(beside, 0, suspended // 20, "gone")
        fill(beside, part * 1000, (part + 1) * 1000, "orders")
    resume(beside, "orders")
    harness.wait_for("the suspended function's events alone", lambda: beside.status()["queued"] == suspended, 120)

    costs = {alone: [], beside: []}

    def drained(daemon):
        """Queues a backlog while the function is paused; its events a second from there. Notes CPU an event, in µs."""
        pause(daemon, "orders")
        fill(daemon, 0, backlog, "orders")
        start = nginx.taken()
        used = daemon.processor_seconds()
        resume(daemon, "orders")
        rate = nginx.rate(start, backlog)
        nginx.when_taken(start + backlog)
        costs[daemon].append((daemon.processor_seconds() - used) / backlog * 1e6)
        return rate

    session.report(f"delivery of {backlog:,} beside {suspended:,} of a suspended function")
    rates = session.paired(lambda: drained(alone), lambda: drained(beside))
    ratios = [ours / reference for reference, ours in zip(costs[alone], costs[beside], strict=True)]
    name = f"delivery beside a suspended function with {suspended:,} events"
    yield ratio_row(name, "requests/s", *rates, "neighbour",
                    f"CPU an event {statistics.median(costs[alone]):.0f} → {statistics.median(costs[beside]):.0f} µs, "
                    f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})")
    for process in (alone, beside, nginx):
        process.stop()
