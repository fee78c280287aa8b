"""Hours of steady load with outages of random length: nothing lost, nothing growing. Run by scripts/soak.

    soak.py [--minutes 60] [--rate 5000] [--seed 1] [--output FILE]

Rounds of five minutes, each with an oracle of its own over I1, I2, I3 and I7; I4 and I5 at the end. OUTBOX_BINARY names the
release binary. --output: one JSON line for each second, what the daemon held of the system. Exit 0: all passed.
"""

import argparse
import json
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Harness"))

import harness  # noqa: E402
import load  # noqa: E402
import oracle  # noqa: E402
from comparing import accepted, check, digest  # noqa: E402
from prove import Bench  # noqa: E402

ROUND_SECONDS = 300
# Idle connections to the receiver come and go.
IDLE_CONNECTIONS = 256
MIB = 1 << 20


class Samples(threading.Thread):
    """What the daemon holds, once a second."""

    def __init__(self, daemon, output):
        super().__init__(daemon=True)
        self.daemon_process, self.output = daemon, output
        self.rows = []
        self.ending = threading.Event()

    def take(self):
        size = oracle.Size(self.daemon_process)
        folder = self.daemon_process.directory
        row = {"at": round(time.time(), 1), "resident": self.daemon_process.resident_bytes()[0],
               "descriptors": size.descriptors, "threads": size.threads,
               "database": (folder / "outbox.db").stat().st_size, "log": (folder / "outbox.db-wal").stat().st_size}
        self.rows.append(row)
        if self.output:
            self.output.write(json.dumps(row) + "\n")
        return row

    def run(self):
        while not self.ending.wait(1):
            self.take()


class Outages(threading.Thread):
    """The receiver is gone, or hangs, for a random time, again and again; it is there when the thread has ended."""

    def __init__(self, receiver, chance):
        super().__init__(daemon=True)
        self.receiver, self.chance = receiver, chance
        self.ending = threading.Event()
        self.gone = self.hung = 0
        self.seconds = 0.0

    def run(self):
        while not self.ending.wait(self.chance.uniform(5, 60)):
            # Most are short.
            length = min(45, self.chance.expovariate(1 / 8))
            self.seconds += length
            if self.chance.random() < 0.7:
                self.gone += 1
                self.receiver.stop()
                self.ending.wait(length)
                self.receiver.start()
            else:
                self.hung += 1
                self.receiver.process.send_signal(signal.SIGSTOP)
                self.ending.wait(length)
                self.receiver.process.send_signal(signal.SIGCONT)


def one_round(bench, daemon, number, rate, chance):
    """Load, outages, an empty queue, and the oracle; a line about it."""
    receiver = bench.receiver(port=bench.port, name=f"receiver-{number}").start()
    events = rate * ROUND_SECONDS
    record = bench.directory / f"sent-{number}"
    log = bench.directory / f"load-{number}.log"
    outages = Outages(receiver, chance)
    began = time.monotonic()
    producers = bench.children.start(
        load.load_arguments(daemon.door, connections=64, requests=events, rate=rate, retry=120, bytes=300,
                            first=number * events, function="orders", functions=20, key_prefix=f"soak-{number}-",
                            record=record), log)
    outages.start()
    try:
        check(producers.wait(4 * ROUND_SECONDS) == 0, f"the load generator failed: {log.read_text()[-300:]}")
        took = time.monotonic() - began
    finally:
        outages.ending.set()
        outages.join()
    drained = time.monotonic()
    daemon.wait_empty(300)
    drained = time.monotonic() - drained
    sent = accepted(record, events)
    waits = sorted(line.answered - line.sent for line in sent)
    told = oracle.Told({digest(load.body(line.number)): line.id for line in sent})
    counts = oracle.arrived(receiver, told, outages.gone + outages.hung)
    oracle.kept(daemon, told, counts, each=False)
    oracle.silent(daemon)
    receiver.stop()
    receiver.record.unlink()
    record.unlink()
    twice = sum(count > 1 for count in counts.values())
    return (f"{events} events at {events / took:.0f}/s, accept p50 {waits[len(waits) // 2] * 1000:.1f} ms, "
            f"p99 {waits[len(waits) * 99 // 100] * 1000:.1f} ms; {outages.gone} outages and {outages.hung} times without an "
            f"answer, {outages.seconds:.0f} s; empty {drained:.1f} s after the last; {twice} arrived twice")


def flat(ends):
    """I5, by what is held behind each round, where the queue is empty; the first fills caches."""
    first, last = ends[min(1, len(ends) - 1)], ends[-1]
    grown = last["resident"] - first["resident"]
    check(grown <= max(8 * MIB, first["resident"] // 10), f"I5: resident memory grew by {grown / MIB:.1f} MiB")
    for what, more in (("descriptors", IDLE_CONNECTIONS), ("threads", 4)):
        check(last[what] <= first[what] + more, f"I5: {last[what]} {what} after {first[what]}")


def soak(minutes, rate, seed, output):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="outbox-soak-") as directory:
        bench = Bench(directory, False, False)
        bench.port = harness.free_port()
        try:
            daemon = bench.daemon(f"http://127.0.0.1:{bench.port}", extra="defaults: { drain_rate: unlimited }\n").start()
            samples = Samples(daemon, output)
            samples.start()
            ends = []
            for number in range(max(2, round(minutes * 60 / ROUND_SECONDS))):
                line = one_round(bench, daemon, number, rate, chance)
                ends.append(samples.take())
                print(f"{number + 1:3} {line}; {ends[-1]['resident'] / MIB:.1f} MiB resident, {ends[-1]['descriptors']} "
                      f"descriptors, {ends[-1]['threads']} threads", flush=True)
            samples.ending.set()
            samples.join()
            check(daemon.stop() == 0, "the daemon did not end with 0")
            oracle.sound(daemon)
        finally:
            bench.children.end()
    rows = samples.rows
    for what, scale, unit in (("resident", MIB, " MiB"), ("descriptors", 1, ""), ("threads", 1, ""),
                              ("database", MIB, " MiB"), ("log", MIB, " MiB")):
        values = [row[what] / scale for row in rows]
        print(f"{what:12} behind the first round {ends[0][what] / scale:.1f}{unit}, behind the last "
              f"{ends[-1][what] / scale:.1f}{unit}, most {max(values):.1f}{unit}")
    flat(ends)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=int, default=5000, help="events a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=argparse.FileType("w"))
    arguments = parser.parse_args()
    try:
        soak(arguments.minutes, arguments.rate, arguments.seed, arguments.output)
    except (harness.Failure, AssertionError) as failure:
        print(f"FAIL {failure}")
        return 1
    print("pass: nothing lost, nothing altered, nothing grew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
