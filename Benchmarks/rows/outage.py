"""How soon deliveries go on after 30 s of refused connections; the case `short-outage` of scripts/prove."""

import harness
import outages
from report import figure_row

PACKAGES = ()
BUILDS = ()
WAITING = 5000


def measure(session):
    folder = session.folder()
    receiver = harness.Receiver(session.children, folder)
    daemon = harness.Daemon(session.children, folder, receiver.url).start()
    firsts, lasts = [], []
    for turn in range(session.scaled(7, 1)):
        first, last = outages.back_after_refusals(receiver, daemon, folder, WAITING, turn)
        session.report(f"outage {turn + 1}: first after {first:.2f} s, all after {last:.2f} s")
        firsts.append(first)
        lasts.append(last)
    daemon.stop()
    name = f"after 30 s of refused connections, {WAITING:,} waiting"
    yield figure_row(f"{name}: first delivery", "s", firsts, "outage-first", digits=2)
    yield figure_row(f"{name}: all delivered", "s", lasts, "outage-all", digits=2)
