"""Measures the release binary against references in the same minute, paired and interleaved; docs/BENCHMARKS.md tells how.

    bench.py [--quick] [--output FILE] [accept] [delivery] [memory] [neighbour]

Prints a table and writes JSON. --quick: 3 pairs instead of 7, shorter, and no million.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/Harness"))

import harness  # noqa: E402
import load  # noqa: E402
import peers  # noqa: E402

BYTES = 300
IN_FLIGHT = 64


class Bench:
    def __init__(self, directory, quick):
        self.directory = pathlib.Path(directory)
        self.children = harness.Children()
        self.pairs = 3 if quick else 7
        self.seconds = 1.5 if quick else 4
        self.backlog = 50_000 if quick else 200_000
        self.queued = [0, 200_000] if quick else [0, 200_000, 1_000_000]
        self.suspended = 100_000 if quick else 1_000_000
        self._folders = 0

    def folder(self):
        """A new folder. None is deleted before the end: deleting big files makes later fsyncs slow."""
        self._folders += 1
        path = self.directory / str(self._folders)
        path.mkdir()
        return path

    def daemon(self, port):
        extra = (f"defaults: {{ max_in_flight: {IN_FLIGHT}, share: 100%, drain_rate: unlimited }}\n"
                 f"delivery: {{ max_in_flight: {IN_FLIGHT} }}\n")
        return harness.Daemon(self.children, self.folder(), f"http://127.0.0.1:{port}", extra=extra)

    def paired(self, reference, ours, report):
        """Runs both in turn, the first of a pair changing; gives their results as two lists."""
        results = {reference: [], ours: []}
        for pair in range(self.pairs):
            order = (reference, ours) if pair % 2 == 0 else (ours, reference)
            for measure in order:
                results[measure].append(measure())
            report(f"pair {pair + 1} of {self.pairs}: reference {results[reference][-1]}, ours {results[ours][-1]}")
        return results[reference], results[ours]


def row(measure, unit, reference, ours, note=""):
    """One line of the table: medians, and median, least and greatest of the ratios pair by pair."""
    ratios = [a / b for a, b in zip(ours, reference)]
    return {
        "measure": measure, "unit": unit, "pairs": len(ratios), "note": note,
        "reference": statistics.median(reference), "ours": statistics.median(ours),
        "ratio": statistics.median(ratios), "ratio_least": min(ratios), "ratio_greatest": max(ratios),
        "reference_runs": reference, "our_runs": ours,
    }


def accept(bench, report):
    """Durable accept of single POSTs over the Unix socket; nothing is delivered meanwhile (the endpoint refuses)."""
    for connections in (1, 16, 64):
        figures = {"reference": [], "ours": []}

        def measured(socket_path, side):
            result = load.load(socket_path, connections=connections, seconds=bench.seconds, warm_up=0.5, bytes=BYTES)
            if result["statuses"].keys() != {"202"} or result["connection_errors"]:
                raise harness.Failure(f"{side}: {result}")
            figures[side].append(result)
            return result["rate"]

        def reference():
            server = peers.BareServer(bench.children, bench.folder()).start()
            rate = measured(server.socket, "reference")
            server.stop()
            return rate

        def ours():
            daemon = bench.daemon(harness.free_port()).start()
            rate = measured(daemon.door, "ours")
            daemon.stop()
            return rate

        report(f"accept, {connections} connections")
        rates = bench.paired(reference, ours, report)
        p50, p99 = ([statistics.median(run[name] for run in figures[side]) for side in ("reference", "ours")]
                    for name in ("p50_us", "p99_us"))
        note = f"p50 {p50[0]:.0f} → {p50[1]:.0f} µs, p99 {p99[0]:.0f} → {p99[1]:.0f} µs"
        yield row(f"durable accept, {connections} connections", "requests/s", *rates, note)


def delivery(bench, report):
    """A backlog that was queued while the endpoint refused connections, delivered to nginx when it comes up."""
    empty_after = []

    def reference():
        nginx = peers.Nginx(bench.children, bench.folder(), harness.free_port()).start()
        rate = peers.curl_loop(nginx, IN_FLIGHT, bench.backlog, BYTES)
        nginx.stop()
        return rate

    def ours():
        port = harness.free_port()
        daemon = bench.daemon(port).start()
        fill(daemon, 0, bench.backlog)
        nginx = peers.Nginx(bench.children, bench.folder(), port)
        started = time.monotonic()
        nginx.start()
        marks = [when_taken(nginx, bench.backlog * tenth // 10) for tenth in (1, 9)]
        daemon.wait_empty(600)
        empty_after.append(time.monotonic() - started)
        if nginx.taken() != bench.backlog:
            raise harness.Failure(f"nginx took {nginx.taken()} requests for {bench.backlog} events")
        daemon.stop()
        nginx.stop()
        (earlier, first), (later, last) = marks
        return (last - first) / (later - earlier)

    report(f"delivery of {bench.backlog}")
    rates = bench.paired(reference, ours, report)
    yield row(f"signed delivery, {IN_FLIGHT} in flight", "requests/s", *rates,
              "ours between the first and the last tenth of the backlog")
    whole = [bench.backlog / seconds for seconds in empty_after]
    yield row(f"drain of {bench.backlog}, from the endpoint's start to an empty queue", "events/s", rates[0], whole,
              f"took {statistics.median(empty_after):.1f} s")


def neighbour(bench, report):
    """Delivery of one function while another, suspended, has a million events, against the same without the other."""
    nginx = peers.Nginx(bench.children, bench.folder(), harness.free_port()).start()
    alone, beside = bench.daemon(nginx.port).start(), bench.daemon(nginx.port).start()
    fill(beside, 0, bench.suspended // 2, "gone")
    # Half of them lie among rows of the other function, which are gone by the time of the measurement.
    pause(beside, "orders")
    for part in range(10):
        fill(beside, 0, bench.suspended // 20, "gone")
        fill(beside, part * 1000, (part + 1) * 1000, "orders")
    resume(beside, "orders")
    harness.wait_for("the suspended function's events alone", lambda: beside.status()["queued"] == bench.suspended, 120)

    costs = {alone: [], beside: []}

    def drained(daemon):
        """Queues a backlog while the function is paused; its events a second from there. Notes CPU an event, in µs."""
        pause(daemon, "orders")
        fill(daemon, 0, bench.backlog, "orders")
        start = nginx.taken()
        used = daemon.processor_seconds()
        resume(daemon, "orders")
        marks = [when_taken(nginx, start + bench.backlog * tenth // 10) for tenth in (1, 9)]
        when_taken(nginx, start + bench.backlog)
        costs[daemon].append((daemon.processor_seconds() - used) / bench.backlog * 1e6)
        (earlier, first), (later, last) = marks
        return (last - first) / (later - earlier)

    report(f"delivery of {bench.backlog} beside {bench.suspended} of a suspended function")
    rates = bench.paired(lambda: drained(alone), lambda: drained(beside), report)
    ratios = [ours / reference for reference, ours in zip(costs[alone], costs[beside])]
    yield row(f"delivery beside a suspended function with {bench.suspended} events", "requests/s", *rates,
              f"CPU an event {statistics.median(costs[alone]):.0f} → {statistics.median(costs[beside]):.0f} µs, ratio "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})")


def pause(daemon, function):
    daemon.api("POST", "/functions/pause", {"function": function})


def resume(daemon, function):
    daemon.api("POST", "/functions/resume", {"function": function})


def when_taken(nginx, least):
    """The time at which nginx had taken at least so many, and how many."""
    def enough():
        taken = nginx.taken()
        return (time.monotonic(), taken) if taken >= least else None
    return harness.wait_for(f"{least} deliveries", enough, 600, pause=0.01)


def memory(bench, report):
    """Resident memory of the daemon with nothing and with much queued."""
    daemon = bench.daemon(harness.free_port()).start()
    queued = 0
    for count in bench.queued:
        fill(daemon, queued, count)
        queued = count
        time.sleep(2)
        now, peak = daemon.resident_bytes()
        report(f"memory with {count} queued: {now / 1e6:.1f} MB")
        yield {"measure": f"resident memory, {count} queued", "unit": "MB", "ours": now / 1e6,
               "note": f"peak {peak / 1e6:.1f} MB"}
    daemon.stop()


def fill(daemon, queued, wanted, function="orders"):
    """Queues events until so many are there."""
    if wanted > queued:
        result = load.load(daemon.door, connections=64, requests=wanted - queued, first=queued, bytes=BYTES,
                           function=function)
        if result["statuses"] != {"202": wanted - queued}:
            raise harness.Failure(f"not all were accepted: {result}")


def table(rows):
    lines = ["| measure | reference | ours | ratio: median (least … greatest) | note |", "|---|---:|---:|---:|---|"]
    for entry in rows:
        unit = entry["unit"]
        reference = f"{entry['reference']:,.0f} {unit}" if "reference" in entry else "–"
        ours = f"{entry['ours']:,.0f} {unit}" if "ratio" in entry else f"{entry['ours']:.1f} {unit}"
        ratio = "–"
        if "ratio" in entry:
            ratio = f"{entry['ratio']:.2f} ({entry['ratio_least']:.2f} … {entry['ratio_greatest']:.2f})"
        lines.append(f"| {entry['measure']} | {reference} | {ours} | {ratio} | {entry['note']} |")
    return "\n".join(lines)


def sync_cost(directory):
    """Microseconds that fdatasync of 4 KiB takes where the databases lie: median of 200, nothing else going on."""
    took = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(200):
            os.write(file.fileno(), bytes(4096))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1e6)
    return statistics.median(took)


def machine(directory):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return {"fdatasync_us": round(sync_cost(directory)), "load_average": os.getloadavg()[0],
            "cores": os.cpu_count(), "processor": model, "kernel": platform.release(), "system": platform.version()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 shorter pairs instead of 7, and no million")
    parser.add_argument("--output", default=harness.ROOT / ".build/bench.json", help="where the JSON goes")
    parser.add_argument("--directory", help="where the databases lie meanwhile (default: the system's temporary folder)")
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help="accept, delivery, memory, neighbour; none: all")
    arguments = parser.parse_args()
    known = {"accept": accept, "delivery": delivery, "memory": memory, "neighbour": neighbour}
    if unknown := set(arguments.measures) - set(known):
        parser.error(f"no such measure: {', '.join(unknown)}")
    directory = tempfile.mkdtemp(prefix="outbox-bench-", dir=arguments.directory)
    bench = Bench(directory, arguments.quick)
    rows = []
    try:
        here = machine(directory)
        print("  ".join(f"{name}: {value}" for name, value in here.items()), flush=True)
        load.build_tool("loadgen")
        for name in arguments.measures or known:
            rows += known[name](bench, lambda text: print(text, flush=True))
    finally:
        bench.children.end()
        shutil.rmtree(directory, ignore_errors=True)
    pathlib.Path(arguments.output).write_text(json.dumps({"machine": here, "rows": rows}, indent=2) + "\n")
    print(f"\n{table(rows)}\n\nwritten to {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
