"""What operators and monitoring systems are told, in the situations that they meet."""

import collections
import http.client
import re
import shutil
import subprocess
import time

import load
from comparing import accepted, check
from harness import free_port, wait_for

FUNCTIONS = 300
LABELS = 200


def says(bench):
    """`status` and `status --check`, fine and in what can go wrong: the worst on top with its remedy, and 0, 1 or 2."""
    receiver = bench.receiver(answers="invoices=404").start()
    daemon = bench.daemon(receiver.url).start()
    daemon.accept("orders", b"1")
    daemon.wait_empty(20)
    expect(daemon, 0, "OK", "All is well")
    daemon.accept("invoices", b"1")
    wait_for("the function's suspension", lambda: findings(daemon, "function"), 20)
    expect(daemon, 1, "WARNING", "Function invoices is suspended")
    wait_for("some age", lambda: daemon.status()["oldest"]["age_seconds"] >= 1, 10)
    expect(daemon, 2, "CRITICAL", "Function invoices is suspended", "--max-age", "0s")
    receiver.stop()
    daemon.accept("orders", b"2")
    wait_for("the route's suspension", lambda: findings(daemon, "route"), 20)
    expect(daemon, 1, "WARNING", "Nothing has gone out to Lambda")
    expect(daemon, 2, "CRITICAL", "Nothing has gone out to Lambda", "--max-age", "0s")
    daemon.stop()
    expect(daemon, 2, "CRITICAL", None)
    says_of_disk(bench)
    says_of_credentials(bench)
    return ("0: fine; 1: function failing, route down, disk nearly full, credentials expiring; "
            "2: old events, door closed, credentials expired, no daemon")


def says_of_disk(bench):
    """A floor for the free space that is near, and one that is passed."""
    free = shutil.disk_usage(bench.directory).free >> 20
    for name, floor, code, word, words in (("near", free * 3 // 4, 1, "WARNING", "The disk is nearly full"),
                                           ("passed", free * 2, 2, "CRITICAL", "The door is closed")):
        receiver = bench.receiver(name=f"receiver-{name}").start()
        daemon = bench.daemon(receiver.url, name=name, extra=f"queue: {{ min_free_disk: {floor}MiB }}\n").start()
        expect(daemon, code, word, words)
        expect(daemon, code, word, "Free space on the disk of")
        daemon.stop()
        receiver.stop()


def says_of_credentials(bench):
    """Keys of the environment that end soon, and then have ended."""
    receiver = bench.receiver(name="receiver-keys").start()
    for name, seconds, code, word, words in (("soon", 1400, 1, "WARNING", "expire in 2"),
                                             ("ended", -5, 2, "CRITICAL", "have expired")):
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        daemon = bench.daemon(receiver.url, name=name, environment={"AWS_CREDENTIAL_EXPIRATION": ends}).start()
        if seconds > 0:
            daemon.accept("orders", b"1")
            daemon.wait_empty(20)
        wait_for("the keys to be read", lambda: findings(daemon, "credentials"), 20)
        expect(daemon, code, word, words)
        expect(daemon, code, word, "Write new keys where they come from")
        daemon.stop()


def findings(daemon, kind):
    return [finding for finding in daemon.status()["findings"] if finding["kind"] == kind]


def expect(daemon, code, word, words, *limits):
    """The line of --check, and the screen unless the daemon is gone."""
    checked = daemon.command("status", "--check", *limits)
    check(checked.returncode == code and checked.stdout.startswith(f"{word} - "),
          f"--check ended with {checked.returncode} instead of {code}: {checked.stdout!r}")
    check(checked.stdout.count("\n") == 1, f"more than one line: {checked.stdout!r}")
    if words:
        shown = daemon.command("status").stdout
        check(words in shown, f"`status` does not say '{words}': {shown!r}")


def scrape(port, path="/metrics", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def samples(text, name):
    """By function."""
    pattern = re.compile(rf'^{name}{{[^}}]*function="([^"]*)"[^}}]*}} (\S+)$', re.M)
    found = collections.Counter()
    for function, value in pattern.findall(text):
        found[function] += float(value)
    return found


def counted(port, total):
    """The page, once it counts so many hand-overs."""
    text = scrape(port)[1]
    return text if sum(samples(text, "lambda_outbox_handed_over_total").values()) == total else None


def metrics(bench):
    """300 functions: 200 labels and one for all others, whose counters add up and never fall; loopback alone is told."""
    port = free_port()
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, extra=f"admin: {{ tcp: {{ address: '127.0.0.1:{port}' }} }}\n").start()
    before = collections.Counter()
    for number in range(FUNCTIONS):
        daemon.accept(f"f{number}", b"1")
        if number % 50 == 49:
            daemon.wait_empty(30)
            # A page serves all who ask within a second.
            text = wait_for(f"{number + 1} hand-overs to be counted", lambda: counted(port, number + 1), 5)
            now = samples(text, "lambda_outbox_handed_over_total")
            fallen = [function for function, count in before.items() if now[function] < count]
            check(not fallen, f"counters fell: {fallen}")
            before = now
    check(len(before) == LABELS + 1 and before["(other)"] == FUNCTIONS - LABELS, f"{len(before)} labels")
    judge = shutil.which("promtool")
    if judge:
        judged = subprocess.run([judge, "check", "metrics"], input=text, capture_output=True, text=True)
        check(judged.returncode == 0 and not judged.stderr, f"promtool: {judged.stderr}")
    for path, host in [("/outbox/v1/status", None), ("/outbox/v1/events", None), ("/metrics", "evil.example")]:
        status, body = scrape(port, path, host)
        check(status == 403 and "forbidden" in body, f"{path} for {host}: {status} {body[:200]}")
    check(scrape(port, "/health/ready")[0] == 200, "not ready")
    return f"{FUNCTIONS} functions, {len(before)} labels; promtool {'judged' if judge else 'is missing'}"


def oldest_behind_backlog(bench):
    """A bystander's oldest event is told to the second although a dead function's backlog lies before it."""
    count = bench.scaled(20_000)
    port = free_port()
    receiver = bench.receiver(answers="orders=404,quiet=404").start()
    daemon = bench.daemon(receiver.url, extra=f"admin: {{ tcp: {{ address: '127.0.0.1:{port}' }} }}\n").start()
    record = bench.directory / "sent"
    load.load(daemon.door, connections=16, requests=count, bytes=100, record=record)
    accepted(record, count)
    daemon.accept("quiet", b"1")
    since = time.time()
    time.sleep(3)
    started = time.time()
    ages = samples(scrape(port)[1], "lambda_outbox_oldest_event_age_seconds")
    took = time.time() - started
    age = time.time() - since
    check(abs(ages["quiet"] - age) <= 2, f"quiet has waited for {age:.0f} s, told were {ages['quiet']:.0f}")
    check(len(ages) == 2 and max(ages.values()) > ages["quiet"], f"ages: {dict(ages)}")
    return f"behind {count}: told {ages['quiet']:.0f} s of {age:.1f}, scraped in {took * 1000:.0f} ms"
