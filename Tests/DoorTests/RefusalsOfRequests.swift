/// What is refused whatever it wants to invoke: who sends it, where to, and how it is written as HTTP.
extension `Refusals at the door` {
    static let ofRequests: [Row] = [
        Row(
            name: "our own request",
            request: with("User-Agent: lambda-outbox/1.0 (\(testInstanceID))"),
            status: 400,
            code: "OutboxLoopException",
            text: "Unset AWS_ENDPOINT_URL"
        ),
        Row(
            name: "unknown path",
            request: request("POST", "/"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "unknown path without body",
            request: request("POST", "/x", body: nil),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "no name",
            request: request("POST", "/2015-03-31/functions//invocations"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "too long a path",
            request: request("POST", ordersPath + "/x"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "wrong method",
            request: request("GET", ordersPath, body: nil),
            status: 404,
            code: "UnknownOperationException",
            text: "POST"
        ),
        Row(
            name: "another wrong method",
            request: request("PUT"),
            status: 404,
            code: "UnknownOperationException",
            text: "POST"
        ),
        Row(
            name: "invoke-async with a tail",
            request: request("POST", "/2014-11-13/functions/orders/invoke-async/x"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "browser by Origin",
            request: request(headers: [event, "Host: 127.0.0.1:9100", "Origin: null"]).replacing(
                "Host: localhost\r\n",
                with: ""
            ),
            status: 403,
            code: "AccessDeniedException",
            text: "browsers",
            tcp: true
        ),
        Row(
            name: "browser by Sec-Fetch-Site",
            request: request(headers: [event, "Host: 127.0.0.1:9100", "Sec-Fetch-Site: same-origin"])
                .replacing("Host: localhost\r\n", with: ""),
            status: 403,
            code: "AccessDeniedException",
            text: "browsers",
            tcp: true
        ),
        Row(
            name: "Host without the port",
            request: request(),
            status: 403,
            code: "AccessDeniedException",
            text: "127.0.0.1:9100",
            tcp: true
        ),
        Row(
            name: "Host rebound",
            request: request().replacing("Host: localhost", with: "Host: evil.example:9100"),
            status: 403,
            code: "AccessDeniedException",
            text: "Host header",
            tcp: true
        ),
        Row(
            name: "no HTTP",
            request: "hello\r\n\r\n",
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "HTTP/2 preface",
            request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "length and chunks",
            request: request(headers: [event, "Transfer-Encoding: chunked"]),
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "two lengths",
            request: request(headers: [event, "Content-Length: 3"]),
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "an unknown coding",
            request: request(headers: [event, "Transfer-Encoding: gzip"], body: nil),
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "bad chunk",
            request: request(headers: [event, "Transfer-Encoding: chunked"], body: nil) + "zz\r\n{}\r\n0\r\n\r\n",
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "headers too long",
            request: with("X-Filler: \(String(repeating: "x", count: 33_000))"),
            status: 431,
            code: "RequestHeaderFieldsTooLargeException",
            text: "too many or too long",
            survives: false
        ),
        Row(
            name: "headers too many",
            request: request(headers: [event] + (0..<130).map { "X-\($0): 1" }),
            status: 431,
            code: "RequestHeaderFieldsTooLargeException",
            text: "too many or too long",
            survives: false
        ),
        Row(
            name: "body too large",
            request: request(body: "\"" + String(repeating: "x", count: 1_048_575) + "\""),
            status: 413,
            code: "RequestEntityTooLargeException",
            text: "1048577 byte payload",
            survives: false
        ),
    ]
}
