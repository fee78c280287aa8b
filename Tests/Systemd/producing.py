"""Producers that send on through restarts, kills and stops of the daemon, and say what they met."""

import collections
import hashlib
import http.client
import json
import pathlib
import subprocess
import sys
import threading
import time

import harness
import load


class Producers:
    """Threads with a kept-alive connection each. An event whose answer is lost is sent again under the same key."""

    def __init__(self, door, name, count=8, pause=0.004):
        self.accepted = {}
        # What must never happen: nobody listens at the door, or there is none.
        self.refused = []
        # Any other answer than 202, with its number.
        self.answers = {}
        self._door = door
        self._name = name
        self._pause = pause
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join(60)
        if any(thread.is_alive() for thread in self._threads):
            raise harness.Failure("a producer still waits for its answer a minute after the end")

    def more(self, count, seconds=60):
        """Waits until so many more events are accepted."""
        wanted = len(self.accepted) + count
        harness.wait_for(f"{count} more events to be accepted", lambda: len(self.accepted) >= wanted, seconds)

    def _send(self, number):
        connection, sequence = None, 0
        while not self._end.is_set():
            body = f'{{"load":"{self._name}-{number}-{sequence}"}}'
            while True:
                try:
                    if connection is None:
                        connection = harness.UnixConnection(self._door, timeout=60)
                        connection.connect()
                except OSError as error:
                    with self._lock:
                        self.refused.append(repr(error))
                    connection.close()
                    connection = None
                    time.sleep(0.05)
                    if self._end.is_set():
                        return
                    continue
                try:
                    status, headers, _ = harness.exchange(
                        connection, "POST", "/2015-03-31/functions/load/invocations", body,
                        {"X-Amz-Invocation-Type": "Event", "Idempotency-Key": f"{self._name}-{number}-{sequence}"})
                except (OSError, http.client.HTTPException):
                    connection.close()
                    connection = None
                    continue
                if status == 202:
                    break
                with self._lock:
                    self.answers[status] = self.answers.get(status, 0) + 1
                time.sleep(0.05)
            with self._lock:
                self.accepted[body] = headers["x-amzn-requestid"]
            sequence += 1
            self._end.wait(self._pause)
        if connection:
            connection.close()


class SteadyLoad:
    """Events for one function of its own, so many a second, until the end of the block.

    128 connections; who must wait during a change-over is made up for afterwards. A request without an answer is sent
    again under the same key, as an SDK does.
    """

    SIZES = (60, 1200)

    def __init__(self, door, function, folder, rate=1500):
        self.function = function
        self._record = pathlib.Path(folder) / f"{function}.sent"
        self._arguments = load.load_arguments(
            door, function=function, connections=128, rate=rate, requests=10_000_000, retry=60,
            key_prefix=function + "-", bytes="{}-{}".format(*self.SIZES), record=self._record)
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            figures, _ = self._process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise harness.Failure("a producer still waits for its answer 90 seconds after the end")
        # Connections that nobody took, answers by status, and what each request became.
        self.refused, self.answers = (json.loads(figures)[name] for name in ("refused", "statuses"))
        self.sent = load.read_record(self._record)

    def mistakes(self, receiver, since, until):
        """Everything that was not as an orderly change-over between two times of time.time() has to be."""
        accepted = [line for line in self.sent if line.status == 202]
        copies = self._copies(receiver)
        found = {
            "connections refused": self.refused,
            "answers other than 202": sum(self.answers.values()) - self.answers.get("202", 0),
            "given up": len(self.sent) - len(accepted),
            "lost": sum(copies[line.number] == 0 for line in accepted),
            "handed over twice": sum(copies[line.number] > 1 for line in accepted),
        }
        rate = sum(since <= line.answered < until for line in accepted) / (until - since)
        print(f"{len(accepted)} accepted, {rate:.0f}/s meanwhile, the slowest in {self.slowest():.1f} s", end=" ... ",
              file=sys.stderr, flush=True)
        return [f"{what}: {count}" for what, count in found.items() if count] + (
            [] if rate >= 1000 else [f"only {rate:.0f} events a second were accepted meanwhile"])

    def slowest(self):
        return max(line.answered - line.sent for line in self.sent)

    def _copies(self, receiver):
        """How often each event was handed over, by its number."""
        counts = collections.Counter(arrival["sha256"] for arrival in receiver.arrivals()
                                     if arrival["handed_over"] and arrival["function"] == self.function)
        return {line.number: counts[hashlib.sha256(load.body(line.number, *self.SIZES)).hexdigest()]
                for line in self.sent}
