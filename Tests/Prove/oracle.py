"""What producers were told against what the queue and the receiver have: the invariants I1 to I7, for runs of the binary.

The simulation has an oracle of its own over the same rules (Tests/Simulation); this one sees a daemon from outside.
"""

import collections
import pathlib
import sqlite3

from comparing import check
from harness import SECRET_KEY


class Told:
    """What producers were told of each body, which they sent once or again under one key. Bodies are named by hash."""

    def __init__(self, accepted=None):
        self.accepted = dict(accepted or {})
        self.cancelled = {}
        # By 429 or a 4xx: known not to be there.
        self.refused = set()
        # 503, or no answer: it may be there, whole.
        self.unknown = set()


class Size:
    """What a daemon holds of the system at one moment."""

    def __init__(self, daemon):
        process = pathlib.Path(f"/proc/{daemon.process.pid}")
        self.descriptors = len(list((process / "fd").iterdir()))
        self.threads = len(list((process / "task").iterdir()))


def arrived(receiver, told, interruptions, in_flight=256):
    """I1, I2 and I3 at the receiver: how often each body came."""
    counts = collections.Counter(arrival["sha256"] for arrival in receiver.arrivals())
    sent = told.accepted.keys() | told.cancelled.keys() | told.unknown | told.refused
    check(not counts.keys() - sent, f"I3: {len(counts.keys() - sent)} bodies arrived that nobody sent")
    check(not counts.keys() & told.refused, f"I3: {len(counts.keys() & told.refused)} refused events arrived")
    check(not counts.keys() & told.cancelled.keys(), "I1: cancelled events arrived")
    missing = told.accepted.keys() - counts.keys()
    check(not missing, f"I1: {len(missing)} of {len(told.accepted)} accepted events never arrived")
    twice = sum(count - 1 for count in counts.values())
    check(twice <= interruptions * in_flight, f"I2: {twice} repeats at {interruptions} interruptions")
    return counts


def kept(daemon, told, counts, each=True):
    """I1 and I2 in the daemon, whose queue is empty; each event is looked up unless there are too many."""
    check(len(set(told.accepted.values())) == len(told.accepted), "I1: two events share an id")
    status = daemon.status()
    check(status["queued"] == 0 and status["dead"] == 0, f"I1: {status['queued']} queued, {status['dead']} dead")
    for body, identifier in told.accepted.items():
        if not each and counts[body] < 2:
            continue
        event = daemon.event(identifier)
        check(event["state"] == "handed-over", f"I1: {identifier} is {event['state']}")
        check(counts[body] < 2 or event["uncertain"], f"I2: {identifier} arrived twice and is not marked uncertain")
    for identifier in told.cancelled.values():
        state = daemon.event(identifier)["state"]
        check(state == "cancelled", f"I1: {identifier}, cancelled, is {state}")


def bounded(daemon, before, idle=0):
    """I5: no more descriptors and threads than before, but for so many idle connections to the receiver."""
    now = Size(daemon)
    check(now.descriptors <= before.descriptors + idle + 8, f"I5: {now.descriptors} descriptors after {before.descriptors}")
    check(now.threads <= before.threads + 4, f"I5: {now.threads} threads after {before.threads}")


def sound(daemon):
    """I4, once the daemon has ended."""
    with sqlite3.connect(f"file:{daemon.directory}/outbox.db?mode=ro", uri=True) as database:
        found = database.execute("PRAGMA integrity_check").fetchone()[0]
    check(found == "ok", f"I4: integrity_check: {found}")


def silent(daemon, *marks):
    """I7: neither the secret nor a mark of the payloads is in the log."""
    log = daemon.log.read_bytes()
    found = [mark for mark in (SECRET_KEY.encode(), *marks) if mark in log]
    check(not found, f"I7: the log holds {found}")
