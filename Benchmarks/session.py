"""What the rows share: folders, processes, sizes, and the order in which pairs are run."""

import json
import pathlib
import random
import socket
import subprocess

import harness
import load
from harness import Failure, clean_environment

BYTES = 300
IN_FLIGHT = 64
# Seconds that one step may take, on a machine that is far too busy to measure on.
LONGEST = 1800
# What the daemon calls it.
DATABASE = "outbox.db"


class NotMeasured(Exception):
    """This program or machine doesn't have what the row needs; the text is for people."""


class Session:
    def __init__(self, directory, quick, report):
        self.directory = pathlib.Path(directory)
        self.quick = quick
        self.report = report
        self.children = harness.Children()
        self.pairs = self.scaled(7, 3)
        self.seconds = self.scaled(4, 1.5)
        self._folders = 0
        self._queues = {}

    def scaled(self, full, quick):
        return quick if self.quick else full

    def folder(self):
        """A new folder. None is deleted before the end: deleting big files makes later fsyncs slow."""
        self._folders += 1
        path = self.directory / str(self._folders)
        path.mkdir(mode=0o700)
        return path

    def port(self):
        """A free loopback port below those that connections get: still free when it is opened late."""
        while True:
            port = random.randrange(15_000, 32_000)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue

    def daemon(self, port, folder=None, environment=None):
        """The daemon with limits that don't stand in the way, delivering to a loopback port."""
        extra = (f"defaults: {{ max_in_flight: {IN_FLIGHT}, share: 100%, drain_rate: unlimited }}\n"
                 f"delivery: {{ max_in_flight: {IN_FLIGHT} }}\n"
                 "queue: { max_events: 50000000, max_bytes: 100GiB }\n")
        return harness.Daemon(self.children, folder or self.folder(), f"http://127.0.0.1:{port}", extra=extra,
                              environment=environment)

    def queue_of(self, events):
        """A folder whose database holds so many events, half of them for the function `gone`, the others for twenty.

        Made once; whoever uses it leaves about as many.
        """
        if events not in self._queues:
            folder = self.folder()
            self.report(f"filling a queue with {events:,} events")
            for filled in storebench("fill", file=folder / DATABASE, rows=events, batch=4096, functions=20, gone=2):
                if filled["queued"] != events:
                    raise Failure(f"{filled['queued']} are queued, not {events}")
            self._queues[events] = folder
        return self._queues[events]

    def paired(self, reference, ours):
        """Runs both in turn, the first of a pair changing; gives their results as two lists."""
        results = {reference: [], ours: []}
        for pair in range(self.pairs):
            order = (reference, ours) if pair % 2 == 0 else (ours, reference)
            for measure in order:
                results[measure].append(measure())
            theirs, own = results[reference][-1], results[ours][-1]
            self.report(f"pair {pair + 1} of {self.pairs}: {theirs:,.1f}, ours {own:,.1f}, ratio {own / theirs:.2f}")
        return results[reference], results[ours]


def pause(daemon, function):
    daemon.api("POST", "/functions/pause", {"function": function})


def resume(daemon, function):
    daemon.api("POST", "/functions/resume", {"function": function})


def fill(daemon, queued, wanted, function="orders"):
    """Queues events through the door until so many are there."""
    if wanted > queued:
        result = load.load(daemon.door, connections=64, requests=wanted - queued, first=queued, bytes=BYTES,
                           function=function, timeout=LONGEST)
        if result["statuses"] != {"202": wanted - queued}:
            raise Failure(f"not all were accepted: {result}")


def storebench(mode, timeout=3600, **options):
    """Runs the program that drives the store by its port; gives the objects that it prints."""
    program = pathlib.Path(harness.binary()).parent / "storebench"
    if not program.exists():
        raise Failure(f"{program} is missing: run `swift build -c release --product storebench`")
    return tool([program, mode], timeout, **options)


def tool(command, timeout=LONGEST, environment=None, **options):
    """Runs a program to its end and gives the objects that it prints, a line each."""
    arguments = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]
    run = subprocess.run([str(word) for word in [*command, *arguments]], capture_output=True, text=True,
                         timeout=timeout, env=clean_environment(**(environment or {})))
    if run.returncode:
        raise Failure(f"{pathlib.Path(command[0]).name} failed: {run.stdout[-300:]} {run.stderr[-500:]}")
    return [json.loads(line) for line in run.stdout.splitlines()]
