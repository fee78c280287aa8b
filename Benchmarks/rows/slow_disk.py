"""What an accept takes where every sync takes 5 ms."""

from references.slow_disk import SlowDisk
from report import ratio_row
from rows.accept import accepted, plural

PACKAGES = ()
BUILDS = ()
MILLISECONDS = 5


def measure(session):
    for connections in (1, 64):
        rates = []

        def ours():
            folder = session.folder()
            disk = SlowDisk(folder, MILLISECONDS)
            daemon = session.daemon(session.port(), folder, disk.environment).start()
            result = accepted(daemon.door, connections, session.seconds, "ours")
            disk.check("ours", result["answered"] // connections)
            daemon.stop()
            rates.append(result["rate"])
            return result["p50_us"] / 1000

        session.report(f"accept with {MILLISECONDS} ms a sync, {plural(connections)}")
        took = [ours() for _ in range(session.pairs)]
        yield ratio_row(f"durable accept, {plural(connections)}, {MILLISECONDS} ms a sync: p50", "ms",
                        [MILLISECONDS] * len(took), took, f"slow-disk-{connections}",
                        f"{sorted(rates)[len(rates) // 2]:,.0f} requests/s", digits=2)
