"""Ways to AWS that are broken. Each is shown with its reason and what to do, costs no attempt, keeps nobody from
sending, and comes back by itself: within the probe interval, or at once on SIGHUP."""

import datetime
import json
import os
import signal
import time

from certificates import Authority, self_signed
from comparing import check
from harness import ACCESS_KEY, SECRET_KEY, wait_for
from peers import CUT, Proxy, Server, Tunnel, carries_to
from producing import Producer, taken_by
from starts import write_credentials

# A route is probed at least so often; where nothing gets through to the network, every 2 s. The rest is for a busy
# machine.
PROBE_INTERVAL = 30
UNSENT_PROBE_INTERVAL = 2
# What SIGHUP brings forward is spread over so long.
SPREAD = 10
MARGIN = 3
# Long enough for the probe interval to have grown.
BROKEN_FOR = 6
LIMITS = "defaults: { max_attempts: 2 }\n"


def suspended(daemon, reason, advice, seconds=30):
    """Waits until the one route is suspended, with these words as reason and as advice; gives the reason."""
    def found():
        route = daemon.status()["routes"][0]
        return route if route["state"] == "suspended" else None
    route = wait_for("the route's suspension", found, seconds)
    for word in reason:
        check(word.lower() in route["reason"].lower(), f"the reason does not say '{word}': {route['reason']}")
    told = json.loads(daemon.command("status", "--json").stdout)
    findings = [finding for finding in told["findings"] if finding["kind"] == "route"]
    check(len(findings) == 1, f"findings: {told['findings']}")
    for word in advice:
        check(word in findings[0]["what_to_do"], f"the advice does not say '{word}': {findings[0]['what_to_do']}")
    screen = daemon.command("status").stdout
    flat = " ".join(screen.split())
    check("suspended" in screen and route["reason"] in flat and "Nothing is lost" in flat, f"`status` says {screen!r}")
    check(all(word in flat for word in advice), f"`status` gives no advice: {screen!r}")
    waiting = daemon.api("GET", "/events?limit=1")["events"][0]
    shown = daemon.command("events", "show", waiting["id"]).stdout
    check(route["reason"] in shown and "Waiting costs the event nothing" in shown, f"`events show` says {shown!r}")
    return route["reason"]


def back(daemon, started, limit, what):
    """Waits until the route is active again; seconds since `started`."""
    wait_for(f"the route after {what}", lambda: daemon.status()["routes"][0]["state"] == "active", limit + MARGIN)
    return time.monotonic() - started


def through(daemon, bodies, reason, advice, mend, limit, hang_up=False, break_it=None):
    """A producer sends all the while; the way is broken, shown, mended, and everything arrives. Gives the reason and
    the seconds from mending to the first delivery."""
    producer = Producer(daemon)
    if break_it:
        wait_for("a delivery", bodies, 10)
        break_it()
    found = suspended(daemon, reason, advice)
    time.sleep(BROKEN_FOR)
    check(daemon.status()["routes"][0]["state"] == "suspended", "the route is active though nothing was mended")
    mend()
    started = time.monotonic()
    if hang_up:
        daemon.process.send_signal(signal.SIGHUP)
    took = back(daemon, started, limit, "it was mended")
    time.sleep(1)
    producer.all_delivered(bodies)
    return found, took


def report(found):
    """One line for each way: its name, the reason that was shown, when it was back."""
    for name, reason, took in found:
        print(f"      {name}: '{reason}', back after {took:.1f} s", flush=True)
    slowest = max(took for _, _, took in found)
    return f"{len(found)} ways, each shown with its reason, 0 charged, 0 dead, all 202; back after {slowest:.1f} s"


# Credentials


def by_file_and_signal(bench, name, words, advice, break_it, mend, environment=None, keys=None):
    """Credentials that are refused, mended by a changed file alone, and with SIGHUP."""
    found = []
    for how in ("file", "SIGHUP"):
        receiver = bench.receiver(name=f"{name}-{how}", environment=environment).start()
        path = bench.directory / f"credentials-{how}"
        write_credentials(path, **(keys or {}))
        daemon = bench.daemon(receiver.url, how, credentials_file=path, extra=LIMITS).start()
        limit = SPREAD if how == "SIGHUP" else PROBE_INTERVAL
        reason, took = through(daemon, taken_by(receiver), words, advice, lambda: mend(receiver, path), limit,
                               hang_up=how == "SIGHUP", break_it=lambda: break_it(receiver, path))
        found.append((f"{name}, {how}", reason, took))
        daemon.stop()
        receiver.stop()
    return found


def wrong_secret(bench):
    """A wrong secret, an unknown key: a suspended route that says so, back with the right one."""
    def other_secret(receiver, _):
        receiver.keys(f"{ACCESS_KEY} another-secret")

    def other_key(receiver, _):
        receiver.keys(f"AKIDNEW {SECRET_KEY}")

    def new_secret(_, path):
        write_credentials(path, "another-secret")

    def new_key(_, path):
        write_credentials(path, key="AKIDNEW")
    return report(
        by_file_and_signal(bench, "wrong secret", ["wrong secret key"], ["secret key", "Write new keys", "reload"],
                           other_secret, new_secret)
        + by_file_and_signal(bench, "unknown key", ["UnrecognizedClientException", "access key"],
                             ["Write new keys", "reload"], other_key, new_key))


SESSION = {"AWS_ACCESS_KEY_ID": "ASIASESSION", "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": "first"}


def over():
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def expired_token(bench):
    """A session token runs out: the route says so, back with a new one; one that lies ready is taken without a stop."""
    def expire(receiver, _):
        receiver.keys(f"ASIASESSION {SECRET_KEY} first {over()}\nASIANEXT {SECRET_KEY} second")

    def renew(_, path):
        write_credentials(path, key="ASIANEXT", token="second")
    first = {"key": "ASIASESSION", "token": "first"}
    found = by_file_and_signal(bench, "expired token", ["ExpiredTokenException", "expired"],
                               ["Write new keys", "reload"], expire, renew, environment=SESSION, keys=first)
    receiver = bench.receiver(name="ready", environment=SESSION).start()
    path = bench.directory / "credentials-ready"
    write_credentials(path, **first)
    daemon = bench.daemon(receiver.url, "ready", credentials_file=path, extra=LIMITS).start()
    producer = Producer(daemon)
    wait_for("a delivery", taken_by(receiver), 10)
    renew(receiver, path)
    expire(receiver, path)
    before = len(taken_by(receiver)())
    wait_for("deliveries with the new token", lambda: len(taken_by(receiver)()) > before + 20, 10)
    producer.all_delivered(taken_by(receiver))
    check("route suspended" not in daemon.log.read_text(), "the route was suspended though new credentials lay ready")
    return report(found) + "; new ones that lay ready were taken without a stop"


# TLS


def certificates(bench):
    """Another host's certificate, an expired one, one not valid yet, an unknown authority's, a self-signed one: nothing
    is sent to any, the reason names it, back once the right one is shown."""
    authority = Authority(bench.directory)
    right = authority.sign("right", "IP:127.0.0.1")
    other = bench.directory / "other"
    other.mkdir()
    wrong = [
        ("another host", authority.sign("elsewhere", "DNS:elsewhere.example"), ["tls", "another host"],
         ["which certificate 127.0.0.1 shows"]),
        ("expired", authority.sign("old", "IP:127.0.0.1", -30, -1), ["tls", "clock or certificate", "not valid"],
         ["timedatectl", "certificate of 127.0.0.1"]),
        ("not valid yet", authority.sign("new", "IP:127.0.0.1", 1, 30), ["tls", "clock or certificate"],
         ["timedatectl"]),
        ("unknown authority", Authority(other).sign("foreign", "IP:127.0.0.1"), ["tls", "authority isn't trusted"],
         ["aws.ca_bundle"]),
        ("self-signed", self_signed(bench.directory, "lone", "IP:127.0.0.1"), ["tls", "self-signed certificate"],
         ["aws.ca_bundle"]),
    ]
    found = []
    for name, certificate, words, advice in wrong:
        receiver = bench.receiver(name=name).start()
        server = Server(carries_to(receiver.port), certificate)
        daemon = bench.daemon(server.url, name, extra=f"  ca_bundle: {authority.bundle}\n{LIMITS}").start()

        def mend():
            check(not server.requests, f"{name}: a request was sent")
            server.present(right)
        reason, took = through(daemon, taken_by(receiver), words, advice, mend, UNSENT_PROBE_INTERVAL)
        found.append((name, reason, took))
        daemon.stop()
        receiver.stop()
        server.stop()
    return report(found)


# Names


def in_own_hosts(daemon, hosts):
    """Makes the daemon start with another /etc/hosts, in a mount namespace of its own: this machine's stays."""
    plain = daemon.arguments
    namespace = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    daemon.arguments = lambda: [*namespace, "sh", "-c", script, hosts, *plain()]
    return daemon


def dns_gone(bench):
    """A name that nobody knows, then somebody does: the reason says DNS, probed every 2 s, back by itself."""
    name = "lambda.eu-central-1.outbox.test"
    authority = Authority(bench.directory)
    receiver = bench.receiver().start()
    server = Server(carries_to(receiver.port), authority.sign("named", f"DNS:{name}"), host=name)
    hosts = bench.directory / "hosts"
    nobody = "127.0.0.1 localhost\n"
    hosts.write_text(nobody)
    daemon = in_own_hosts(bench.daemon(server.url, extra=f"  ca_bundle: {authority.bundle}\n{LIMITS}"), hosts).start()

    def mend():
        attempts = daemon.status()["counters"]["attempts"]["route"]
        check(2 <= attempts <= 2 * BROKEN_FOR, f"{attempts} attempts in {BROKEN_FOR} s")
        # Written in place: the mount shows this very file.
        hosts.write_text(f"{nobody}127.0.0.1 {name}\n")
    advice = ["name resolution", f"getent hosts {name}", "/etc/resolv.conf"]
    found = through(daemon, taken_by(receiver), ["dns"], advice, mend, UNSENT_PROBE_INTERVAL)
    return report([("dns", *found)])


# Proxies


def page(status):
    return status, {"Content-Type": "text/html"}, b"<html><body>Please log in, Mr p4ge</body></html>"


def proxy_page(bench):
    """A proxy that answers with pages of its own, wants a login, or cuts: the reason says so, back once it carries."""
    secret = "proxy-s3cret"
    ways = [
        ("page 200", page(200), ["status 200", "some proxy answered"], ["captive portal", "aws.proxy"]),
        ("page 403", page(403), ["status 403", "some proxy answered, not Lambda"], ["captive portal", "HTTPS_PROXY"]),
        ("page 502", page(502), ["status 502", "some proxy answered, not Lambda"], ["aws.proxy"]),
        ("redirect", (302, {"Location": "http://login.example/"}, b""), ["redirect", "302"], ["captive portal"]),
        ("login 407", page(407), ["407", "demands a user and password"], ["USER:PASSWORD@", "restart"]),
        ("cut", CUT, ["cut"], ["proxy", "curl -sv"]),
    ]
    found = []
    for number, (name, broken, words, advice) in enumerate(ways):
        receiver = bench.receiver(name=name).start()
        proxy = Proxy(receiver.port, page=broken)
        daemon = bench.daemon(receiver.url, name, extra=f"  proxy: http://user:{secret}@127.0.0.1:{proxy.port}\n"
                                                        f"{LIMITS}").start()

        def mend():
            check(not receiver.arrivals(), f"{name}: a request went past the proxy")
            proxy.page = None
        by_signal = number % 2 == 0
        reason, took = through(daemon, taken_by(receiver), words, advice, mend,
                               SPREAD if by_signal else PROBE_INTERVAL, hang_up=by_signal)
        found.append((f"{name}, {'SIGHUP' if by_signal else 'by itself'}", reason, took))
        check(any("Proxy-Authorization" in headers for _, headers, _ in proxy.requests), "the proxy got no password")
        told = daemon.log.read_text() + json.dumps(daemon.status()) + daemon.command("status").stdout
        check(secret not in told and "p4ge" not in told, "the proxy's password or page was told")
        daemon.stop()
        receiver.stop()
        proxy.stop()
    return report(found)


def proxy_tunnel(bench):
    """A proxy that refuses the tunnel for TLS, wants a login, or cuts: the reason says so, back once it carries."""
    authority = Authority(bench.directory)
    ways = [
        ("403", "403 Forbidden", ["proxy", "403 to CONNECT"], ["Check the proxy", "127.0.0.1"]),
        ("407", "407 Proxy Authentication Required", ["407", "demands a user and password"], ["USER:PASSWORD@"]),
        ("502", "502 Bad Gateway", ["proxy", "502 to CONNECT"], ["Check the proxy"]),
        ("cut", CUT, ["proxy", "closed the connection"], ["Check the proxy"]),
    ]
    found = []
    for name, refusal, words, advice in ways:
        receiver = bench.receiver(name=name).start()
        server = Server(carries_to(receiver.port), authority.sign(f"tunnel-{name}", "IP:127.0.0.1"))
        tunnel = Tunnel(server.port, refusal)
        daemon = bench.daemon(server.url, name, extra=f"  proxy: http://127.0.0.1:{tunnel.port}\n"
                                                      f"  ca_bundle: {authority.bundle}\n{LIMITS}").start()

        def mend():
            check(not server.requests, f"{name}: a request went past the proxy")
            tunnel.refusal = None
        reason, took = through(daemon, taken_by(receiver), words, advice, mend, UNSENT_PROBE_INTERVAL)
        check(all(head.startswith("CONNECT ") and "AWS4" not in head for head in tunnel.heads),
              "the proxy was shown more than the host")
        found.append((name, reason, took))
        daemon.stop()
        receiver.stop()
        server.stop()
    return report(found)

