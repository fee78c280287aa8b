"""Which way an event takes, and what is told of it."""

import contextlib

from comparing import check
from harness import binary, wait_for
from starts import write_credentials

EVENTS = 5
PROBE_INTERVAL = 30


def bodies():
    return [b'{"n": %d}' % number for number in range(EVENTS)]


def proxy_of_environment(bench):
    """A proxy of the environment isn't used for an endpoint on loopback, whatever libcurl would make of it."""
    receiver = bench.receiver().start()
    nobody = "http://127.0.0.1:9"
    variables = {name: nobody for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
    daemon = bench.daemon(receiver.url, environment=variables).start()
    daemon.accept("orders", b"{}")
    daemon.wait_empty(10)
    check(len(receiver.arrivals()) == 1, "the event did not arrive")
    return f"{len(variables)} variables, delivered directly"


def by_account(bench):
    """Routes by account: each account's events take their own endpoint and keys; a broken route stops its own only."""
    ours, theirs = bench.receiver(name="ours").start(), bench.receiver(name="theirs")
    path = bench.directory / "partner"
    write_credentials(path)
    rules = ("routes:\n  - match: { account: \"111122223333\" }\n"
             f"    endpoint_url: {theirs.url}\n    credentials_file: {path}\n")
    daemon = bench.daemon(ours.url, extra=rules).start()
    partner = "arn%3Aaws%3Alambda%3Aeu-central-1%3A111122223333%3Afunction%3Aorders"
    first = [daemon.accept(partner, body) for body in bodies()]
    second = [daemon.accept("orders", body) for body in bodies()]
    wait_for("the events of the working route", lambda: len(ours.arrivals()) == EVENTS, 10)

    def broken():
        return [route for route in daemon.status()["routes"] if route["state"] == "suspended"]
    routes = wait_for("the other route's suspension", broken, 10)
    check(len(routes) == 1 and "account 111122223333" in routes[0]["name"] and theirs.url in routes[0]["endpoint"],
          f"suspended: {routes}")
    check(str(path) in routes[0]["credentials"], f"its credentials: {routes[0]['credentials']}")
    theirs.start()
    wait_for("all hand-overs", lambda: daemon.status()["queued"] == 0, PROBE_INTERVAL)
    check(len(theirs.arrivals()) == EVENTS and len(ours.arrivals()) == EVENTS, "events took the wrong route")
    check(all(daemon.event(each)["state"] == "handed-over" for each in first + second), "not all were handed over")
    return f"{EVENTS} events each; the suspended one is '{routes[0]['name']}'"


def debug_log(bench):
    """serve --directory takes a relative folder; --log-level debug tells of each attempt, without text of the network."""
    receiver = bench.receiver(answers="broken=500").start()
    daemon = bench.daemon(receiver.url)
    daemon.arguments = lambda: [binary(), "serve", "--directory", f"./{daemon.directory.name}", "--config",
                                daemon.config, "--log-level", "debug"]
    with contextlib.chdir(bench.directory):
        daemon.start()
    good = daemon.accept("orders", b'{"secret": "p4yload"}')
    bad = daemon.accept("broken", b'{"secret": "p4yload"}')

    def lines():
        return [line for line in daemon.log.read_text().splitlines() if " debug " in line.lower()]
    wait_for("both lines", lambda: any(good in line for line in lines()) and any(bad in line for line in lines()), 10)
    for identifier, words in ((good, ["handed over", "orders", "duration_ms"]),
                              (bad, ["attempt failed", "broken", "function", "500", "duration_ms"])):
        line = next(line for line in lines() if identifier in line)
        check(all(word in line for word in words), f"the line says: {line}")
    # The log has it a moment before the queue.
    attempts = wait_for("the attempt", lambda: daemon.event(bad)["attempts"], 10)
    message = attempts[0]["message"]
    told = daemon.log.read_text()
    check("p4yload" not in told and message not in told, "a payload, or a text of the network, is in the log")
    return f"./{daemon.directory.name}; {len(lines())} lines at debug"
