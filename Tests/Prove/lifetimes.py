"""When an event may go out, and when it is too late."""

import base64
import json
import time

from comparing import check, digest, received_at
from harness import wait_for


def delay(bench):
    """A delayed event waits its time, and no fresh one waits for it."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    started = time.time()
    run = daemon.command("send", "orders", "--payload", '{"later": 1}', "--delay", "3s")
    check(run.returncode == 0, f"send --delay: exit {run.returncode}: {run.stderr}")
    run = daemon.command("send", "orders", "--payload", '{"now": 1}')
    check(run.returncode == 0, f"send: exit {run.returncode}: {run.stderr}")
    wait_for("both events", lambda: len(receiver.arrivals()) == 2, 30)
    fresh, delayed = receiver.arrivals()
    check(fresh["sha256"] == digest(b'{"now": 1}') and delayed["sha256"] == digest(b'{"later": 1}'), "wrong order")
    took = received_at(delayed) - started
    check(3 <= took <= 8, f"the event with --delay 3s arrived after {took:.2f} s")
    return f"--delay 3s arrived after {took:.2f} s, the fresh one after {received_at(fresh) - started:.2f} s"


def expiry_and_purge(bench):
    """A hard expiry passes during an outage: a dead letter with the exact bytes; purge exports it, then deletes it."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    # Expiry needs a clock that is known to be right: by the kernel's word, or by the Date of an answer.
    daemon.accept("orders", b"{}")
    daemon.wait_empty(10)
    receiver.stop()
    payload = b' { "total" : 1.50, "caf\xc3\xa9":"\\u00e9 \xf0\x9f\x98\x80" }\n'
    started = time.monotonic()
    run = daemon.command("send", "orders", "--payload-file", write(bench.directory / "payload", payload),
                         "--expires-in", "2s")
    check(run.returncode == 0, f"send --expires-in: exit {run.returncode}: {run.stderr}")
    identifier = run.stdout.strip()
    staying = daemon.accept("orders", b'{"stays": 1}')
    wait_for("the dead letter", lambda: daemon.status()["dead"] == 1, 70)
    took = time.monotonic() - started
    event = daemon.event(identifier)
    check((event["state"], event["condition"]) == ("dead-letter", "expired"), f"{event['state']} {event['condition']}")
    check(event["charged_attempts"] == 0, f"{event['charged_attempts']} attempts were charged for the outage")
    check(daemon.event(staying)["state"] == "queued", "the event without expiry is gone")
    raw = daemon.command("dead", "show", identifier, "--raw", binary_output=True)
    check(raw.returncode == 0 and raw.stdout == payload, f"dead show --raw: {raw.returncode} {raw.stdout!r}")
    export = bench.directory / "export.ndjson"
    run = daemon.command("dead", "purge", "--all", "--yes", "--export-file", str(export))
    check(run.returncode == 0, f"dead purge: exit {run.returncode}: {run.stderr}")
    records = [json.loads(line) for line in export.read_text().splitlines()]
    check([record["outbox"]["id"] for record in records] == [identifier], f"{len(records)} records in the export")
    check(base64.b64decode(records[0]["outbox"]["payload_base64"]) == payload, "the export's bytes are not the payload")
    check(records[0]["requestContext"]["condition"] == "expired", f"exported as {records[0]['requestContext']}")
    check(export.stat().st_mode & 0o777 == 0o600, f"the export's mode is {export.stat().st_mode & 0o777:o}")
    check(daemon.status()["dead"] == 0 and not daemon.dead_letters(), "dead letters are left")
    check(daemon.command("dead", "show", identifier).returncode == 6, "the purged letter can still be shown")
    receiver.start()
    daemon.wait_empty(60)
    check(daemon.event(staying)["state"] == "handed-over", "the event without expiry was not delivered")
    return f"--expires-in 2s: dead letter `expired` after {took:.1f} s, exact; exported with mode 600, then gone"


def write(path, content):
    path.write_bytes(content)
    return str(path)
