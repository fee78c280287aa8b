"""From the door to the function through an idle queue, against a relay that only syncs and sends."""

import statistics

import load
from report import ratio_row
from session import BYTES, tool

PACKAGES = ()
BUILDS = ()
PAUSE_MS = 10


def measure(session):
    events = session.scaled(500, 100)
    p99 = {"relay": [], "door": []}

    def timed(port, way, path):
        figures = tool([load.build_tool("arrival"), port, events, BYTES, PAUSE_MS, way, path])[0]
        p99[way].append(figures["p99_us"])
        return figures["p50_us"]

    def reference():
        return timed(session.port(), "relay", session.folder() / "log")

    def ours():
        port = session.port()
        daemon = session.daemon(port).start()
        took = timed(port, "door", daemon.door)
        daemon.wait_empty(10)
        daemon.stop()
        return took

    session.report(f"arrival of {events} single events")
    took = session.paired(reference, ours)
    yield ratio_row("accept to arrival, idle queue, p50", "µs", *took, "arrival",
                    f"p99 {statistics.median(p99['relay']):.0f} → {statistics.median(p99['door']):.0f} µs; "
                    f"{PAUSE_MS} ms between two events")
