"""A damaged database is moved aside, salvaged, and imported into the daemon that runs since, under load."""

import collections
import json
import signal
import subprocess

import load
from comparing import accepted, check, digest
from harness import binary, wait_for

BACKLOG = 20_000
# Accepts a second beside the import.
RATE = 1000
SECONDS = 5
KILLS = 3
MARKED = b'{"marked": "this payload is going to change"}'


def injure(path):
    """The schema can't be read any more, and one payload has another byte."""
    data = bytearray(path.read_bytes())
    data[100:160] = bytes(60)
    place = data.index(MARKED)
    data[place + 20] ^= 1
    path.write_bytes(data)


def summary(ended, status=0):
    check(ended.returncode == status, f"import: exit {ended.returncode}: {ended.stderr[:1000]}")
    return json.loads(ended.stdout.splitlines()[-1])


def killed(bench):
    """kill -9 in the midst of an import, again and again: what is imported once more lacks nothing, and nothing is there twice."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="defaults: { drain_rate: unlimited }\n").start()
    daemon.command("functions", "pause", "--all")
    backlog = bench.scaled(BACKLOG)
    load.load(daemon.door, connections=16, requests=backlog, bytes=300, function="orders", key_prefix="key-",
              record=bench.directory / "old")
    old = accepted(bench.directory / "old", backlog)
    daemon.stop()
    found = bench.directory / "found.ndjson"
    ended = daemon.command("salvage", str(daemon.directory / "outbox.db"), "--output", str(found))
    check(ended.returncode == 0, f"salvage: exit {ended.returncode}: {ended.stderr}")

    other = bench.daemon(receiver.url, name="other", extra="defaults: { drain_rate: unlimited }\n").start()
    other.command("functions", "pause", "--all")
    there = []
    for part in range(1, KILLS + 1):
        command = subprocess.Popen([binary(), "import", str(found)], env=other.command_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for("a part of the import", lambda: other.status()["queued"] >= backlog * part // (KILLS + 1), 60)
        other.kill()
        said, _ = command.communicate(timeout=60)
        check(command.returncode not in (0, -signal.SIGPIPE), f"an import whose daemon was killed ended well: {said}")
        check("again" in said, f"it doesn't say that it can be repeated: {said}")
        other.start()
        there.append(other.status()["queued"])
    told = summary(other.command("import", str(found), "--json"))
    check(told["events"] == backlog - there[-1], f"{there[-1]} of {backlog} were there: {told}")
    ended = other.command("verify", str(other.directory / "outbox.db"))
    check(ended.returncode == 0, f"verify: {ended.stdout}")
    line = old[0]
    status, answer, _ = other.post("orders", load.body(line.number), {"Idempotency-Key": f"key-{line.number}"})
    check(status == 202 and answer["x-amzn-requestid"] == line.id, f"a repeat is {answer}")
    other.command("functions", "resume", "--all")
    other.wait_empty(300)
    counts = collections.Counter(arrival["sha256"] for arrival in receiver.arrivals())
    check(counts == collections.Counter(digest(load.body(line.number)) for line in old), "not each arrived once")
    for line in old[:: max(1, len(old) // 200)]:
        check(other.event(line.id)["state"] == "handed-over", f"{line.id} is {other.event(line.id)}")
    return f"{backlog} events, {KILLS} kills with {there} of them there; after one more import each arrived once"


def salvaged(bench):
    """Damaged, moved aside, salvaged, imported while events are accepted and delivered: nothing lost, nothing twice."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra="defaults: { drain_rate: unlimited }\n").start()
    daemon.command("functions", "pause", "--all")
    letter = daemon.accept("billing", b'{"letter": 1}')
    daemon.command("functions", "move-to-dead", "billing", "--yes")
    wait_for("the dead letter", lambda: daemon.status()["dead"] == 1, 30)
    marked = daemon.accept("orders", MARKED)
    headers = {"Idempotency-Key": "mine", "X-Amz-Tenant-Id": "t-1"}
    keyed = daemon.accept("orders", b'{"keyed": 1}', headers)
    later = daemon.accept("orders", b'{"later": 1}', {"Outbox-Delay": "1h"})
    backlog = bench.scaled(BACKLOG)
    load.load(daemon.door, connections=16, requests=backlog, bytes=300, function="orders", record=bench.directory / "old")
    old = accepted(bench.directory / "old", backlog)
    daemon.stop()
    injure(daemon.directory / "outbox.db")

    daemon.start()
    kept = daemon.status()["store"]["damaged_files"][0]["path"]
    status, _ = daemon.ask("GET", f"/outbox/v1/events/{keyed}")
    check(status == 404, f"the new queue knows an old event: {status}")
    found = bench.directory / "found.ndjson"
    ended = daemon.command("salvage", kept, "--output", str(found))
    check(ended.returncode == 1 and found.exists(), f"salvage: exit {ended.returncode}: {ended.stderr}")
    trial = summary(daemon.command("import", str(found), "--dry-run", "--json"))
    check(trial["events"] == backlog + 2 and daemon.status()["queued"] == 0, f"dry run: {trial}")

    first = 10_000_000
    producers = bench.children.start(
        load.load_arguments(daemon.door, connections=16, requests=RATE * SECONDS, rate=RATE, bytes=300,
                            function="orders", first=first, record=bench.directory / "new"),
        bench.directory / "load.log")
    told = summary(daemon.command("import", str(found), "--json"))
    check(told["events"] == backlog + 2 and told["dead_letters"] == 2 and told["refused"] == 0, f"import: {told}")
    again = summary(daemon.command("import", str(found), "--json"))
    check(again["events"] == again["dead_letters"] == again["keys"] == 0, f"a second import: {again}")
    producers.wait(60)
    new = accepted(bench.directory / "new", RATE * SECONDS)

    status, answer, _ = daemon.post("orders", b'{"keyed": 1}', headers)
    check(status == 202 and answer["x-amzn-requestid"] == keyed, f"a repeat is {answer}")
    wait_for("all but the delayed one", lambda: daemon.status()["queued"] == 1, 300)
    check(daemon.event(later)["state"] == "queued", f"the delayed one is {daemon.event(later)}")
    ended = daemon.command("events", "send-now", later)
    check(ended.returncode == 0, f"send-now of an imported event: {ended.stderr}")
    daemon.wait_empty(60)
    counts = collections.Counter(arrival["sha256"] for arrival in receiver.arrivals())
    wanted = {digest(load.body(line.number)) for line in old + new}
    wanted |= {digest(b'{"keyed": 1}'), digest(b'{"later": 1}')}
    check(not wanted - counts.keys(), f"{len(wanted - counts.keys())} events never arrived")
    check(not counts.keys() - wanted, "something arrived that must not")
    check(max(counts.values()) == 1, f"{sum(count > 1 for count in counts.values())} events arrived twice")
    for line in old[:: max(1, len(old) // 200)]:
        event = daemon.event(line.id)
        check(event["state"] == "handed-over" and event["uncertain"], f"{line.id} is {event}")
    event = daemon.event(letter)
    check(event["state"] == "dead-letter" and event["condition"] == "moved", f"the letter is {event}")
    check(daemon.event(marked)["condition"] == "corrupt", f"the changed one is {daemon.event(marked)}")
    daemon.command("dead", "redrive", marked)
    daemon.command("dead", "redrive", letter)
    wait_for("the letter", lambda: daemon.event(letter)["state"] == "handed-over", 30)
    wait_for("the changed one", lambda: daemon.event(marked)["state"] == "dead-letter", 30)

    # A start reads the rows anew; and what is known of hand-overs keeps a third import from doing anything.
    daemon.stop()
    daemon.start()
    third = summary(daemon.command("import", str(found), "--json"))
    check(third["events"] == third["dead_letters"] == 0, f"a third import: {third}")
    ended = daemon.command("verify", str(daemon.directory / "outbox.db"))
    check(ended.returncode == 0, f"verify: {ended.stdout}")
    exported = daemon.command("dead", "export", "--all").stdout
    check(len(receiver.arrivals()) == len(wanted) + 1, "something arrived again")

    # To another host.
    other = bench.daemon(receiver.url, name="other").start()
    told = summary(other.command("import", "-", "--json", input=exported))
    check(told["dead_letters"] == 1 and other.event(marked)["condition"] == "corrupt", f"on another host: {told}")
    return (f"{backlog} events of a damaged database imported beside {len(new)} accepted: each arrived once under its id, "
            f"a changed one is a dead letter; imported twice more: nothing")
