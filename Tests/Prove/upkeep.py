"""What the daemon does for its file by itself, beside the traffic."""

import statistics
import threading
import time

import load
from comparing import accepted, arrivals_by_number, check, lost, percentile
from harness import Failure, wait_for

SIZES = (65_536, 65_536)
MEBIBYTE = 1 << 20
BOUND = 64 * MEBIBYTE
# Accepts a second beside the shrinking, and for how long latencies are taken before it and after it.
RATE = 50
ASIDE_SECONDS = 20
# From the end of the backlog.
SHRUNK_SECONDS = 300


class Traffic:
    """One producer that sends at a steady pace, and how long it waited each time."""

    def __init__(self, daemon):
        self._daemon = daemon
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.waits, self.ids, self.problem = [], [], None
        self._thread.start()

    def _run(self):
        while not self._ended.wait(1 / RATE):
            began = time.monotonic()
            try:
                self.ids.append(self._daemon.accept("aside", b'{"aside": %d}' % len(self.ids)))
            except (Failure, OSError) as problem:
                self.problem = problem
                return
            self.waits.append((began, (time.monotonic() - began) * 1000))

    def end(self):
        self._ended.set()
        self._thread.join()
        check(self.problem is None, f"the traffic met {self.problem}")

    def between(self, start, end):
        waits = [wait for began, wait in self.waits if start <= began < end]
        return f"{statistics.median(waits):.1f}/{percentile(waits, 99):.1f}/{max(waits):.1f} ms"


def mebibytes(daemon):
    return (daemon.directory / "outbox.db").stat().st_size / MEBIBYTE


def shrinks_after_backlog(bench):
    """A file that a backlog made large is small within five minutes of draining, unasked, beside traffic."""
    count = (2048 if bench.long else 300) * MEBIBYTE // SIZES[0]
    receiver = bench.receiver()
    daemon = bench.daemon(receiver.url, extra="defaults: { drain_rate: unlimited }\n").start()
    record = bench.directory / "sent"
    load.load(daemon.door, connections=16, requests=count, bytes=SIZES[0], record=record)
    accepted(record, count)
    grown = mebibytes(daemon)
    check(grown * MEBIBYTE > count * SIZES[0], f"the file has {grown:.0f} MiB")
    receiver.start()
    daemon.wait_empty(900)
    counts = arrivals_by_number(receiver, range(count), SIZES)
    lost(range(count), counts)
    traffic = Traffic(daemon)
    drained = time.monotonic()
    try:
        check(mebibytes(daemon) > grown / 2, "it was small when it was drained: this proves nothing")
        began = wait_for("the file to shrink", lambda: mebibytes(daemon) < grown - 1 and time.monotonic(),
                         SHRUNK_SECONDS)
        wait_for("the file to be small", lambda: mebibytes(daemon) * MEBIBYTE < BOUND,
                 SHRUNK_SECONDS - (began - drained))
        small = time.monotonic()
        time.sleep(ASIDE_SECONDS)
    finally:
        traffic.end()
    left = mebibytes(daemon)
    daemon.wait_empty(60)
    check(len(receiver.arrivals()) == count + len(traffic.ids), "the traffic beside it didn't arrive once each")
    ended = daemon.command("compact")
    check(ended.returncode == 0 and "given back" in ended.stdout, f"compact: {ended.stdout}{ended.stderr}")
    verified = daemon.command("verify", str(daemon.directory / "outbox.db"))
    check(verified.returncode == 0, f"verify: {verified.stdout}{verified.stderr}")
    return (f"{grown:.0f} MiB; shrinking began {began - drained:.0f} s after it was drained, under 64 MiB after "
            f"{small - drained:.0f} s, then {left:.0f} MiB; {RATE} accepts a second took p50/p99/most "
            f"{traffic.between(drained, began)} before, {traffic.between(began, small)} meanwhile, "
            f"{traffic.between(small, small + ASIDE_SECONDS)} after; compact: {ended.stdout.strip()}")
