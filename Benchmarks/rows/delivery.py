"""Signed posts by the transport alone; and a backlog that was queued while the endpoint refused connections, delivered to
nginx when that comes up, its hand-overs recorded."""

import statistics
import time

import harness
from references.nginx import Nginx, curl_loop
from report import ratio_row
from session import BYTES, IN_FLIGHT, LONGEST, fill, storebench

PACKAGES = ("nginx-light", "libcurl4-openssl-dev")
BUILDS = ("storebench",)


def measure(session):
    yield _posts(session)
    yield _drain(session)


def _posts(session):
    requests = session.scaled(200_000, 50_000)
    nginx = Nginx(session.children, session.folder(), session.port()).start()

    def ours():
        run, = storebench("deliver", rows=requests, bytes=BYTES, port=nginx.port, in_flight=IN_FLIGHT)
        return run["rate"]

    session.report(f"{requests:,} signed posts")
    rates = session.paired(lambda: curl_loop(nginx, requests), ours)
    nginx.stop()
    return ratio_row(f"signed delivery, {IN_FLIGHT} in flight", "requests/s", *rates, "delivery",
                     "the transport alone, one thread each")


def _drain(session):
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
    whole = [backlog / seconds for seconds in empty_after]
    flowing = statistics.median(rates[1])
    return ratio_row(f"drain of {backlog:,}, from the endpoint's start to an empty queue", "events/s", rates[0], whole,
                     "drain", f"took {statistics.median(empty_after):.1f} s; {flowing:,.0f} events/s between the first and "
                     "the last tenth")
