"""Ways to AWS that are broken: each is shown with a reason, costs no attempt, and comes back by itself."""

import contextlib
import json
import signal
import time

from comparing import check, digest
from harness import binary, wait_for
from peers import Proxy, Server, certificate, hands_over
from starts import write_credentials

EVENTS = 5
# A route is probed at least so often; the rest is for a busy machine.
PROBE_INTERVAL = 30
UNSENT_PROBE_INTERVAL = 2
MARGIN = 5


def bodies():
    return [json.dumps({"n": number}).encode() for number in range(EVENTS)]


def suspended(daemon, *words, seconds=30):
    """Accepts events and waits until the one route is suspended for a reason with these words."""
    identifiers = [daemon.accept("orders", body) for body in bodies()]

    def reason():
        route = daemon.status()["routes"][0]
        return route["reason"] if route["state"] == "suspended" else None
    found = wait_for("the route's suspension", reason, seconds)
    for word in words:
        check(word.lower() in found.lower(), f"the reason does not say '{word}': {found}")
    shown = daemon.command("status").stdout
    check("suspended" in shown and found[:40] in shown, f"`status` does not say so: {shown!r}")
    return identifiers, found


def delivered(daemon, identifiers, started, seconds):
    """Waits for the hand-overs; seconds since `started`. Nothing was charged, nothing is dead."""
    wait_for("the hand-overs", lambda: daemon.status()["queued"] == 0, seconds)
    took = time.monotonic() - started
    for identifier in identifiers:
        event = daemon.event(identifier)
        check(event["state"] == "handed-over", f"{identifier} is {event['state']}")
        charged = sum(attempt["count"] for attempt in event["attempts"] if attempt["charged"])
        check(charged == 0, f"{charged} attempts of {identifier} were charged")
    status = daemon.status()
    check(status["dead"] == 0 and status["routes"][0]["state"] == "active", f"after it: {status['routes'][0]}")
    return took


def mended(bench, how, words, break_it, mend):
    """Credentials that are refused: mended by a changed file alone, and by SIGHUP."""
    results = []
    for name in ("file", "sighup"):
        receiver = bench.receiver(name=f"receiver-{name}").start()
        path = bench.directory / f"credentials-{name}"
        write_credentials(path)
        break_it(receiver, path)
        daemon = bench.daemon(receiver.url, name, credentials_file=path,
                              extra="defaults: { max_attempts: 2 }\n").start()
        identifiers, reason = suspended(daemon, *words)
        # Long enough for the probe interval to have grown.
        time.sleep(8)
        mend(receiver, path)
        started = time.monotonic()
        if name == "sighup":
            daemon.process.send_signal(signal.SIGHUP)
        # A file is looked at every 30 s and at each probe, and then probes are spread over 10 s.
        limit = 10 if name == "sighup" else PROBE_INTERVAL + 10
        results.append((name, delivered(daemon, identifiers, started, limit + MARGIN), reason))
        daemon.stop()
    times = ", ".join(f"{name} {took:.1f} s" for name, took, _ in results)
    return f"{how}: '{results[0][2][:60]}', 0 charged, back after {times}"


def wrong_secret(bench):
    """A wrong secret key: a suspended route that says so, 0 charged, back with the right one."""
    def break_it(_, path):
        write_credentials(path, "not-the-secret")
    return mended(bench, "wrong secret", ["signature"], break_it, lambda _, path: write_credentials(path))


def expired_token(bench):
    """An expired token: a suspended route that says so, 0 charged, back with new keys."""
    def break_it(receiver, _):
        receiver.answer("orders=ExpiredTokenException")

    def mend(receiver, path):
        receiver.answer("orders=202")
        path.write_text(path.read_text() + "# renewed\n")
    return mended(bench, "expired token", ["expired"], break_it, mend)


def other_certificate(bench):
    """A certificate of another host: nothing is sent, the reason says so, back once the right one is shown."""
    right = certificate(bench.directory, "right", "IP:127.0.0.1")
    wrong = certificate(bench.directory, "wrong", "DNS:elsewhere.example")
    bundle = bench.directory / "bundle.pem"
    bundle.write_text(right[0].read_text() + wrong[0].read_text())
    server = Server(hands_over(), wrong)
    daemon = bench.daemon(server.url, extra=f"  ca_bundle: {bundle}\ndefaults: {{ max_attempts: 2 }}\n").start()
    identifiers, reason = suspended(daemon, "tls", "another host")
    time.sleep(5)
    check(not server.requests, "a request was sent to the wrong host")
    server.present(right)
    took = delivered(daemon, identifiers, time.monotonic(), PROBE_INTERVAL + MARGIN)
    check(sorted(body for _, _, body in server.requests) == sorted(bodies()), "not each event arrived once")
    return f"'{reason[:70]}', nothing sent, 0 charged, back after {took:.1f} s"


def dns_gone(bench):
    """A name that nobody knows: the reason says DNS, probed every 2 s, 0 charged, delivered at the right endpoint."""
    receiver = bench.receiver().start()
    daemon = bench.daemon("https://lambda.eu-central-1.invalid", extra="defaults: { max_attempts: 2 }\n").start()
    identifiers, reason = suspended(daemon, "dns")
    time.sleep(8)
    route = daemon.status()["routes"][0]
    check(route["state"] == "suspended", f"the route is {route['state']}")
    probes = sum(attempt["count"] for each in identifiers for attempt in daemon.event(each)["attempts"])
    check(probes >= 4, f"only {probes} attempts in 8 s: such a probe is due every {UNSENT_PROBE_INTERVAL} s")
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text().replace("https://lambda.eu-central-1.invalid", receiver.url))
    started = time.monotonic()
    daemon.start()
    took = delivered(daemon, identifiers, started, 10 + MARGIN)
    return f"'{reason[:60]}', {probes} probes, 0 charged, delivered {took:.1f} s after a start with the right endpoint"


def proxy_page(bench):
    """A proxy that answers with a page of its own: the reason says so, 0 charged, back once it lets requests through."""
    receiver = bench.receiver().start()
    proxy = Proxy(receiver.port, page="<html><body>Please log in</body></html>")
    secret = "proxy-s3cret"
    daemon = bench.daemon(receiver.url, extra=f"  proxy: http://user:{secret}@127.0.0.1:{proxy.port}\n"
                                              "defaults: { max_attempts: 2 }\n").start()
    identifiers, reason = suspended(daemon, "200")
    time.sleep(5)
    check(not receiver.arrivals(), "a request went past the proxy")
    proxy.page = None
    took = delivered(daemon, identifiers, time.monotonic(), PROBE_INTERVAL + MARGIN)
    check(len(receiver.arrivals()) == EVENTS, f"{len(receiver.arrivals())} requests arrived")
    check(any("Proxy-Authorization" in headers for _, headers, _ in proxy.requests), "the proxy got no password")
    told = daemon.log.read_text() + json.dumps(daemon.status()) + daemon.command("status").stdout
    check(secret not in told and "Please log in" not in told, "the proxy's password or page was told")
    return f"'{reason[:70]}', 0 charged, back after {took:.1f} s"


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
    message = next(attempt["message"] for attempt in daemon.event(bad)["attempts"])
    told = daemon.log.read_text()
    check("p4yload" not in told and message not in told, "a payload, or a text of the network, is in the log")
    return f"./{daemon.directory.name}; {len(lines())} lines at debug"


def envelope(bench):
    """envelope: cloudevents and durable_name: event-id, switched on by a reload; the door leaves room for it."""
    server = Server(hands_over())
    daemon = bench.daemon(server.url).start()
    body = b' {"b":1.50,"a":"\xc3\xa9"} '
    plain = daemon.accept("orders", body)
    daemon.wait_empty(10)
    with open(daemon.config, "a") as config:
        config.write("functions:\n  - { match: orders, envelope: cloudevents, durable_name: event-id }\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "configuration reloaded" in daemon.log.read_text(), 10)
    wrapped = daemon.accept("orders", body)
    daemon.accept("billing", body)
    daemon.wait_empty(10)
    arrived = {headers.get("X-Amz-Durable-Execution-Name"): content for _, headers, content in server.requests}
    check([content for _, _, content in server.requests].count(body) == 2 and len(server.requests) == 3,
          "the events without an envelope were changed")
    event = json.loads(arrived[wrapped])
    check(event["specversion"] == "1.0" and event["id"] == wrapped and event["data"] == json.loads(body),
          f"the envelope: {event}")
    check(body in arrived[wrapped], "data is not the exact bytes")
    largest = b'"' + b"x" * (1_048_576 - 256 - 2) + b'"'
    status = [daemon.post("orders", content)[0] for content in (largest, largest + b" ")]
    check(status == [202, 413], f"at the limit: {status}")
    daemon.wait_empty(20)
    check(len(server.requests[-1][2]) <= 1_048_576, "an envelope made an event too large")
    return f"{plain} plain, {wrapped} in its envelope, {digest(arrived[wrapped])[:8]}; limit 1,048,320 bytes"
