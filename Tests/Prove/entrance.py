"""What goes in at the door comes out at Lambda: sizes, names, lines; and who may not come in."""

import base64
import http.client

from comparing import check, digest
from harness import exchange, free_port

MEBIBYTE = 1_048_576
PATH = "/2015-03-31/functions/orders/invocations"


def json_of_size(size):
    """JSON text of exactly so many bytes, of many different byte values; 0 is the empty body."""
    if size < 2:
        return b"7" * size
    letters = "".join(chr(0x20 + n) for n in range(95) if chr(0x20 + n) not in '"\\') + "äß€😀"
    text = (letters * (size // len(letters) + 1)).encode()[:size - 2]
    whole = text.decode(errors="ignore").encode()
    return b'"' + whole + b"." * (size - 2 - len(whole)) + b'"'


def sizes(bench):
    """Payloads from nothing to exactly 1 MiB arrive byte for byte, signed; one byte more is refused."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, tcp_port=free_port()).start()
    bodies = [json_of_size(size) for size in (0, 1, 300, 65_536, MEBIBYTE)]
    for body in bodies:
        daemon.accept("orders", body)
    too_large = json_of_size(MEBIBYTE + 1)
    chunks = (too_large[start:start + 10_000] for start in range(0, len(too_large), 10_000))
    for name, body in (("a length", too_large), ("chunks", chunks)):
        status, headers, _ = daemon.post("orders", body)
        code = headers.get("x-amzn-errortype")
        check((status, code) == (413, "RequestEntityTooLargeException"), f"1 MiB + 1 B with {name}: {status} {code}")
    daemon.wait_empty(60)
    arrivals = receiver.arrivals()
    check([arrival["status"] for arrival in arrivals] == [202] * len(bodies), f"{len(arrivals)} requests, or refused")
    arrived = sorted((base64.b64decode(arrival["body"]) for arrival in arrivals), key=len)
    check(arrived == bodies, f"other bytes arrived: {[len(body) for body in arrived]}")
    return "0 B, 1 B, 300 B, 64 KiB, 1 MiB exact and signed; 1 MiB + 1 B: 413 by length and in chunks"


def names(bench):
    """Every way to name a function reaches just that function and qualifier, under a signature that holds."""
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders"
    expected = {
        "/orders/invocations": ("orders", "orders", None),
        "/orders:live/invocations": ("orders", "orders", "live"),
        "/orders%3Alive/invocations": ("orders", "orders", "live"),
        "/orders/invocations?Qualifier=$LATEST": ("orders", "orders", "$LATEST"),
        "/orders/invocations?Qualifier=%24LATEST": ("orders", "orders", "$LATEST"),
        "/orders:7/invocations?Qualifier=7": ("orders", "orders", "7"),
        f"/{arn}/invocations": (arn, "orders", None),
        f"/{arn}:live/invocations": (arn, "orders", "live"),
        f"/{arn.replace(':', '%3A')}/invocations?Qualifier=live": (arn, "orders", "live"),
        "/123456789012:function:orders/invocations": (arn, "orders", None),
    }
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, tcp_port=free_port()).start()
    connection = http.client.HTTPConnection("127.0.0.1", daemon.tcp_port, timeout=30)
    wanted = {}
    for number, (path, target) in enumerate(expected.items()):
        body = b'{"n": %d}' % number
        status, _, content = exchange(connection, "POST", "/2015-03-31/functions" + path, body,
                                      {"X-Amz-Invocation-Type": "Event"})
        check(status == 202, f"{path}: {status} {content[:200]!r}")
        wanted[digest(body)] = (path, target)
    status, _, content = exchange(connection, "POST", "/2015-03-31/functions/orders:live/invocations?Qualifier=7",
                                  b"{}", {"X-Amz-Invocation-Type": "Event"})
    check(status == 400, f"two qualifiers: {status} {content[:200]!r}")
    connection.close()
    daemon.wait_empty(30)
    arrivals = receiver.arrivals()
    check(len(arrivals) == len(wanted), f"{len(arrivals)} requests for {len(wanted)} events")
    for arrival in arrivals:
        path, target = wanted[arrival["sha256"]]
        arrived = (arrival["target"], arrival["function"], arrival["qualifier"])
        check(arrived == target, f"{path} arrived as {arrived}")
        check(arrival["status"] == 202, f"{path}: the receiver answered {arrival['answer']}")
    return f"{len(wanted)} spellings, each at its function and qualifier, signatures verified"


def browser(bench):
    """A browser's request is refused on TCP and stores nothing; the Unix socket has no browsers."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url, tcp_port=free_port()).start()
    port = daemon.tcp_port
    event = {"X-Amz-Invocation-Type": "Event"}
    foreign = [
        {"Origin": "https://shop.example"}, {"Origin": "null"}, {"Origin": f"http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"}, {"sec-fetch-site": "same-origin"},
        {"Host": f"shop.example:{port}"}, {"Host": f"localhost.shop.example:{port}"}, {"Host": "127.0.0.1:1"},
        {"Host": f"localhost@shop.example:{port}"},
    ]
    for headers in foreign:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        status, answer, _ = exchange(connection, "POST", PATH, b"{}", {**event, **headers})
        connection.close()
        code = answer.get("x-amzn-errortype")
        check((status, code) == (403, "AccessDeniedException"), f"{headers}: {status} {code}")
        check("access-control-allow-origin" not in answer, f"{headers}: the answer lets browsers read it")
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        status, _, content = exchange(connection, "POST", PATH, b"{}", {**event, "Host": host})
        connection.close()
        check(status == 202, f"Host {host}: {status} {content[:200]!r}")
    for headers in ({"Origin": "https://shop.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "shop.example"}):
        daemon.accept("orders", b"{}", headers)
    check(daemon.status()["counters"]["accepted"] == 6, f"{daemon.status()['counters']['accepted']} accepted, not 6")
    return f"{len(foreign)} foreign requests got 403 on TCP; loopback names and the Unix socket serve"


def send_lines(bench):
    """Each line of stdin is one event, delivered exact; a bad line is named, and the others go."""
    receiver = bench.receiver().start()
    daemon = bench.daemon(receiver.url).start()
    run = daemon.command("send", "f", "--lines", input="".join(f"{n}\n" for n in range(1, 1001)))
    check(run.returncode == 0, f"send --lines: exit {run.returncode}: {run.stderr[-300:]}")
    identifiers = run.stdout.split()
    check(len(set(identifiers)) == 1000, f"{len(set(identifiers))} ids were printed")
    daemon.wait_empty(60)
    arrived = sorted(int(base64.b64decode(arrival["body"])) for arrival in receiver.arrivals())
    check(arrived == list(range(1, 1001)), f"{len(arrived)} arrived, or others than those sent")
    run = daemon.command("send", "f", "--lines", input='{"n": 1}\n{"n": \n{"n": 3}\n')
    check(run.returncode == 4 and "2" in run.stderr, f"a bad line: exit {run.returncode}: {run.stderr[-300:]}")
    check(len(run.stdout.split()) == 2, f"a bad line: {run.stdout!r}")
    return "1000 lines, 1000 ids, 1000 exact deliveries; a bad line: exit 4, named, its neighbours accepted"
