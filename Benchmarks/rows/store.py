"""The store alone, through its port: accept and hand-over, against the same rows through C."""

import statistics

from references.bulk import BATCH, bulk, new_database
from report import ratio_row
from session import BYTES, storebench

PACKAGES = ("libsqlite3-dev",)
BUILDS = ("storebench",)


def measure(session):
    rows = session.scaled(500_000, 100_000)
    of_c, of_ours = new_database(session), new_database(session)
    processor = {"reference": [], "ours": []}

    def reference():
        rate, cost = bulk(of_c, "handover", rows)
        processor["reference"].append(cost)
        return rate

    def ours():
        figures = storebench("handover", file=of_ours, rows=rows, batch=BATCH, bytes=BYTES)[-1]
        processor["ours"].append(figures["processor_us"])
        return figures["rate"]

    session.report(f"store, {rows:,} events accepted and handed over")
    rates = session.paired(reference, ours)
    costs = [statistics.median(processor[side]) for side in ("reference", "ours")]
    yield ratio_row("store: accept and hand-over through the port", "events/s", *rates, "store",
                    f"{BATCH} commands a commit, half of either; CPU an event {costs[0]:.1f} → {costs[1]:.1f} µs")
