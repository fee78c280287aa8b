"""Functions don't disturb each other, however slow some are and however many there are."""

import statistics

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
    costs, waits = {"one": [], "many": []}, {"one": [], "many": []}
    for pair in range(pairs):
        for side in ("one", "many") if pair % 2 == 0 else ("many", "one"):
            receiver, daemon, names = sides[side]
            cost, wait = delivered(bench, receiver, daemon, names, pair * count, count)
            costs[side].append(cost)
            waits[side].append(wait)
    ratios = [many / one for one, many in zip(costs["one"], costs["many"])]
    text = (f"{count} events of {functions} functions: all arrived, the longest wait "
            f"{max(waits['many']):.2f} × the mean; CPU an event {statistics.median(costs['one']):.0f} µs with one "
            f"function, {statistics.median(costs['many']):.0f} µs with all; ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} … {max(ratios):.2f}), {pairs} pairs")
    check(max(waits["many"]) <= 3, text)
    check(statistics.median(ratios) <= 1.3, text)
    return text


def delivered(bench, receiver, daemon, functions, first, count):
    """Sends so many events while the daemon delivers: its CPU time an event (µs), and the longest wait over the mean."""
    record = bench.directory / f"{receiver.record.stem}-{first}"
    before = len(receiver.arrivals())
    started = daemon.processor_seconds()
    load.load(daemon.door, connections=64, requests=count, functions=functions or None, first=first, bytes=300,
              record=record)
    sent = accepted(record, count)
    daemon.wait_empty(600)
    took = daemon.processor_seconds() - started
    sent_at = {digest(load.body(line.number)): line.answered for line in sent}
    arrivals = receiver.arrivals()[before:]
    check(len(arrivals) == count, f"{len(arrivals)} of {count} arrived")
    waits = [received_at(arrival) - sent_at.pop(arrival["sha256"]) for arrival in arrivals]
    check(not sent_at and daemon.status()["dead"] == 0, "not every event arrived")
    return took / count * 1e6, max(waits) / statistics.mean(waits)
