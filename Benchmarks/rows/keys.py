"""Accepts with a fresh random idempotency key on each event, while millions are remembered, against none."""

from references.bulk import BATCH
from report import figure_row, ratio_row
from session import BYTES, DATABASE, storebench

PACKAGES = ()
BUILDS = ("storebench",)


def measure(session):
    remembered = session.scaled(10_000_000, 200_000)
    session.report(f"keys, {remembered:,} remembered")
    runs = storebench("keys", file=session.folder() / DATABASE, remember=remembered, batch=BATCH, bytes=BYTES,
                      rows=session.scaled(200_000, 50_000), runs=session.pairs,
                      fill_seconds=session.scaled(1200, 60), timeout=7200)
    filled = runs[0]
    rates = [[run["rate"] for run in runs if run["mode"] == mode] for mode in ("plain", "keyed")]
    note = f"{BATCH} a commit"
    if filled["rows"] < remembered:
        note += f"; filling ended at {filled['rows']:,} after {filled['seconds']:.0f} s"
    name = f"accept with a fresh random key, {filled['rows']:,} remembered"
    yield ratio_row(name, "events/s", *rates, None if session.quick else "keys", note)
    yield figure_row(f"memory for {filled['rows']:,} keys, page cache included", "MB", [filled["grown"] / 1e6],
                     note="one run", digits=1)
