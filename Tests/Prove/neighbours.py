"""Functions don't disturb each other, however slow some are and however many there are."""

import statistics
import time

import load
from comparing import accepted, check, digest, percentile, received_at
from harness import wait_for

SLOW = 4


def quick_latencies(bench, receiver, daemon, name, seconds):
    """Milliseconds from sending an event of the quick function to its arrival, 100 events a second."""
    count = 100 * seconds
    record = bench.directory / name
    before = len(receiver.arrivals())
    figures = load.load(daemon.door, connections=4, requests=count, rate=100, function="quick",
                        first=quick_latencies.next, record=record)
    check(figures["statuses"] == {"202": count}, f"{figures}")
    sent_at = {digest(load.body(line.number)): line.sent for line in accepted(record, count)}
    quick_latencies.next += count

    def arrived():
        found = [arrival for arrival in receiver.arrivals()[before:] if arrival["sha256"] in sent_at]
        return found if len(found) >= count else None
    found = wait_for("the quick function's events", arrived, 60)
    return [(received_at(arrival) - sent_at[arrival["sha256"]]) * 1000 for arrival in found]


quick_latencies.next = 0


def slow_neighbours(bench):
    """Four functions that answer after 20 s hold all the slots they can get; a quick one's p99 is as without them."""
    pairs, seconds = (3, 3) if bench.quick else (7, 5)
    alone_at = bench.receiver(name="alone", latency="5ms").start()
    beside_at = bench.receiver(name="beside", latency="5ms", answers="slow*=202@300ms").start()
    alone = bench.daemon(alone_at.url, name="alone-daemon").start()
    beside = bench.daemon(beside_at.url, name="beside-daemon").start()
    # Quick enough to grow to their limits first.
    load.load(beside.door, connections=16, requests=8000, function="slow", functions=SLOW, bytes=300)
    wait_for("the slow functions' limits", lambda: in_flight(beside) >= 100, 60)
    beside_at.answer("slow*=202@20s")
    held, ratios, medians = [], [], {"alone": [], "beside": []}
    for pair in range(pairs):
        figures = {}
        sides = [("alone", alone_at, alone), ("beside", beside_at, beside)]
        for side, receiver, daemon in sides if pair % 2 == 0 else reversed(sides):
            figures[side] = percentile(quick_latencies(bench, receiver, daemon, f"{side}-{pair}", seconds), 99)
            medians[side].append(figures[side])
        held.append(in_flight(beside))
        ratios.append(figures["beside"] / figures["alone"])
    check(min(held) >= 16, f"the slow ones did not hold their slots: {held}")
    text = (f"p99 of the quick one {statistics.median(medians['alone']):.1f} ms alone, "
            f"{statistics.median(medians['beside']):.1f} ms beside {SLOW} that take 20 s ({min(held)} to {max(held)} in "
            f"flight); ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f}), {pairs} pairs")
    check(statistics.median(ratios) <= 2, text)
    return text


def in_flight(daemon):
    return daemon.status()["in_flight"]


def ten_thousand_functions(bench):
    """10,000 functions with 10 events each: all arrive, none waits long, and they cost no more than one function's."""
    functions = bench.scaled(10_000)
    count, pairs = functions * 10, 2 if bench.quick else 5
    extra = "defaults: { share: 100%, drain_rate: unlimited }\n"
    sides = {}
    for side, names in (("one", 0), ("many", functions)):
        receiver = bench.receiver(name=side).start()
        daemon = bench.daemon(receiver.url, name=f"{side}-daemon", extra=extra).start()
        sides[side] = (receiver, daemon, names)
    costs, longest = {"one": [], "many": []}, []
    for pair in range(pairs):
        for side in ("one", "many") if pair % 2 == 0 else ("many", "one"):
            receiver, daemon, names = sides[side]
            cost, waits = delivered(bench, receiver, daemon, names, pair * count, count)
            costs[side].append(cost)
            if side == "many":
                longest.append(max(means(waits, functions)) / statistics.mean(waits.values()))
    waited = released(bench, *sides["many"], pairs * count, count)
    ratios = [many / one for one, many in zip(costs["one"], costs["many"])]
    text = (f"{count} events of {functions} functions: all arrived; sent as they came, no function's mean wait above "
            f"{max(longest):.2f} × the mean of all; released together, no event's above {waited:.2f} ×; CPU an event "
            f"{statistics.median(costs['one']):.0f} µs with one function, {statistics.median(costs['many']):.0f} µs "
            f"with all; ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f}), {pairs} pairs")
    check(max(longest + [waited]) <= 3, text)
    check(statistics.median(ratios) <= 1.3, text)
    return text


def delivered(bench, receiver, daemon, functions, first, count):
    """Sends so many events while the daemon delivers: its CPU time an event (µs), and seconds from 202 to arrival."""
    started = daemon.processor_seconds()
    before = len(receiver.arrivals())
    sent = accept(bench, receiver, daemon, functions, first, count)
    daemon.wait_empty(600)
    took = daemon.processor_seconds() - started
    arrived = arrivals(receiver, before, sent)
    check(daemon.status()["dead"] == 0, "there are dead letters")
    return took / count * 1e6, {line.number: arrived[line.number] - line.answered for line in sent}


def released(bench, receiver, daemon, functions, first, count):
    """Lets so many events go that all wait: the longest wait from then on over the mean one."""
    daemon.command("functions", "pause", "--all")
    before = len(receiver.arrivals())
    sent = accept(bench, receiver, daemon, functions, first, count)
    check(len(receiver.arrivals()) == before, "an event went out while all were paused")
    since = time.time()
    daemon.command("functions", "resume", "--all")
    daemon.wait_empty(600)
    waits = [at - since for at in arrivals(receiver, before, sent).values()]
    return max(waits) / statistics.mean(waits)


def accept(bench, receiver, daemon, functions, first, count):
    record = bench.directory / f"{receiver.record.stem}-{first}"
    load.load(daemon.door, connections=64, requests=count, functions=functions or None, first=first, bytes=300,
              record=record)
    return accepted(record, count)


def arrivals(receiver, before, sent):
    """When each of those sent arrived, by number; all have, once."""
    numbers = {digest(load.body(line.number)): line.number for line in sent}
    found = receiver.arrivals()[before:]
    at = {numbers[arrival["sha256"]]: received_at(arrival) for arrival in found}
    check(len(found) == len(at) == len(sent), f"{len(found)} arrivals of {len(at)} events, not of {len(sent)}")
    return at


def means(waits, functions):
    """Each function's mean wait: the load generator takes them in turn."""
    by_function = {}
    for number, wait in waits.items():
        by_function.setdefault(number % functions, []).append(wait)
    return [statistics.mean(waits) for waits in by_function.values()]
