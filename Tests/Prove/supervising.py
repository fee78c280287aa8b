"""What systemd does for a daemon, and a load that goes on meanwhile."""

import pathlib
import subprocess
import threading

import load
import oracle
from comparing import accepted, check, digest

SIZES = (60, 1200)


class Supervisor:
    """Starts a daemon again whenever it has ended."""

    def __init__(self, daemon):
        self._daemon = daemon
        self._ending = threading.Event()
        self.restarts = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while not self._ending.wait(0.02):
            if self._daemon.process.poll() is not None:
                self.restarts += 1
                self._daemon.start(wait=False)

    def end(self):
        self._ending.set()
        self._thread.join(60)


def under_load(bench, daemon, receiver, act, count=8000, rate=1000, sizes=SIZES):
    """Producers send, and again what was refused or not answered, while `act` does something to the daemon, which is
    started again where it ends. Then I1 to I5 and I7: starts, and events that arrived twice."""
    before = oracle.Size(daemon)
    record = bench.directory / "sent"
    arguments = load.load_arguments(daemon.door, connections=32, requests=count, rate=rate, retry=120,
                                    key_prefix="load-", bytes=f"{sizes[0]}-{sizes[1]}", record=record)
    supervisor = Supervisor(daemon)
    try:
        producers = bench.children.start(arguments, bench.directory / "load.log")
        act()
        try:
            producers.wait(180)
        except subprocess.TimeoutExpired:
            check(False, f"the producers did not come to an end: {tail(daemon.log)}")
        sent = accepted(record, count)
        daemon.wait_empty(180)
    finally:
        supervisor.end()
    told = oracle.Told({digest(load.body(line.number, *sizes)): line.id for line in sent})
    # Whoever does something may stop the whole of it once, beside the ends that the supervisor saw.
    counts = oracle.arrived(receiver, told, supervisor.restarts + 1)
    oracle.kept(daemon, told, counts, each=False)
    oracle.bounded(daemon, before, idle=256)
    check(daemon.stop() == 0, "the daemon did not end with 0")
    oracle.sound(daemon)
    oracle.silent(daemon)
    return supervisor.restarts, sum(number > 1 for number in counts.values())


def tail(path):
    return pathlib.Path(path).read_text(errors="replace")[-500:]
