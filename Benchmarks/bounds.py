"""How good each figure has to be ("must") and should be ("aim"), and against what: the one list of them."""

import dataclasses

BARE = "bare NIOHTTP1 server answering 202"
REDIS = "Redis XADD, appendfsync always"
SYSLOG = "syslog-ng http(), disk buffer"
LIBCURL = "C libcurl-multi loop, unsigned"
BULK = "C loop over SQLite"


@dataclasses.dataclass(frozen=True)
class Bound:
    """Of the ratio ours : reference, or of our own figure where nothing can be run beside it."""

    reference: str
    must: float
    aim: float
    at_least: bool = False

    def met(self, value):
        """Which of the two a figure meets."""
        def meets(bound):
            return value >= bound if self.at_least else value <= bound
        return {"must": meets(self.must), "aim": meets(self.aim)}


def at_least(reference, must, aim):
    return Bound(reference, must, aim, at_least=True)


def at_most(reference, must, aim):
    return Bound(reference, must, aim)


BOUNDS = {
    "accept": at_least(BARE, 0.30, 0.60),
    "redis-rate": at_least(REDIS, 0.9, 1.2),
    "redis-p99": at_most(REDIS, 1.5, 1.0),
    "through-rate": at_least(SYSLOG, 0.8, 1.0),
    "through-processor": at_most(SYSLOG, 1.35, 1.0),
    "outage-first": at_most("", 2.5, 1),
    "outage-all": at_most("", 5, 2),
    "ndjson": at_least(BULK, 0.70, 0.90),
    "store": at_least(BULK, 0.80, 0.95),
    "keys": at_least("the same without keys", 0.60, 0.85),
    "delivery": at_least(LIBCURL, 0.80, 0.95),
    "drain": at_least(LIBCURL, 0.60, 0.85),
    "arrival": at_most("one fsync and one request", 2.0, 1.5),
    "slow-disk-1": at_most("the sync", 1.5, 1.2),
    "slow-disk-64": at_most("the sync", 3, 2.3),
    "queued": at_least("empty queue", 0.80, 0.90),
    "neighbour": at_least("without the neighbour", 0.85, 0.95),
    "memory": at_most("", 80, 50),
    "start-1": at_most("", 100, 30),
    "start-10": at_most("", 300, 100),
    "processor": at_most("", 120, 80),
    "signing": at_most("", 2, 1),
}
