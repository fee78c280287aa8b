"""Durable accept against Redis with its log synced for each answer: same generator, with and without a slow disk."""

from references.redis import PACKAGES, Redis  # noqa: F401
from references.slow_disk import SlowDisk
from report import ratio_row
from rows.accept import accepted, plural

BUILDS = ()


def measure(session):
    for milliseconds in session.scaled((0, 1, 5), (0, 1)):
        for connections in (16, 64):
            yield from compared(session, milliseconds, connections)


def compared(session, milliseconds, connections):
    p99 = {"reference": [], "ours": []}
    syncs = {"reference": 0, "ours": 0}

    def run(who, side, make, socket_of, options):
        folder = session.folder()
        disk = SlowDisk(folder, milliseconds)
        server = make(folder, disk.environment).start()
        before = disk.syncs()
        result = accepted(socket_of(server), connections, session.seconds, who, **options)
        syncs[side] += disk.syncs() - before
        # One for every answer of a connection that waits, at the very least.
        disk.check(who, result["answered"] // connections)
        server.stop()
        p99[side].append(result["p99_us"])
        return result["rate"]

    def reference():
        return run("Redis", "reference", lambda folder, disk: Redis(session.children, folder, disk),
                   lambda server: server.socket, {"protocol": "redis"})

    def ours():
        return run("ours", "ours", lambda folder, disk: session.daemon(session.port(), folder, disk),
                   lambda server: server.door, {})

    disk = f", {milliseconds} ms a sync" if milliseconds else ""
    session.report(f"accept against Redis, {plural(connections)}{disk}")
    rates = session.paired(reference, ours)
    bounds = ("redis-rate", "redis-p99") if milliseconds < 5 else (None, None)
    name = f"durable accept, {plural(connections)}{disk}"
    yield ratio_row(f"{name}, beside Redis", "requests/s", *rates, bounds[0],
                    f"syncs {syncs['reference']:,} → {syncs['ours']:,}")
    yield ratio_row(f"{name}, beside Redis, p99", "µs", p99["reference"], p99["ours"], bounds[1])
