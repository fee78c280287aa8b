"""Idempotency keys in numbers: none is forgotten, whatever happens to the daemon."""

import subprocess
import time

import load
from comparing import accepted, check
from harness import wait_for

KILLS = 30
SIZES = "60-300"


def keys_kill_nine(bench):
    """A million keys (--long: ten) through 30 kill -9: each hundredth comes again and gets its first id."""
    count = bench.scaled(10_000_000 if bench.long else 1_000_000)
    receiver = bench.receiver().start()
    configuration = "defaults: { drain_rate: unlimited }\nqueue: { max_keys: 20000000, max_events: 20000000 }\n"
    daemon = bench.daemon(receiver.url, extra=configuration).start()
    record = bench.directory / "sent"
    arguments = load.load_arguments(daemon.door, connections=64, requests=count, retry=120, key_prefix="key-",
                                    bytes=SIZES, record=record)
    producers = bench.children.start(arguments, bench.directory / "load.log")
    kills = 0
    while kills < KILLS and producers.poll() is None:
        # As many keys between two kills, however fast the machine is.
        wait_for("more keys", lambda: producers.poll() is not None or
                 daemon.status()["store"]["keys"] >= count * (kills + 1) // (KILLS + 1),
                 seconds=600, pause=0.2)
        daemon.kill()
        kills += 1
        daemon.start()
    try:
        producers.wait(3600)
    except subprocess.TimeoutExpired:
        check(False, "the producers did not come to an end")
    check(kills == KILLS, f"the producers had ended after {kills} kills")
    identifiers = {line.number: line.id for line in accepted(record, count)}
    check(len(set(identifiers.values())) == count, "two events share an id")
    daemon.kill()
    started = time.monotonic()
    daemon.start()
    seconds = time.monotonic() - started
    keys = daemon.status()["store"]["keys"]
    check(keys >= count, f"{keys} keys are remembered, {count} were accepted")
    forgotten, block = 0, 100
    for first in range(0, count, block * 100):
        again = bench.directory / "again"
        load.load(daemon.door, connections=16, requests=block, first=first, key_prefix="key-", bytes=SIZES, record=again)
        forgotten += sum(line.status != 202 or not line.repeat or line.id != identifiers[line.number]
                         for line in load.read_record(again))
    check(forgotten == 0, f"{forgotten} of {count // 100} keys were forgotten, or name another event")
    return f"{count} keys through {kills} kills: {count // 100} repeats all got their first id; start in {seconds:.1f} s"
