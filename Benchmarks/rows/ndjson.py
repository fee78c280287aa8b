"""Durable accept of NDJSON, against the same rows put into SQLite by a C loop."""

import harness
import load
from references.bulk import bulk, new_database
from report import ratio_row
from session import BYTES, NotMeasured

PACKAGES = ("libsqlite3-dev",)
BUILDS = ("storebench",)
LINES = 500
CONNECTIONS = 4


def measure(session):
    requests = session.scaled(2000, 200)
    database = new_database(session)

    def send(daemon, count):
        return load.load(daemon.door, connections=CONNECTIONS, requests=count, bytes=BYTES, protocol="ndjson",
                         lines=LINES)

    def ours():
        daemon = session.daemon(session.port()).start()
        result = send(daemon, requests)
        queued = daemon.status()["queued"]
        if result["statuses"] != {"202": requests} or queued != requests * LINES:
            raise harness.Failure(f"{queued} are queued: {result}")
        daemon.stop()
        return result["rate"] * LINES

    probe = session.daemon(session.port()).start()
    statuses = send(probe, 1)["statuses"]
    probe.stop()
    if statuses != {"202": 1}:
        raise NotMeasured(f"the door takes no NDJSON: {', '.join(statuses)}")
    session.report(f"accept of NDJSON, {requests} requests of {LINES} events")
    rates = session.paired(lambda: bulk(database, "accept", requests * LINES)[0], ours)
    yield ratio_row(f"durable accept, NDJSON, {LINES} events a request", "events/s", *rates, "ndjson",
                    f"{CONNECTIONS} connections")
