"""What was sent against what arrived."""

import collections
import datetime
import hashlib

import load
from harness import Failure


def check(condition, text):
    if not condition:
        raise Failure(text)


def digest(body):
    return hashlib.sha256(body).hexdigest()


def accepted(record, count):
    """The load generator's record, in which every request must have got its 202."""
    sent = load.read_record(record)
    check(len(sent) == count, f"{len(sent)} of {count} requests were answered")
    refused = collections.Counter(line.status for line in sent if line.status != 202)
    check(not refused, f"not accepted: {dict(refused)}")
    return sent


def received_at(arrival):
    """Seconds since 1970, to the millisecond."""
    return datetime.datetime.fromisoformat(arrival["time"]).timestamp()


def arrivals_by_number(receiver, numbers, sizes):
    """How often each body has arrived; anything that nobody sent is a failure."""
    expected = {digest(load.body(number, *sizes)): number for number in numbers}
    counts = collections.Counter()
    for arrival in receiver.arrivals():
        check(arrival["sha256"] in expected, f"a body arrived that nobody sent: {arrival}")
        counts[expected[arrival["sha256"]]] += 1
    return counts


def lost(numbers, counts):
    missing = [number for number in numbers if number not in counts]
    check(not missing, f"{len(missing)} accepted events never arrived, the first: {missing[:5]}")


def percentile(values, p):
    """The p-th percentile, nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, round(p / 100 * (len(ranked) - 1)))]
