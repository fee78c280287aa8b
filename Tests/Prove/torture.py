"""Injures the disk under the store, cuts the power, kills the daemon, damages its files, and prints a table. Run by
scripts/torture.

    torture.py [--quick | --long] [vfs] [power] [strace] [kill] [damage]

OUTBOX_TORTURE names the folder of `faultsweep` and `simulate`, OUTBOX_BINARY the release binary. Exit 0: all passed.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Harness"))

import damage as damages  # noqa: E402
import harness  # noqa: E402
import load  # noqa: E402
import oracle  # noqa: E402
from comparing import accepted, check, digest  # noqa: E402
from harness import wait_for  # noqa: E402
from injecting import strace  # noqa: E402
from prove import Bench  # noqa: E402
from throughput import SIZES  # noqa: E402

# Events sent in one round of kills, and kills in it.
ROUND_EVENTS = 50_000
ROUND_KILLS = 20


def tool(name, *arguments):
    """Runs a program of the simulation, shows what it prints, and gives its status and output."""
    path = pathlib.Path(os.environ["OUTBOX_TORTURE"]) / name
    run = subprocess.run([path, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="", flush=True)
    return run.returncode, run.stdout


def number_of(name, output):
    """The figure behind a name in a list of occurrences; 0 where it is not in it."""
    found = re.search(rf"^ *{re.escape(name)}: (\d+)$", output, re.MULTILINE)
    return int(found[1]) if found else 0


# How much of each form: every N-th allocation, other call of SQLite's and call of the kernel, power cuts, kills, injuries.
AMOUNTS = {
    "quick": {"memory": 70, "stride": 10, "strace": 40, "cuts": 100, "kills": 20, "injuries": 50},
    "usual": {"memory": 7, "stride": 1, "strace": 1, "cuts": 1_000, "kills": 300, "injuries": 500},
    "long": {"memory": 1, "stride": 1, "strace": 1, "cuts": 5_000, "kills": 1_000, "injuries": 10_000},
}


def vfs(amount):
    """A fault at every call of a run of 20 events; allocations, of which there are ten times as many, by a stride."""
    status, output = tool("faultsweep", "--memory-stride", amount["memory"], "--stride", amount["stride"])
    rows = [line.rsplit(maxsplit=6) for line in output.splitlines() if re.search(r"( +\d+){6}$", line)]
    runs, violations = (sum(int(row[column]) for row in rows) for column in (2, 5))
    check(status == 0 and runs > 0, f"{violations} violations in {runs} runs")
    return f"{len(rows)} kinds of fault, {runs} runs, 0 violations"


def power(amount):
    """Power cuts at calls and between them; and the same with commits that aren't synced, which must be found."""
    cuts, seed, step = 0, 0, min(200, amount["cuts"])
    while cuts < amount["cuts"]:
        status, output = tool("simulate", "--store", "fault", "--from", seed, "--seeds", step)
        check(status == 0, f"a rule was broken after {cuts} power cuts (see above)")
        cuts += number_of("disk: power lost", output)
        seed += step
    status, output = tool("simulate", "--store", "fault", "--unsynced", "--seeds", 50, "--workers", 1, "--failures", 1)
    found_after = number_of("disk: power lost", output)
    check(status == 1 and "VIOLATION" in output, "commits without a sync were not found")
    check(found_after <= 50, f"commits without a sync were found after {found_after} cuts only")
    return f"{cuts} power cuts in {seed} runs, 0 violations; synchronous=NORMAL found within {found_after + 1}"


def kill(amount):
    """kill -9 at random moments under load, again and again on one state folder."""
    rounds = amount["kills"] // ROUND_KILLS
    chance = random.Random(9)
    events = repeats = 0
    with tempfile.TemporaryDirectory(prefix="outbox-torture-") as directory:
        bench = Bench(directory, False, False)
        try:
            port = harness.free_port()
            daemon = bench.daemon(f"http://127.0.0.1:{port}", extra="defaults: { drain_rate: unlimited }\n")
            for number in range(rounds):
                receiver = bench.receiver(port=port, name=f"receiver-{number}").start()
                repeats += kill_round(bench, daemon, receiver, number, chance)
                events += ROUND_EVENTS
                receiver.stop()
                receiver.record.unlink()
                print(f"   {(number + 1) * ROUND_KILLS} kills, {events} events, {repeats} arrived twice", flush=True)
        finally:
            bench.children.end()
    return f"{rounds * ROUND_KILLS} kills, {events} events accepted, 0 lost, {repeats} repeats, each marked uncertain"


def kill_round(bench, daemon, receiver, number, chance):
    """One round: how many events arrived twice."""
    daemon.start()
    record = bench.directory / f"sent-{number}"
    arguments = load.load_arguments(daemon.door, connections=64, requests=ROUND_EVENTS, rate=5000, retry=120,
                                    key_prefix=f"torture-{number}-", bytes=f"{SIZES[0]}-{SIZES[1]}", record=record)
    producers = bench.children.start(arguments, bench.directory / "load.log")
    for _ in range(ROUND_KILLS):
        time.sleep(chance.uniform(0.1, 0.9))
        daemon.kill()
        daemon.start(wait=False)
    wait_for("the daemon to be ready", daemon.ready, 60)
    try:
        producers.wait(300)
    except subprocess.TimeoutExpired:
        check(False, "the producers did not come to an end")
    sent = accepted(record, ROUND_EVENTS)
    daemon.wait_empty(600)
    told = oracle.Told({digest(load.body(line.number, *SIZES)): line.id for line in sent})
    counts = oracle.arrived(receiver, told, ROUND_KILLS)
    oracle.kept(daemon, told, counts, each=False)
    daemon.stop()
    oracle.sound(daemon)
    oracle.silent(daemon)
    record.unlink()
    return sum(count > 1 for count in counts.values())


def damage(amount):
    """Changed bits, pages and lengths of database and log: it starts, nothing altered goes out, nothing is forgotten."""
    with tempfile.TemporaryDirectory(prefix="outbox-torture-") as directory:
        return damages.torture(directory, amount["injuries"], amount.get("first", 0))


FORMS = {"vfs": vfs, "power": power, "strace": strace, "kill": kill, "damage": damage}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_const", dest="amount", const="quick", default="usual",
                        help="100 power cuts, 20 kills, 50 injuries, every tenth call")
    parser.add_argument("--long", action="store_const", dest="amount", const="long",
                        help="5,000 power cuts, 1,000 kills, 10,000 injuries, every allocation")
    parser.add_argument("--seed", type=int, help="damage: only this injury")
    parser.add_argument("forms", nargs="*", metavar="FORM", help=", ".join(FORMS))
    arguments = parser.parse_args()
    unknown = [name for name in arguments.forms if name not in FORMS]
    if unknown:
        parser.error(f"no such form: {', '.join(unknown)}")
    amount = dict(AMOUNTS[arguments.amount])
    if arguments.seed is not None:
        amount.update(injuries=1, first=arguments.seed)
    results = []
    for name in arguments.forms or FORMS:
        print(f"-- {name} …", flush=True)
        started = time.monotonic()
        try:
            passed, found = True, FORMS[name](amount)
        except (harness.Failure, AssertionError) as failure:
            passed, found = False, str(failure)
        except Exception:  # a broken form is a failed one, and the others still run
            passed, found = False, traceback.format_exc(limit=3)
        results.append((name, passed, time.monotonic() - started, found))
    print(f"\n{'form':8} {'result':6} {'time':>7}  found")
    for name, passed, took, found in results:
        print(f"{name:8} {'pass' if passed else 'FAIL':6} {took:6.0f}s  {found.splitlines()[-1] if found else ''}")
    return 0 if all(passed for _, passed, _, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
