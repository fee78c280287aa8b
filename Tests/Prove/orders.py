"""An operator's orders on a running daemon: exact counts, words that explain, exit statuses for scripts."""

import base64
import json
import time

from comparing import check, digest
from harness import wait_for

NOBODY = "019ceaee-f9c0-7000-8000-0000400a0001"
# Long enough to look at what waits; probes and backoffs beyond the first are far off.
SLOW = "defaults: { base_delay: 60s, max_delay: 60s }\n"


def does(daemon, *arguments, status=0, says=(), **options):
    """Runs a command that must end with `status`, and say these words; gives what it printed."""
    run = daemon.command(*arguments, **options)
    told = run.stdout + run.stderr
    check(run.returncode == status, f"{' '.join(arguments)}: exit {run.returncode}, not {status}: {told[-300:]!r}")
    check(status == 0 or not run.stdout or arguments[0] != "functions" or status != 2, "wrong use printed a result")
    check(status == 0 or (run.stderr.count("\n") == 1 and run.stderr.startswith("lambda-outbox: ")),
          f"{' '.join(arguments)}: not one line on stderr: {run.stderr!r}")
    flat = " ".join(told.split())
    for words in says:
        check(words in flat, f"{' '.join(arguments)} does not say '{words}': {told!r}")
    return run.stdout


def function(daemon, name):
    """Its line of `functions list --json`, or None."""
    lines = [json.loads(line) for line in does(daemon, "functions", "list", "--json").splitlines()]
    return next((line for line in lines if line["function"] == name), None)


def paused(bench):
    """Pause one, a pattern, all: accepted and held, uncharged, over a restart and kill -9, for names seen later too;
    1,000 events go out once each after resume."""
    count = bench.scaled(1_000)
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    does(daemon, "functions", "pause", "orders", "--reason", "release 4.2", says=["orders is paused since"])
    does(daemon, "functions", "pause", "new-*", says=["0 events of 0 functions wait"])
    held = [daemon.accept("orders", b'{"n": %d}' % number) for number in range(count)]
    held += [daemon.accept("new-kid:live", b'{"new": 1}')]
    daemon.accept("billing", b'{"free": 1}')
    wait_for("the free function's event", lambda: len(receiver.arrivals()) == 1, 10)
    does(daemon, "functions", "pause", "--all", says=[f"{count + 1:,} events of"])
    held.append(daemon.accept("billing", b'{"held": 1}'))
    for ending in (daemon.stop, daemon.kill):
        ending()
        daemon.start()
        held.append(daemon.accept("orders", b'{"after": "%s"}' % ending.__name__.encode()))
        time.sleep(1)
        check(len(receiver.arrivals()) == 1, f"a paused event went out after {ending.__name__}")
        check(function(daemon, "orders")["state"] == "paused", f"not paused any more after {ending.__name__}")
    does(daemon, "functions", "list", says=["by an operator"])
    does(daemon, "functions", "show", "orders", says=["paused", f"{count + 2:,} events", "functions resume"])
    does(daemon, "functions", "show", "new-kid", says=["new-kid:live", "paused", "1 event"])
    does(daemon, "status", says=["paused"])
    shown = does(daemon, "events", "show", held[0], says=["an operator paused", "Waiting costs the event nothing"])
    check("attempts" in shown and "0 (0 charged)" in shown, f"`events show` says {shown!r}")
    does(daemon, "functions", "resume", "orders", status=1, says=["still paused by *", "resume --all"])
    does(daemon, "functions", "resume", "--all", says=["resumed *", "resumed new-*"])
    daemon.wait_empty(60)
    arrived = [arrival["sha256"] for arrival in receiver.arrivals()]
    check(len(arrived) == len(held) + 1 == len(set(arrived)), f"{len(arrived)} arrived of {len(held) + 1}")
    for identifier in held:
        event = daemon.event(identifier)
        check(event["state"] == "handed-over" and event["charged_attempts"] == 0, f"{identifier}: {event['state']}")
    does(daemon, "functions", "resume", "--all", status=6, says=["nothing was paused or suspended"])
    return f"{len(held)} events held over a restart and kill -9, then each delivered once, uncharged"


def moved(bench):
    """1,000 waiting events are given up and redriven, with exact counts and bytes; what is in flight is left alone."""
    count = bench.scaled(1_000)
    receiver = bench.receiver(answers="slow*=202@25s").start()
    daemon = bench.daemon(receiver.url).start()
    does(daemon, "functions", "pause", "orders*")
    bodies = [b' {"n":%d}' % number for number in range(count)]
    for number, body in enumerate(bodies):
        daemon.accept("orders-old" if number % 2 else "orders-new", body)
    kept = daemon.accept("other", b'{"kept": 1}', {"Outbox-Delay": "1h"})
    flying = daemon.accept("slow", b'{"flies": 1}')
    wait_for("an attempt in flight", lambda: daemon.event(flying)["state"] == "in-flight", 10)
    does(daemon, "functions", "move-to-dead", "orders-*", status=2, says=[f"{count:,} events of 2 functions", "--yes"])
    check(daemon.status()["dead"] == 0, "something was moved without a yes")
    does(daemon, "functions", "move-to-dead", "orders-*", "--yes", says=[f"moved {count}"])
    does(daemon, "functions", "move-to-dead", "slow", "--yes", says=["moved 0, 1 in flight left alone"])
    does(daemon, "functions", "move-to-dead", "orders-*", "--yes", status=6, says=["nothing waits for orders-*"])
    status = daemon.status()
    check((status["dead"], status["queued"]) == (count, 2), f"{status['dead']} dead, {status['queued']} queued")
    letters = daemon.dead_letters("orders-*")
    check({letter["condition"] for letter in letters} == {"moved"} and len(letters) == count, f"{len(letters)} letters")
    does(daemon, "events", "show", letters[0]["id"], says=["dead letter (moved)", "operator moved it", "dead redrive"])
    for ending in (daemon.stop, daemon.kill):
        ending()
        daemon.start()
        check(daemon.status()["dead"] == count, f"{daemon.status()['dead']} dead after {ending.__name__}")
    does(daemon, "dead", "redrive", "--condition", "moved", "--plan", says=[f"would redrive {count:,} dead letters",
                                                                           f"orders-new: {count // 2}"])
    check(daemon.status()["dead"] == count, "a plan redrove something")
    does(daemon, "functions", "resume", "orders*")
    does(daemon, "dead", "redrive", "--condition", "moved", "--yes", says=[f"redriven {count}"])
    wait_for("the redriven events", lambda: daemon.status()["queued"] <= 1, 60)
    arrived = sorted(arrival["sha256"] for arrival in receiver.arrivals() if arrival["function"].startswith("orders"))
    check(arrived == sorted(map(digest, bodies)), f"{len(arrived)} arrived of {count}, or other bytes")
    check(daemon.event(kept)["state"] == "queued" and daemon.status()["dead"] == 0, "a bystander was moved")
    event = daemon.event(letters[0]["id"])
    check(event["redriven"] == 1 and event["state"] == "handed-over", f"redriven {event['redriven']} times")
    return f"{count} moved, kept over restart and kill -9, planned, redriven and delivered, byte for byte"


def explained(bench):
    """`events show` says in words why an event is where it is and what moves it next, in every state."""
    rules = "broken=AccessDeniedException,flaky=500,slow=hang,throttled=429/60,poor=400,cutter=cut*1,elsewhere=202"
    receiver = bench.receiver(answers=rules).start()
    closed = "routes:\n  - match: { account: \"111122223333\" }\n    endpoint_url: http://127.0.0.1:1\n"
    daemon = bench.daemon(receiver.url, extra=closed + SLOW).start()
    does(daemon, "functions", "pause", "held", "--reason", "release 4.2")
    partner = "arn%3Aaws%3Alambda%3Aeu-central-1%3A111122223333%3Afunction%3Aorders"
    expected = {
        "held": (daemon.accept("held", b"{}"), "queued",
                 ["an operator paused held at", "release 4.2", "functions resume held", "costs the event nothing"]),
        "delayed": (daemon.accept("orders", b"{}", {"Outbox-Delay": "1h"}), "queued", ["waits for its delivery time"]),
        "expiring": (daemon.accept("held", b"{}", {"Outbox-Expires-In": "1h"}), "queued", ["It expires at"]),
        "suspended": (daemon.accept("broken", b"{}"), "queued",
                      ["function is suspended, since", "may not invoke", "probe is", "on towards max_age"]),
        "route": (daemon.accept(partner, b"{}"), "queued",
                  ["route to Lambda is suspended", "connect", "Waiting costs the event nothing"]),
        "backoff": (daemon.accept("flaky", b"{}"), "queued",
                    ["failed (HTTP 500 ServiceException)", "It is tried again at"]),
        "throttled": (daemon.accept("throttled", b"{}"), "queued",
                      ["AWS throttles the function", "nothing is sent before", "costs the event nothing"]),
        "flying": (daemon.accept("slow", b"{}"), "in-flight", ["An attempt is under way, since"]),
        "rejected": (daemon.accept("poor", b"{}"), "dead-letter",
                     ["dead letter (rejected)", "can't read the payload", "dead redrive"]),
        "uncertain": (daemon.accept("cutter", b"{}"), None, ["uncertain"]),
        "done": (daemon.accept("orders", b"{}"), "handed-over", ["Lambda took it at", "as request"]),
    }
    gone = daemon.accept("orders", b"{}", {"Outbox-Delay": "1h"})
    does(daemon, "events", "cancel", gone, says=["cancelled"])
    expected["cancelled"] = (gone, "cancelled", ["An operator cancelled it at", "not sent any more"])
    wait_for("every state", lambda: all(daemon.event(identifier)["state"] == state
                                        for identifier, state, _ in expected.values() if state), 20)
    wait_for("the route's suspension", lambda: any(route["state"] == "suspended"
                                                   for route in daemon.status()["routes"]), 10)
    for name, (identifier, state, words) in expected.items():
        shown = does(daemon, "events", "show", identifier)
        flat = " ".join(shown.split())
        for word in words:
            check(word in flat, f"{name}: `events show` does not say '{word}': {shown!r}")
        told = json.loads(does(daemon, "events", "show", identifier, "--json"))
        check(told["explanation"] and (state is None or told["state"] == state), f"{name}: {told}")
    does(daemon, "events", "show", NOBODY, status=6, says=["nothing is known of event"])
    does(daemon, "functions", "show", "throttled", says=["1 event"])
    does(daemon, "functions", "show", "broken", says=["suspended", "next probe", "functions resume broken"])
    return f"{len(expected)} states, each with its reason and what comes next"


def cancelled(bench):
    """events cancel: queued ones never arrive and free their key; in flight is refused, --wait awaits the outcome."""
    receiver = bench.receiver(answers="slow=500@3s,fine=202@3s").start()
    daemon = bench.daemon(receiver.url, extra=SLOW).start()
    does(daemon, "functions", "pause", "orders")
    key = {"Idempotency-Key": "k1"}
    queued = [daemon.accept("orders", b'{"q": %d}' % number, key if number == 0 else None) for number in range(3)]
    out = does(daemon, "events", "cancel", *queued[:2])
    check(out == "".join(f"{identifier} cancelled\n" for identifier in queued[:2]), f"printed {out!r}")
    does(daemon, "events", "cancel", queued[0], says=["cancelled"])
    again = daemon.accept("orders", b'{"q": "again"}', key)
    check(again not in queued, "the cancelled event's key is still taken")
    flying = daemon.accept("slow", b"{}")
    wait_for("it to fly", lambda: daemon.event(flying)["state"] == "in-flight", 10)
    does(daemon, "events", "cancel", flying, queued[2], status=5, says=["in flight", "1 event is in flight"])
    check(daemon.event(queued[2])["state"] == "cancelled", "what wasn't in flight was not cancelled")
    does(daemon, "events", "cancel", flying, "--wait", says=["cancelled"])
    check(daemon.event(flying)["state"] == "cancelled", "not cancelled after its attempt had failed")
    fine = daemon.accept("fine", b"{}")
    wait_for("it to fly", lambda: daemon.event(fine)["state"] == "in-flight", 10)
    does(daemon, "events", "cancel", fine, "--wait", status=6, says=["not in the queue: handed-over"])
    lines = daemon.log.read_text().count("events cancelled by an operator")
    check(lines == 4, f"{lines} lines of the log tell of 4 orders that cancelled something")
    daemon.kill()
    daemon.start()
    does(daemon, "functions", "resume", "orders")
    wait_for("the last event", lambda: daemon.status()["queued"] == 0, 20)
    arrived = sorted(base64.b64decode(arrival["body"]) for arrival in receiver.arrivals() if arrival["handed_over"])
    check(arrived == [b'{"q": "again"}', b"{}"], f"arrived: {arrived}")
    for wrong, status, words in (([], 2, "Missing expected argument"), (["nonsense"], 4, "not an event id"),
                                 ([NOBODY], 6, "unknown")):
        does(daemon, "events", "cancel", *wrong, status=status, says=[words])
    return "3 queued cancelled for good, over a kill -9 too; key free; in flight refused, awaited with --wait"


def sent_now(bench):
    """events send-now: a delay and a backoff are cleared; a suspension takes --force; a pause stays."""
    receiver = bench.receiver(answers="flaky=500*1,broken=404*3").start()
    daemon = bench.daemon(receiver.url, extra=SLOW).start()
    delayed = daemon.accept("orders", b'{"d": 1}', {"Outbox-Delay": "1h"})
    flaky = daemon.accept("flaky", b'{"f": 1}')
    broken = daemon.accept("broken", b'{"b": 1}')
    does(daemon, "functions", "pause", "held")
    held = daemon.accept("held", b'{"h": 1}')
    wait_for("the failures", lambda: daemon.event(flaky)["attempts"]
             and function(daemon, "broken")["state"] == "suspended")

    def state(identifier):
        return daemon.event(identifier)["state"]
    took = {}
    for name, identifier in (("delay", delayed), ("backoff", flaky)):
        started = time.monotonic()
        does(daemon, "events", "send-now", identifier, says=["due now"])
        wait_for(f"the event with a {name}", lambda: state(identifier) == "handed-over", 5)
        took[name] = time.monotonic() - started
    does(daemon, "events", "send-now", held, "--force", says=["due now"])
    # Each forced probe fails until the receiver has had enough: the function must not be hurried otherwise.
    wait_for("the suspended one", lambda: state(broken) == "handed-over"
             or not does(daemon, "events", "send-now", broken, "--force", status=0), 20, pause=0.5)
    wait_for("the suspended one's hand-over", lambda: state(broken) == "handed-over", 10)
    check(state(held) == "queued" and len(daemon.event(held)["attempts"]) == 0, "a paused event was sent")
    does(daemon, "functions", "resume", "held")
    wait_for("the paused one", lambda: state(held) == "handed-over", 10)
    does(daemon, "events", "send-now", delayed, status=6, says=["not in the queue: handed-over"])
    does(daemon, "events", "send-now", NOBODY, flaky, "--force", status=2, says=["--force takes one id"])
    does(daemon, "events", "send-now", "x", status=4, says=["not an event id"])
    gone = ", ".join(f"{took[name]:.1f} s after a {name}" for name in took)
    return f"gone {gone}; suspended with --force; paused stays"


def redriven(bench):
    """dead redrive --plan counts and does nothing; --keep-expiry leaves letters alone whose expiry has passed."""
    receiver = bench.receiver(answers="orders=400").start()
    daemon = bench.daemon(receiver.url).start()
    # Four: five bad events in a row would suspend the function instead.
    plain = [daemon.accept("orders", b'{"p": %d}' % number) for number in range(2)]
    short = [daemon.accept("orders", b'{"s": %d}' % number, {"Outbox-Expires-In": "3s"}) for number in range(2)]
    wait_for("four dead letters", lambda: daemon.status()["dead"] == 4, 20)
    time.sleep(3)
    receiver.answer("orders=202")
    does(daemon, "dead", "redrive", "--function", "orders", "--plan",
         says=["would redrive 4 dead letters", "would drop 2 hard expiries that have passed", "orders: 4"])
    does(daemon, "dead", "redrive", "--function", "orders", "--plan", "--keep-expiry",
         says=["would redrive 2 dead letters", "would leave 2 whose hard expiry has passed"])
    check(daemon.status()["dead"] == 4 and len(receiver.arrivals()) == 4, "a plan did something")
    does(daemon, "dead", "redrive", "--all", status=2, says=["would redrive 4 dead letters", "--yes"])
    does(daemon, "dead", "redrive", "--function", "orders", "--keep-expiry", "--yes", says=["redriven 2"])
    wait_for("two hand-overs", lambda: all(daemon.event(name)["state"] == "handed-over" for name in plain), 20)
    check(all(daemon.event(name)["state"] == "dead-letter" for name in short), "an expired letter was redriven")
    does(daemon, "dead", "redrive", *short, says=["redriven 2"])
    wait_for("two hand-overs", lambda: all(daemon.event(name)["state"] == "handed-over" for name in short), 20)
    for wrong, status, words in (([], 2, "which dead letters?"), (["nonsense"], 4, "not an event id"),
                                 ([NOBODY], 6, "no dead letter")):
        does(daemon, "dead", "redrive", *wrong, status=status, says=[words])
    return "plan: 4 letters, 2 expiries dropped; --keep-expiry: 2 redriven, 2 left; then 2 by id"


def wrong_orders(bench):
    """Wrong uses of the orders: the exit status of the manual, one line on stderr that says what to do."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    uses = [
        (["functions", "pause"], 2, "Give a name or a pattern, or --all"),
        (["functions", "pause", "orders", "--all"], 2, "Give a name or a pattern, or --all"),
        (["functions", "pause", ""], 4, "a name or pattern"),
        (["functions", "pause", "a b"], 4, "a name or pattern"),
        (["functions", "pause", "x" * 257], 4, "1 to 256"),
        (["functions", "resume"], 2, "Give a name or a pattern, or --all"),
        (["functions", "resume", "orders"], 6, "nothing was paused or suspended"),
        (["functions", "move-to-dead"], 2, "Missing expected argument"),
        (["functions", "move-to-dead", "--all", "--yes"], 2, "Missing expected argument"),
        (["functions", "move-to-dead", "nobody", "--yes"], 6, "nothing waits for nobody"),
        (["functions", "show"], 2, "Missing expected argument"),
        (["functions", "show", "nobody"], 6, "nothing waits for nobody"),
        (["functions", "frobnicate"], 2, "functions --help"),
        (["events", "show", "x"], 4, "an event id looks like"),
        (["events", "show", NOBODY], 6, "nothing is known"),
        (["events", "list", "--limit", "0"], 2, "--limit"),
        (["dead", "show", NOBODY], 6, NOBODY),
    ]
    for arguments, status, words in uses:
        does(daemon, *arguments, status=status, says=[words])
    daemon.stop()
    for arguments in (["functions", "list"], ["functions", "pause", "x"], ["events", "show", NOBODY], ["status"]):
        does(daemon, *arguments, status=3, says=["admin socket", "start the daemon"])
    return f"{len(uses)} wrong uses and an absent daemon: the manual's exit status, one line each"
