"""A producer that goes on sending, whatever happens behind the door."""

import json
import threading
import time

from comparing import check, digest
from harness import UnixConnection, wait_for


class Producer:
    """Sends numbered events at a steady pace from a thread of its own; each has to get its 202."""

    def __init__(self, daemon, functions=("orders", "billing"), per_second=20):
        self._daemon = daemon
        self._functions = functions
        self._pause = 1 / per_second
        self._ended = threading.Event()
        self.refused = []
        self.bodies = {}
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self):
        connection = UnixConnection(self._daemon.door)
        number = 0
        due = time.monotonic()
        while not self._ended.wait(max(0, due - time.monotonic())):
            due += self._pause
            body = json.dumps({"n": number}).encode()
            function = self._functions[number % len(self._functions)]
            number += 1
            try:
                status, headers, content = self._daemon.post(function, body, connection=connection)
            except OSError as problem:
                self.refused.append(repr(problem))
                connection.close()
                continue
            if status == 202:
                self.bodies[headers["x-amzn-requestid"]] = body
            else:
                self.refused.append(f"{status} {content[:100]!r}")
        connection.close()

    def end(self):
        """Stops sending; the ids of all that was accepted. Nothing was refused."""
        self._ended.set()
        self._thread.join(60)
        check(not self.refused, f"{len(self.refused)} requests got no 202, the first: {self.refused[:1]}")
        return list(self.bodies)

    def all_delivered(self, bodies, seconds=60):
        """Stops; then everything is handed over, uncharged, and `bodies()` has each exactly once."""
        identifiers = self.end()
        daemon = self._daemon
        wait_for("the queue to be empty", lambda: daemon.status()["queued"] == 0, seconds)
        for identifier in identifiers:
            event = daemon.event(identifier)
            check(event["state"] == "handed-over", f"{identifier} is {event['state']}: {event['explanation']}")
            charged = sum(attempt["count"] for attempt in event["attempts"] if attempt["charged"])
            check(charged == 0, f"{charged} attempts of {identifier} were charged")
        check(daemon.status()["dead"] == 0, "there are dead letters")
        arrived = sorted(bodies())
        wanted = sorted(digest(body) for body in self.bodies.values())
        check(arrived == wanted, f"{len(arrived)} arrived of {len(wanted)}, or others than those accepted, or repeats")
        return len(identifiers)


def taken_by(receiver):
    """For `all_delivered`: what the receiver has answered as handed over."""
    return lambda: [arrival["sha256"] for arrival in receiver.arrivals() if arrival["handed_over"]]
