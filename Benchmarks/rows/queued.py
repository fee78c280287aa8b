"""Accepts into a file that holds a million or ten million events, against an empty one; through the store's port."""

import statistics

from references.bulk import BATCH, new_database
from report import ratio_row
from session import BYTES, DATABASE, storebench

PACKAGES = ()
BUILDS = ("storebench",)


def measure(session):
    empty = new_database(session)
    for queued in session.scaled((1_000_000, 10_000_000), (200_000,)):
        full = session.queue_of(queued) / DATABASE
        processor = {empty: [], full: []}

        def rate(path):
            rows = session.scaled(500_000, 100_000)
            figures = storebench("accept", file=path, rows=rows, batch=BATCH, bytes=BYTES)[-1]
            processor[path].append(figures["processor_us"])
            return figures["rate"]

        session.report(f"accepts into a queue of {queued:,}")
        rates = session.paired(lambda: rate(empty), lambda: rate(full))
        costs = [statistics.median(processor[path]) for path in (empty, full)]
        yield ratio_row(f"insert at {queued:,} queued", "events/s", *rates, "queued",
                        f"{BATCH} a commit; CPU an event {costs[0]:.1f} → {costs[1]:.1f} µs")
