"""Producers that send without pause through a restart, a kill or a stop of the daemon, and say what they met."""

import http.client
import threading
import time

import harness


class Producers:
    """Threads with a kept-alive connection each. An event whose answer is lost is sent again under the same key."""

    def __init__(self, door, name, count=8, pause=0.004):
        self.accepted = {}
        # Events whose connection broke before the answer, and so may have been sent twice.
        self.repeated = set()
        # What must never happen: nobody listens at the door, or there is none.
        self.refused = []
        # Any other answer than 202, with its number.
        self.answers = {}
        self.slowest = 0.0
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
            began = time.monotonic()
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
                    with self._lock:
                        self.repeated.add(body)
                    continue
                if status == 202:
                    break
                with self._lock:
                    self.answers[status] = self.answers.get(status, 0) + 1
                time.sleep(0.05)
            with self._lock:
                self.accepted[body] = headers["x-amzn-requestid"]
                self.slowest = max(self.slowest, time.monotonic() - began)
            sequence += 1
            self._end.wait(self._pause)
        if connection:
            connection.close()
