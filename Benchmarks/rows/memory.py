"""Resident memory of the daemon with nothing and with much queued."""

import time

from report import figure_row
from session import fill

PACKAGES = ()
BUILDS = ()


def measure(session):
    daemon = session.daemon(session.port()).start()
    queued = 0
    for count in session.scaled((0, 200_000, 1_000_000), (0, 200_000)):
        fill(daemon, queued, count)
        queued = count
        time.sleep(2)
        now, peak = (size / 1e6 for size in daemon.resident_bytes())
        session.report(f"memory with {count:,} queued: {now:.1f} MB")
        yield figure_row(f"resident memory, {count:,} queued", "MB", [now], "memory" if count == 1_000_000 else None,
                         f"one run, peak {peak:.1f} MB", digits=1)
    daemon.stop()
