"""A backlog that was queued while the endpoint refused connections, delivered to nginx when that comes up."""

import statistics
import time

import harness
from references.nginx import Nginx, curl_loop
from report import ratio_row
from session import IN_FLIGHT, LONGEST, fill

PACKAGES = ("nginx-light", "libcurl4-openssl-dev")
BUILDS = ()


def measure(session):
    backlog = session.scaled(1_000_000, 50_000)
    empty_after = []

    def reference():
        nginx = Nginx(session.children, session.folder(), session.port()).start()
        rate = curl_loop(nginx, backlog // 2)
        nginx.stop()
        return rate

    def ours():
        port = session.port()
        daemon = session.daemon(port).start()
        fill(daemon, 0, backlog)
        nginx = Nginx(session.children, session.folder(), port)
        started = time.monotonic()
        nginx.start()
        rate = nginx.rate(0, backlog)
        daemon.wait_empty(LONGEST)
        empty_after.append(time.monotonic() - started)
        if nginx.taken() != backlog:
            raise harness.Failure(f"nginx took {nginx.taken()} requests for {backlog} events")
        daemon.stop()
        nginx.stop()
        return rate

    session.report(f"delivery of {backlog:,}")
    rates = session.paired(reference, ours)
    yield ratio_row(f"signed delivery, {IN_FLIGHT} in flight", "requests/s", *rates, "delivery",
                    "ours between the first and the last tenth of the backlog")
    whole = [backlog / seconds for seconds in empty_after]
    yield ratio_row(f"drain of {backlog:,}, from the endpoint's start to an empty queue", "events/s", rates[0], whole,
                    "drain", f"took {statistics.median(empty_after):.1f} s")
