"""What Lambda is sent, header by header and byte for byte."""

import base64
import json
import signal

from comparing import check
from harness import UnixConnection, exchange, wait_for
from peers import Server, hands_over

# What a careless program between producer and Lambda would change: spaces, an escape, a number's form, a key twice.
BODY = b' {"b":1.50,"a":"\xc3\xa9 \\u00e9","n":1e2, "b":[ ]}\t\n'
MEBIBYTE = 1_048_576
ENVELOPE = 256


def reload(daemon, more):
    with open(daemon.config, "a") as config:
        config.write(more)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "configuration reloaded" in daemon.log.read_text(), 10)


def envelope(bench):
    """envelope: cloudevents and durable_name: event-id, switched on by a reload: each byte is as promised; a function
    without them gets the producer's bytes; the door leaves room for the envelope."""
    server = Server(hands_over())
    daemon = bench.daemon(server.url).start()
    plain = daemon.accept("orders", BODY)
    daemon.wait_empty(10)
    reload(daemon, "functions:\n  - { match: orders, envelope: cloudevents, durable_name: event-id }\n")
    wrapped, empty = daemon.accept("orders", BODY), daemon.accept("orders", b"")
    named = daemon.accept("orders", BODY, {"X-Amz-Durable-Execution-Name": "of-the-producer"})
    other = daemon.accept("billing", BODY)
    daemon.wait_empty(10)
    instance = daemon.status()["instance_id"]

    def expected(identifier, body):
        text = (f'{{"specversion":"1.0","id":"{identifier}","source":"urn:lambda-outbox:{instance}",'
                f'"type":"lambda-outbox.event","time":"{daemon.event(identifier)["accepted_at"]}"').encode()
        return text + (b',"datacontenttype":"application/json","data":' + body if body else b"") + b"}"
    arrived = {}
    for path, headers, body in server.requests:
        function = path.split("/")[3]
        arrived[function, headers.get("X-Amz-Durable-Execution-Name")] = body
        check(headers["Content-Type"] == "application/json", f"content type {headers['Content-Type']}")
    wanted = {("orders", None): BODY, ("billing", None): BODY, ("orders", wrapped): expected(wrapped, BODY),
              ("orders", empty): expected(empty, b""), ("orders", "of-the-producer"): expected(named, BODY)}
    check(arrived == wanted, f"arrived: {arrived}\nwanted: {wanted}")
    parsed = json.loads(arrived["orders", wrapped])
    check(parsed["data"] == json.loads(BODY) and parsed["id"] == wrapped, f"the envelope: {parsed}")
    largest = b'"' + b"x" * (MEBIBYTE - ENVELOPE - 2) + b'"'
    status = [daemon.post("orders", content)[0] for content in (largest, largest + b" ")]
    check(status == [202, 413], f"at the limit: {status}")
    daemon.wait_empty(20)
    check(len(server.requests[-1][2]) <= MEBIBYTE, "an envelope made an event too large")
    return f"{plain} and {other} plain, 3 in envelopes of each byte as promised; limit {MEBIBYTE - ENVELOPE:,} bytes"


def headers(bench):
    """Tenant, trace, durable name and client context pass as they were given; the default qualifier is taken where the
    producer named none; nothing else of the producer's goes on."""
    receiver = bench.receiver().start()
    server = Server(hands_over())
    daemon = bench.daemon(receiver.url, extra="functions:\n  - { match: orders, qualifier: live }\n").start()
    raw = bench.daemon(server.url, "raw").start()
    trace = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1"
    context = base64.b64encode(b'{"custom":{"a":1}}').decode()
    given = {"X-Amz-Tenant-Id": "acme-7", "X-Amzn-Trace-Id": trace, "X-Amz-Durable-Execution-Name": "order-17",
             "X-Amz-Client-Context": context, "X-Secret": "mine", "Authorization": "Bearer t0ken", "Cookie": "c=1",
             "Idempotency-Key": "k"}
    cases = {
        "orders/invocations": "live", "orders:7/invocations": "7", "orders/invocations?Qualifier=$LATEST": "$LATEST",
        "billing/invocations": None, "arn:aws:lambda:eu-central-1:123456789012:function:orders/invocations": "live",
    }
    for number, path in enumerate(cases):
        connection = UnixConnection(daemon.door)
        status, _, content = exchange(connection, "POST", f"/2015-03-31/functions/{path}", b"[%d]" % number,
                                      {"X-Amz-Invocation-Type": "Event", **({} if number else given)})
        connection.close()
        check(status == 202, f"{path}: {status} {content[:200]!r}")
    daemon.wait_empty(10)
    arrived = {json.loads(base64.b64decode(arrival["body"]))[0]: arrival for arrival in receiver.arrivals()}
    check(len(arrived) == len(cases), f"{len(arrived)} arrived")
    for number, (path, qualifier) in enumerate(cases.items()):
        check(arrived[number]["qualifier"] == qualifier, f"{path} arrived with {arrived[number]['qualifier']}")
        names = [arrived[number][name] for name in ("tenant", "trace", "durable_name")]
        check(names == ([None] * 3 if number else ["acme-7", trace, "order-17"]), f"{path}: {names}")
        check(arrived[number]["user_agent"].startswith("lambda-outbox/"), f"user agent {arrived[number]['user_agent']}")
    raw.accept("orders", BODY, given)
    raw.wait_empty(10)
    path, sent, body = server.requests[0]
    passed = {name: sent.get(name) for name in given}
    own = {"X-Secret": None, "Cookie": None, "Idempotency-Key": None, "Authorization": sent["Authorization"]}
    check(passed == {**given, **own} and body == BODY, f"passed on: {passed}")
    check(sent["Authorization"].startswith("AWS4-HMAC-SHA256 "), f"authorization: {sent['Authorization'][:30]}")
    signed = sent["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    check({"host", "x-amz-date", "x-amz-tenant-id", "x-amz-durable-execution-name"} <= set(signed), f"signed: {signed}")
    allowed = {"Host", "User-Agent", "Content-Type", "Content-Length", "Authorization", "X-Amz-Date",
               "X-Amz-Invocation-Type", "X-Amz-Tenant-Id", "X-Amzn-Trace-Id", "X-Amz-Durable-Execution-Name",
               "X-Amz-Client-Context"}
    check(set(sent) <= allowed, f"headers that nobody asked for: {set(sent) - allowed}")
    return f"{len(cases)} spellings with their qualifiers; 4 headers passed exactly, {len(sent)} sent in all"
