"""Accepted and delivered at the same time, to nginx, against syslog-ng with a disk buffer."""

import time

import harness
import load
from references.nginx import Nginx
from references.syslog_ng import PACKAGES as SYSLOG_PACKAGES
from references.syslog_ng import SyslogNG
from report import ratio_row
from session import BYTES

PACKAGES = ("nginx-light", *SYSLOG_PACKAGES)
BUILDS = ()
CONNECTIONS = 64


def measure(session):
    events = session.scaled(100_000, 20_000)
    processor = {"reference": [], "ours": []}

    def through(side, server, nginx, feed):
        """Events a second from the first that is given in to the last that nginx has taken."""
        used, started = server.processor_seconds(), time.monotonic()
        feed()
        ended, taken = nginx.when_taken(events)
        if taken != events:
            raise harness.Failure(f"{side}: nginx took {taken} requests for {events} events")
        if side == "ours":
            server.wait_empty(30)
        processor[side].append((server.processor_seconds() - used) / events * 1e6)
        server.stop()
        nginx.stop()
        return events / (ended - started)

    def reference():
        nginx = Nginx(session.children, session.folder(), session.port()).start()
        server = SyslogNG(session.children, session.folder(), nginx.url).start()
        return through("reference", server, nginx, lambda: server.feed(CONNECTIONS, events))

    def ours():
        nginx = Nginx(session.children, session.folder(), session.port()).start()
        server = session.daemon(nginx.port).start()

        def feed():
            result = load.load(server.door, connections=CONNECTIONS, requests=events, bytes=BYTES)
            if result["statuses"] != {"202": events}:
                raise harness.Failure(f"not all were accepted: {result}")
        return through("ours", server, nginx, feed)

    session.report(f"{events:,} accepted and delivered")
    rates = session.paired(reference, ours)
    yield ratio_row("accepted and delivered, signed", "events/s", *rates, "through-rate")
    yield ratio_row("accepted and delivered, signed: CPU an event", "µs", processor["reference"], processor["ours"],
                    "through-processor", "user and kernel, of the daemon alone")
