"""A backup made under load, and what a daemon makes of it on another folder."""

import hashlib
import json
import signal
import statistics
import subprocess
import threading
import time

import load
from comparing import accepted, check, digest
from harness import binary, clean_environment, wait_for

# Waits in the queue before the first backup, so that copying takes a while.
BACKLOG = 60_000
# Accepts a second while latencies are compared, and for how long each time.
RATE = 2000
SECONDS = 3
PAIRS = 7


def run(*arguments):
    return subprocess.run([binary(), *map(str, arguments)], env=clean_environment(), capture_output=True, text=True,
                          timeout=300)


def latencies(daemon, first):
    """Figures of accepts at a steady rate."""
    return load.load(daemon.door, connections=16, requests=RATE * SECONDS, rate=RATE, bytes=300, first=first,
                     function="orders")


def latencies_beside_backups(bench, daemon, first):
    """The same while one backup after the other is made; also how many they were."""
    stopped, made, problems = threading.Event(), [], []

    def backups():
        while not stopped.is_set():
            target = bench.directory / f"beside-{first}-{len(made)}.backup"
            ended = daemon.command("backup", str(target))
            if ended.returncode:
                return problems.append(ended.stderr)
            made.append(target)
            target.unlink()

    thread = threading.Thread(target=backups)
    thread.start()
    try:
        return latencies(daemon, first), made
    finally:
        stopped.set()
        thread.join()
        check(not problems, f"a backup failed: {problems}")


def restore(bench):
    """Backup under load, restore elsewhere: paused, marked, told; resumed everything arrives under its old id."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="defaults: { drain_rate: unlimited }\n").start()
    daemon.command("functions", "pause", "billing")
    letter = daemon.accept("billing", b'{"letter": 1}')
    daemon.command("functions", "move-to-dead", "billing", "--yes")
    wait_for("the dead letter", lambda: daemon.status()["dead"] == 1, 30)
    daemon.command("functions", "pause", "orders")
    backlog = bench.scaled(BACKLOG)
    record = bench.directory / "before"
    load.load(daemon.door, connections=16, requests=backlog, bytes=300, function="orders", key_prefix="key-",
              record=record)
    before = accepted(record, backlog)
    figures = compare(bench, daemon, backlog)

    # Under load, so that pages change while they are copied.
    first = 10_000_000
    producers = bench.children.start(
        load.load_arguments(daemon.door, connections=16, requests=RATE * 5, rate=RATE, bytes=300, function="orders",
                            first=first, record=bench.directory / "during"), bench.directory / "load.log")
    time.sleep(0.5)
    asked = time.time()
    backup = bench.directory / "monday.backup"
    ended = daemon.command("backup", str(backup))
    check(ended.returncode == 0, f"backup: exit {ended.returncode}: {ended.stderr}")
    check(backup.stat().st_mode & 0o777 == 0o600, f"the backup's mode is {backup.stat().st_mode & 0o777:o}")
    check(daemon.command("backup", str(backup)).returncode == 4, "an existing backup was not refused")
    left = [path.name for path in daemon.directory.iterdir() if "copy" in path.name]
    check(not left, f"left behind: {left}")
    interrupted(bench, daemon)
    producers.wait(60)
    during = accepted(bench.directory / "during", RATE * 5)
    # The generator's clock begins when it does: what was answered before the backup was asked for must be in it.
    took_part = [line for line in during if daemon.event(line.id)["accepted_at"] < stamp(asked)]
    check(took_part, "nothing was accepted before the backup")

    # What happens since: some are handed over, one more is accepted.
    let_out(daemon, receiver, 20)
    late = daemon.accept("orders", b'{"late": 1}')
    gone = receiver.arrivals()
    arrived = len(gone)
    daemon.kill()

    other = bench.daemon(receiver.url, name="other", extra="defaults: { drain_rate: unlimited }\n")
    ended = run("restore", backup, "--directory", other.directory)
    check(ended.returncode == 0, f"restore: exit {ended.returncode}: {ended.stderr}")
    for words in ("not known is what happened since", "keys used since are forgotten", "everything is paused"):
        check(words in ended.stdout, f"restore doesn't say '{words}': {ended.stdout}")
    again = run("restore", backup, "--directory", other.directory)
    check(again.returncode == 4 and "--move-aside" in again.stderr, f"a second restore: {again.stderr}")
    other.start()
    held(other, receiver, arrived, ended.stdout)
    look_ups(other, before + took_part, letter, late)
    new = other.accept("orders", b'{"new": 1}')
    ids = {line.id for line in before + during} | {late, letter}
    check(new not in ids, "an id was given a second time")

    expected = other.status()["queued"]
    ended = other.command("functions", "resume", "--all")
    check(ended.returncode == 0, f"resume: {ended.stderr}")
    other.wait_empty(600)
    hashes = {arrival["sha256"] for arrival in receiver.arrivals()[arrived:]}
    wanted = {digest(load.body(line.number)) for line in before + took_part} | {digest(b'{"new": 1}')}
    check(wanted <= hashes, f"{len(wanted - hashes)} events never arrived")
    check({arrival["sha256"] for arrival in gone} <= hashes, "what was handed over since the backup was not sent again")
    for line in before[:5] + took_part[:5]:
        event = other.event(line.id)
        check(event["state"] == "handed-over" and event["uncertain"], f"{line.id} is {event}")
    twice = len(receiver.arrivals()) - arrived - expected
    check(twice == 0, f"{twice} more arrived than were queued")
    return (f"{expected - 1} events in a backup made under load: all there under their ids, uncertain, paused, told; "
            f"then all delivered ({len(gone)} for the second time); {figures}")


def interrupted(bench, daemon):
    """Ctrl-C while a backup is read again: no file of it stays in the way of the next one."""
    folder = bench.directory / "interrupted"
    folder.mkdir()
    command = subprocess.Popen([binary(), "backup", str(folder / "b")], env=daemon.command_environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("the unfinished backup", lambda: any(folder.iterdir()) or command.poll() is not None, 60, pause=0.001)
        command.send_signal(signal.SIGINT)
        check(command.wait(30) == -signal.SIGINT, f"an interrupted backup ended with {command.returncode}")
    finally:
        command.kill()
    left = [path.name for path in folder.iterdir()]
    check(not left, f"an interrupted backup left {left}")


def compare(bench, daemon, first):
    """Accept latencies beside backups and without, in turns; as text."""
    pairs = 1 if bench.quick else PAIRS
    ratios, alone, beside, backups = [], [], [], 0
    for pair in range(pairs):
        first += RATE * SECONDS
        without = latencies(daemon, first)
        first += RATE * SECONDS
        figures, made = latencies_beside_backups(bench, daemon, first)
        backups += len(made)
        alone.append(without)
        beside.append(figures)
        ratios.append((figures["p50_us"] / without["p50_us"], figures["p99_us"] / without["p99_us"]))
    check(backups > 0, "no backup was made beside the accepts")

    def median(rows, name):
        return statistics.median(row[name] for row in rows) / 1000

    return (f"accepts at {RATE}/s beside {backups} backups: p50 {median(beside, 'p50_us'):.2f} ms against "
            f"{median(alone, 'p50_us'):.2f} ({statistics.median(r[0] for r in ratios):.2f} x), "
            f"p99 {median(beside, 'p99_us'):.2f} against {median(alone, 'p99_us'):.2f} "
            f"({statistics.median(r[1] for r in ratios):.2f} x), median of {pairs} pairs")


def stamp(seconds):
    """As the daemon writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def let_out(daemon, receiver, least):
    """Lets at least so many of the paused events out."""
    daemon.command("functions", "resume", "orders")
    wait_for("some to arrive", lambda: len(receiver.arrivals()) >= least, 60)
    daemon.command("functions", "pause", "orders")
    wait_for("those in flight", lambda: daemon.status()["in_flight"] == 0, 30)


def held(daemon, receiver, arrived, told):
    """Nothing goes out, and the status says why and since when."""
    status = daemon.status()
    text = json.dumps(status)
    check("restored from a backup of" in text, f"the status doesn't say that it was restored: {text[:2000]}")
    check(daemon.command("status").returncode == 0, "status")
    screen = daemon.command("status").stdout
    check("restored from a backup of" in screen, f"the screen doesn't say that it was restored: {screen}")
    time.sleep(1)
    check(len(receiver.arrivals()) == arrived, "events were sent before anybody resumed")


def look_ups(daemon, lines, letter, late):
    """Old ids find the right events, with their exact bytes."""
    for line in lines[:: max(1, len(lines) // 300)]:
        event = daemon.event(line.id)
        check(event["state"] == "queued" and event["uncertain"], f"{line.id} is {event}")
        status, content = daemon.ask("GET", f"/outbox/v1/events/{line.id}/payload")
        found = hashlib.sha256(content).hexdigest() == digest(load.body(line.number))
        check(status == 200 and found, f"{line.id} has other bytes")
    check(daemon.event(letter)["state"] == "dead-letter", "the dead letter is gone")
    status, _ = daemon.ask("GET", f"/outbox/v1/events/{late}")
    check(status == 404, f"an event that was accepted after the backup is answered {status}")
