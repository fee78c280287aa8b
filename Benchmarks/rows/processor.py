"""What an event costs the processor at 8,000 single events a second, accepted and delivered."""

import harness
import load
from references.nginx import Nginx
from report import figure_row
from session import BYTES

PACKAGES = ("nginx-light",)
BUILDS = ()
RATE = 8000


def measure(session):
    events = RATE * session.scaled(10, 3)
    costs = []
    session.report(f"CPU an event at {RATE:,} a second")
    for _ in range(session.pairs):
        nginx = Nginx(session.children, session.folder(), session.port()).start()
        daemon = session.daemon(nginx.port).start()
        used = daemon.processor_seconds()
        result = load.load(daemon.door, connections=64, requests=events, rate=RATE, bytes=BYTES)
        daemon.wait_empty(60)
        costs.append((daemon.processor_seconds() - used) / events * 1e6)
        if result["statuses"] != {"202": events} or nginx.taken() != events:
            raise harness.Failure(f"nginx took {nginx.taken()} of {events}: {result}")
        session.report(f"{costs[-1]:.0f} µs at {result['rate']:,.0f} a second")
        if result["rate"] < RATE * 0.95:
            raise harness.Failure(f"only {result['rate']:,.0f} events/s came in: the machine is too busy for this row")
        daemon.stop()
        nginx.stop()
    yield figure_row(f"CPU an event, {RATE:,} single events/s, accepted and delivered", "µs", costs, "processor")
