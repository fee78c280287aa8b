/// What an invocation itself can get wrong: its body, name, headers and options.
extension `Refusals at the door` {
    static let ofInvocations: [Row] = [
        Row(
            name: "no JSON",
            request: request(body: "{\"a\":}"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "at byte 5"
        ),
        Row(
            name: "blank body",
            request: request(body: " "),
            status: 400,
            code: "InvalidRequestContentException",
            text: "at byte 1"
        ),
        Row(
            name: "base64 of JSON",
            request: request(body: base64(#"{"order": 17}"#)),
            status: 400,
            code: "InvalidRequestContentException",
            text: "--cli-binary-format raw-in-base64-out"
        ),
        Row(
            name: "rubbish bytes",
            request: request(body: "\u{1}\u{2}\u{7f}h"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "--cli-binary-format raw-in-base64-out"
        ),
        Row(
            name: "name out of form",
            request: request("POST", "/2015-03-31/functions/a%20b/invocations"),
            status: 400,
            code: "ValidationException",
            text: "function name"
        ),
        Row(
            name: "name not decodable",
            request: request("POST", "/2015-03-31/functions/a%zz/invocations"),
            status: 400,
            code: "ValidationException",
            text: "hex digits"
        ),
        Row(
            name: "slash in the name",
            request: request("POST", "/2015-03-31/functions/a%2Fb/invocations"),
            status: 400,
            code: "ValidationException",
            text: "function name"
        ),
        Row(
            name: "foreign region",
            request: request(
                "POST",
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders/invocations"
            ),
            status: 400,
            code: "InvalidParameterValueException",
            text: "us-east-1"
        ),
        Row(
            name: "qualifiers differ",
            request: request("POST", "/2015-03-31/functions/orders%3Alive/invocations?Qualifier=test"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "does not match"
        ),
        Row(
            name: "empty qualifier",
            request: request("POST", ordersPath + "?Qualifier="),
            status: 400,
            code: "ValidationException",
            text: "qualifier"
        ),
        Row(
            name: "qualifier twice",
            request: request("POST", ordersPath + "?Qualifier=a&Qualifier=b"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "twice"
        ),
        Row(
            name: "synchronous call",
            request: request(headers: ["X-Amz-Invocation-Type: RequestResponse"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "InvocationType=Event"
        ),
        Row(
            name: "no invocation type",
            request: request(headers: []),
            status: 400,
            code: "InvalidParameterValueException",
            text: "InvocationType=Event"
        ),
        Row(
            name: "unknown invocation type",
            request: request(headers: ["X-Amz-Invocation-Type: event"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "Event or DryRun"
        ),
        Row(
            name: "empty key",
            request: with("Idempotency-Key:"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "1 to 255"
        ),
        Row(
            name: "two keys",
            request: request(headers: [event, "Idempotency-Key: a", "Idempotency-Key: b"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "twice"
        ),
        Row(
            name: "delay out of form",
            request: with("Outbox-Delay: soon"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "Outbox-Delay"
        ),
        Row(
            name: "both of a pair",
            request: request(headers: [event, "Outbox-Delay: 1s", "Outbox-Deliver-At: 1795348801"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "Give one of them"
        ),
        Row(
            name: "expiry before delivery",
            request: request(headers: [event, "Outbox-Delay: 1h", "Outbox-Expires-In: 1s"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "expire before"
        ),
        Row(
            name: "delay too long",
            request: with("Outbox-Delay: 31d"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "30 days"
        ),
        Row(
            name: "unknown option",
            request: with("Outbox-Dely: 1s"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "no such option"
        ),
        Row(
            name: "header and client context differ",
            request: request(headers: [
                event, "Outbox-Delay: 1s", "X-Amz-Client-Context: \(base64(#"{"outbox":{"delay":"2s"}}"#))",
            ]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "different values"
        ),
        Row(
            name: "client context no base64",
            request: with("X-Amz-Client-Context: {}"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "base64"
        ),
        Row(
            name: "unknown member of the client context",
            request: with("X-Amz-Client-Context: \(base64(#"{"outbox":{"dely":"2s"}}"#))"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "unknown member"
        ),
        Row(
            name: "durable name",
            request: with("X-Amz-Durable-Execution-Name: a b"),
            status: 400,
            code: "ValidationException",
            text: "1 to 64"
        ),
        Row(
            name: "tenant id",
            request: with("X-Amz-Tenant-Id: a#b"),
            status: 400,
            code: "ValidationException",
            text: "1 to 256"
        ),
    ]
}
