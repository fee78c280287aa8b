"""Receivers that allow so many events a second: how much of that is used, and at what cost."""

import time

import load
from comparing import check, digest
from harness import wait_for


def attempts(daemon):
    """Attempts since the daemon's start: handed over, throttled, and all others."""
    counts = dict(daemon.status()["counters"]["attempts"])
    good, throttled = counts.pop("none", 0), counts.pop("throttle", 0)
    return good, throttled, sum(counts.values())


def paced(bench, name, limit, latency, reason, rest):
    """One receiver for a time: the part of the limit that was used, and the part of the attempts that was refused."""
    seconds = 300 if bench.long else 10 if bench.quick else 40
    is_route = reason == "CallerRateLimitExceeded"
    pattern = "*" if is_route else "orders"
    after = f"/{rest}" if rest else ""
    receiver = bench.receiver(answers=f"{pattern}=429/{reason}{after}>{limit}", latency=latency, name=name).start()
    daemon = bench.daemon(receiver.url, name=name, extra="defaults: { drain_rate: unlimited }\n").start()
    # Some are handed over while the others come in.
    while (missing := int(limit * (seconds + 20)) - daemon.status()["queued"]) > 0:
        load.load(daemon.door, connections=16, requests=missing + 100, function="orders")
    begun = time.monotonic()
    good, throttled, others = attempts(daemon)
    beside = set()
    while time.monotonic() < begun + seconds:
        body = b'{ "beside": %d }' % len(beside)
        beside.add(digest(body))
        daemon.accept("beside", body)
        time.sleep(0.5)
    span = time.monotonic() - begun
    later = [b - a for a, b in zip((good, throttled, others), attempts(daemon))]
    used, refused = later[0] / (limit * span), later[1] / max(1, later[0] + later[1])
    text = f"{name}: {used:.0%} of {limit}/s used, {refused:.1%} refused"
    function = next(one for one in daemon.status()["functions"] if one["function"] == "orders")
    pace = function["pace"]
    expected = {f"{prefix}{what}" for prefix in (("route-",) if is_route else ("",)) for what in ("throttle", "rest")}
    check(pace["limited_by"] in expected, f"{text}; status says {pace}")
    check(function["state"] == "active", f"{text}; {function}")
    waiting = daemon.api("GET", "/events?function=orders&limit=100")["events"][-1]["id"]
    words = daemon.event(waiting)["explanation"]
    check("AWS throttles" in words, f"{text}; events show says: {words}")
    # 85 % are promised over five minutes; learning the limit takes its part of less, and each rest a second of it.
    check(used >= (0.85 if bench.long else 0.5 if bench.quick else 0.75), text)
    check(refused <= 0.10, text)
    if not is_route:
        def arrived():
            return beside <= {arrival["sha256"] for arrival in receiver.arrivals()}
        wait_for("the events of the other function", arrived, 2)
    charged = daemon.event(waiting)["charged_attempts"]
    check(charged == 0 and later[2] == 0 and daemon.status()["dead"] == 0, f"{text}; {charged} charged")
    daemon.stop()
    receiver.stop()
    return text


def throttles(bench):
    """Limits of 50/s and 1,000/s are used (85 % in five minutes), at most 10 % are refused, none charged."""
    found = []
    for limit, latency in ((50, "5ms"), (1000, "50ms")):
        for reason in ("FunctionInvocationRateLimitExceeded", "CallerRateLimitExceeded"):
            for rest in (None, 1):
                scope = "route" if reason == "CallerRateLimitExceeded" else "function"
                name = f"{limit}-{scope}{'-rest' if rest else ''}"
                found.append(paced(bench, name, limit, latency, reason, rest))
                if bench.long:
                    print(f"   {found[-1]}", flush=True)
    return "; ".join(found)
