"""From the start of the process to its first 202, with much queued: after an orderly end, and after a kill -9."""

import time

import harness
import load
from harness import UnixConnection, exchange
from references.bare import INVOKE
from report import figure_row
from session import BYTES

PACKAGES = ()
BUILDS = ("storebench",)
# Left in the log by a kill, for the next start to read.
BEFORE_KILL = 5000


def measure(session):
    for queued in session.scaled((0, 1_000_000, 10_000_000), (0, 200_000)):
        folder = session.queue_of(queued) if queued else session.folder()
        daemon = session.daemon(session.port(), folder).start()
        for end in ("an orderly end", "a kill -9"):
            took = []
            for _ in range(session.pairs):
                if end == "a kill -9":
                    load.load(daemon.door, connections=64, requests=BEFORE_KILL, bytes=BYTES)
                    daemon.kill()
                else:
                    daemon.stop()
                took.append(milliseconds_to_accept(daemon))
                session.report(f"start at {queued:,} queued after {end}: {took[-1]:.0f} ms")
            millions = queued // 1_000_000
            yield figure_row(f"start to accepting, {queued:,} queued, after {end}", "ms", took,
                             f"start-{millions}" if millions else None)
        # Whoever uses the queue next finds it as he expects.
        daemon.stop()


def milliseconds_to_accept(daemon):
    started = time.monotonic()
    daemon.start(wait=False)

    def accepts():
        connection = UnixConnection(daemon.door)
        try:
            return exchange(connection, "POST", INVOKE, b"{}", {"X-Amz-Invocation-Type": "Event"})[0] == 202
        except OSError:
            return False
        finally:
            connection.close()
    harness.wait_for("the first 202", accepts, 60, pause=0.001)
    return (time.monotonic() - started) * 1000
