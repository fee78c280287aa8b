"""A clock that is wrong: AWS's, told by its answers, is signed with; nothing is charged and nothing expires."""

import json
import pathlib
import struct
import subprocess
import time

from certificates import Authority
from comparing import check
from harness import wait_for
from peers import Server, carries_to
from producing import Producer, taken_by

MINUTES = 20
# What is due is given up after at most so long.
SWEEP = 60


class WrongClock:
    """Makes a daemon's wall clock wrong by so many minutes, which can change while it runs; no other clock."""

    def __init__(self, bench, daemon, minutes):
        library = bench.directory / "wrong_clock.so"
        source = pathlib.Path(__file__).with_name("wrong_clock.c")
        subprocess.run(["clang", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                        source], check=True)
        self._path = daemon.directory / "clock"
        self._path.write_bytes(bytes(8))
        daemon.environment.update({"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self._path)})
        self.step(minutes)

    def step(self, minutes):
        # In place: the process has the file mapped.
        with open(self._path, "r+b") as file:
            file.write(struct.pack("=q", minutes * 60 * 1_000_000_000))


def shown(daemon, minutes, side):
    """Waits until the clock is told to be so far off, on every screen."""
    def skew():
        seconds = daemon.status()["routes"][0].get("clock_skew_seconds")
        return seconds is not None and abs(abs(seconds) - minutes * 60) <= 5
    wait_for(f"a clock that is {minutes} minutes off", skew, 20)
    findings = [each for each in json.loads(daemon.command("status", "--json").stdout)["findings"]
                if each["kind"] == "clock"]
    check(len(findings) == 1 and findings[0]["severity"] == "critical", f"findings: {findings}")
    flat = " ".join(daemon.command("status").stdout.split())
    for words in (f"{side} AWS's", "Requests are signed with AWS's time, so events go out", "timedatectl"):
        check(words in flat, f"`status` does not say '{words}': {flat}")
    monitored = daemon.command("status", "--check")
    check(monitored.returncode == 2 and "clock" in monitored.stdout, f"status --check: {monitored.stdout}")
    _, metrics = daemon.ask("GET", "/metrics")
    check(b"lambda_outbox_clock_skew_seconds" in metrics, "no metric of the clock")


def never_suspended(daemon):
    check("route suspended" not in daemon.log.read_text(), "the route was suspended for the clock")


def clock_off(bench):
    """AWS's clock 20 minutes ahead or behind, on loopback: signed with its time, delivered, told loudly, 0 charged."""
    count = 0
    for name, offset, side in (("ahead", f"{MINUTES}m", "behind"), ("behind", f"-{MINUTES}m", "ahead of")):
        receiver = bench.receiver(name=f"receiver-{name}", clock_offset=offset).start()
        daemon = bench.daemon(receiver.url, name, extra="defaults: { max_attempts: 2 }\n").start()
        producer = Producer(daemon)
        shown(daemon, MINUTES, side)
        time.sleep(2)
        count += producer.all_delivered(taken_by(receiver))
        never_suspended(daemon)
        daemon.stop()
        receiver.stop()
    return f"20 minutes either way: {count} events delivered, 0 charged, told by status, --check and metrics"


def clock_steps(bench):
    """This host's clock 20 minutes off at start and stepped in mid-run, over TLS: corrected from the answers' Date,
    delivered, told; an event that would expire by the wrong clock doesn't."""
    authority = Authority(bench.directory)
    receiver = bench.receiver().start()
    server = Server(carries_to(receiver.port), authority.sign("right", "IP:127.0.0.1"))
    daemon = bench.daemon(server.url, extra=f"  ca_bundle: {authority.bundle}\ndefaults: {{ max_attempts: 2 }}\n")
    clock = WrongClock(bench, daemon, MINUTES)
    daemon.start()
    producer = Producer(daemon)
    shown(daemon, MINUTES, "ahead of")
    waiting = {}

    def wait_paused(name):
        daemon.api("POST", "/functions/pause", {"function": name})
        waiting[name] = daemon.accept(name, b'{"held": "%s"}' % name.encode(), {"Outbox-Expires-In": "15m"})
    steps = [(0, None), (MINUTES, "ahead of"), (-MINUTES, "behind"), (0, None)]
    for number, (offset, side) in enumerate(steps):
        clock.step(offset)
        if side:
            shown(daemon, MINUTES, side)
        else:
            wait_for("the right clock", lambda: abs(daemon.status()["routes"][0]["clock_skew_seconds"]) <= 2, 20)
            findings = json.loads(daemon.command("status", "--json").stdout)["findings"]
            check(not [each for each in findings if each["kind"] == "clock"], f"findings: {findings}")
            if number == 0:
                wait_paused("held")
        if side == "ahead of":
            # By the wrong clock it is over since five minutes.
            time.sleep(bench.scaled(SWEEP + 5))
        else:
            time.sleep(2)
        for name, identifier in waiting.items():
            state = daemon.event(identifier)["state"]
            check(state == "queued", f"the event of {name} is {state} by a clock {offset} minutes off")
    for name in waiting:
        daemon.api("POST", "/functions/resume", {"function": name})
    for name, identifier in waiting.items():
        producer.bodies[identifier] = b'{"held": "%s"}' % name.encode()
    count = producer.all_delivered(taken_by(receiver))
    never_suspended(daemon)
    return f"started 20 minutes off, {len(steps)} steps over TLS: {count} events delivered, 0 charged, none expired"


HOUR = 60
YEAR = 365 * 24 * HOUR
# Before any certificate and any release of this program.
LONG_AGO = -27 * YEAR


def clock_jumps(bench):
    """An hour back, a year ahead, before 2000; at the start and in mid-run: all delivered, 0 charged, none given up."""
    count = 0
    for name, offset in (("hour-back", -HOUR), ("year-ahead", YEAR), ("long-ago", LONG_AGO)):
        for when in ("start", "run"):
            receiver = bench.receiver(name=f"receiver-{name}-{when}").start()
            daemon = bench.daemon(receiver.url, f"{name}-{when}", extra="defaults: { max_attempts: 2 }\n")
            clock = WrongClock(bench, daemon, offset if when == "start" else 0)
            daemon.start()
            producer = Producer(daemon)
            time.sleep(1)
            clock.step(offset if when == "run" else 0)
            time.sleep(1.5)
            # Back, or once more: what waits for a time must not wait for the clock.
            clock.step(0 if when == "run" else offset)
            time.sleep(1.5)
            count += producer.all_delivered(taken_by(receiver))
            never_suspended(daemon)
            daemon.stop()
            receiver.stop()
    return f"3 jumps, at the start and in mid-run, there and back: {count} events delivered, 0 charged, none given up"
