"""Durable accept of single POSTs over the Unix socket, against a server on the same library that stores nothing."""

import statistics

import harness
import load
from references.bare import BareServer
from report import ratio_row
from session import BYTES

PACKAGES = ()
BUILDS = ("BareServer",)


def plural(connections):
    return f"{connections} connection{'s' if connections > 1 else ''}"


def accepted(socket_path, connections, seconds, who, **options):
    """Closed-loop load of which all must be accepted; the load generator's figures."""
    result = load.load(socket_path, connections=connections, seconds=seconds, warm_up=0.5, bytes=BYTES, **options)
    if result["statuses"].keys() != {"202"} or result["connection_errors"]:
        raise harness.Failure(f"{who}: {result}")
    return result


def measure(session):
    for connections in (1, 16, 64):
        figures = {"reference": [], "ours": []}

        def reference():
            server = BareServer(session.children, session.folder()).start()
            figures["reference"].append(accepted(server.socket, connections, session.seconds, "the bare server"))
            server.stop()
            return figures["reference"][-1]["rate"]

        def ours():
            # Nobody listens where it would deliver.
            daemon = session.daemon(session.port()).start()
            figures["ours"].append(accepted(daemon.door, connections, session.seconds, "ours"))
            daemon.stop()
            return figures["ours"][-1]["rate"]

        session.report(f"accept, {plural(connections)}")
        rates = session.paired(reference, ours)
        p50, p99 = ([statistics.median(run[name] for run in figures[side]) for side in ("reference", "ours")]
                    for name in ("p50_us", "p99_us"))
        note = f"p50 {p50[0]:.0f} → {p50[1]:.0f} µs, p99 {p99[0]:.0f} → {p99[1]:.0f} µs"
        yield ratio_row(f"durable accept, {plural(connections)}", "requests/s", *rates,
                        "accept" if connections == 64 else None, note)
