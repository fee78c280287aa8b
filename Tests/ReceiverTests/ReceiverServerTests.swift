import Foundation
import Receiver
import Testing

struct ReceiverServerTests {
    @Test func `an Event gets 202, no body and a request id`() async throws {
        try await withReceiver { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke("orders%3Alive", body: Array(#"{"order":17}"#.utf8))
            let answer = try client.answer()
            #expect(answer.status == 202)
            #expect(answer.body == "")
            #expect(answer.headers["content-length"] == "0")
            #expect(answer.headers["date"]?.hasSuffix("GMT") == true)
            let arrived = try #require(arrivals.all.first)
            #expect(answer.headers["x-amzn-requestid"] == arrived.answer.requestID)
            #expect(arrived.function == "orders" && arrived.qualifier == "live" && arrived.target == "orders:live")
            #expect(arrived.invocationType == .event && arrived.answer.isHandOver)
            #expect(arrived.body == Array(#"{"order":17}"#.utf8))
            #expect(arrived.header("HOST") == "127.0.0.1")
            #expect(arrived.signature == .notChecked)
        }
    }

    @Test func `DryRun gets 204, RequestResponse 200 and an object; neither is a hand-over`() async throws {
        try await withReceiver { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke("orders", type: "DryRun", body: [])
            #expect(try client.answer().status == 204)
            for type in [nil, "RequestResponse"] {
                try client.invoke("orders", type: type)
                let answer = try client.answer()
                #expect(answer.status == 200 && answer.body == "{}")
            }
            #expect(arrivals.all.map(\.answer.isHandOver) == [false, false, false])
        }
    }

    @Test func `connections are kept alive and counted`() async throws {
        try await withReceiver { server, arrivals in
            let first = try RawClient(port: server.port)
            for _ in 0..<2 {
                try first.invoke("orders")
                #expect(try first.answer().headers["connection"] == "keep-alive")
            }
            let second = try RawClient(port: server.port)
            try second.invoke("orders", headers: [("Connection", "close")])
            #expect(try second.answer().headers["connection"] == "close")
            #expect(try second.rest() == "")
            #expect(arrivals.all.map(\.connection) == [1, 1, 2])
            #expect(arrivals.all.map(\.numberOnConnection) == [1, 2, 1])
            #expect(arrivals.all.map(\.number) == [1, 2, 3])
        }
    }

    @Test func `pipelined requests are answered in order, behind a slow one too`() async throws {
        try await withReceiver(answers: "slow=202@50ms,missing=404") { server, _ in
            let client = try RawClient(port: server.port)
            for name in ["slow", "missing", "orders", "slow", "missing"] { try client.invoke(name) }
            #expect(try (0..<5).map { _ in try client.answer().status } == [202, 404, 202, 202, 404])
        }
    }

    @Test(arguments: [
        ("404", 404, "ResourceNotFoundException", "User", "Message"),
        ("500", 500, "ServiceException", "Service", "message"),
        ("429", 429, "TooManyRequestsException", "User", "message"),
        ("403", 403, "AccessDeniedException", "User", "Message"),
        ("503", 503, "ServiceUnavailableException", "Service", "message"),
        ("KMSDisabledException", 502, "KMSDisabledException", "Service", "Message"),
    ])
    func `errors come as Lambda writes them`(rule: String, status: Int, code: String, type: String, key: String)
        async throws
    {
        try await withReceiver(answers: "orders=\(rule)") { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke("orders")
            let answer = try client.answer()
            #expect(answer.status == status)
            #expect(answer.headers["x-amzn-errortype"] == code)
            #expect(answer.headers["x-amzn-requestid"] != nil)
            let body = try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: String])
            #expect(body["Type"] == type)
            #expect(body[key]?.isEmpty == false)
            #expect(arrivals.all.first?.answer.name == code)
            #expect(arrivals.all.first?.answer.isHandOver == false)
        }
    }

    @Test func `a throttle says its reason and when to come again`() async throws {
        try await withReceiver(answers: "orders=429/CallerRateLimitExceeded/7") { server, _ in
            let client = try RawClient(port: server.port)
            try client.invoke("orders")
            let answer = try client.answer()
            #expect(answer.headers["retry-after"] == "7")
            #expect(answer.body == #"{"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate Exceeded."}"#)
        }
    }

    @Test func `the answers of proxies carry no request id`() async throws {
        try await withReceiver(answers: "noid=202-no-id,html=html") { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke("noid")
            let bare = try client.answer()
            #expect(bare.status == 202 && bare.headers["x-amzn-requestid"] == nil)
            try client.invoke("html")
            let page = try client.answer()
            #expect(page.status == 403 && page.headers["x-amzn-requestid"] == nil && page.body.hasPrefix("<html>"))
            #expect(arrivals.all.map(\.answer.isHandOver) == [false, false])
        }
    }

    @Test func `cut reads the request and closes without an answer`() async throws {
        try await withReceiver(answers: "cutter=cut*1") { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke("cutter")
            #expect(try client.rest() == "")
            #expect(arrivals.all.first?.body == Array("{}".utf8))
            #expect(arrivals.all.first?.answer.status == nil)
            let next = try RawClient(port: server.port)
            try next.invoke("cutter")
            #expect(try next.answer().status == 202)
        }
    }

    @Test func `half closes in the middle of the answer`() async throws {
        try await withReceiver(answers: "orders=half") { server, _ in
            let client = try RawClient(port: server.port)
            try client.invoke("orders")
            let text = try client.rest()
            #expect(text.hasPrefix("HTTP/1.1 202 Accepted\r\n"))
            #expect(!text.contains("\r\n\r\n"))
        }
    }

    @Test func `hang never answers and disturbs nobody; stopping ends it`() async throws {
        try await withReceiver(answers: "orders=hang") { server, arrivals in
            let hanging = try RawClient(port: server.port)
            try hanging.invoke("orders")
            try hanging.invoke("billing")
            let other = try RawClient(port: server.port)
            while arrivals.all.first?.answer.name != "hang" {
                try other.invoke("billing")
                #expect(try other.answer().status == 202)
            }
            #expect(hanging.isSilent)
            await server.stop()
            #expect(try hanging.rest() == "")
        }
    }

    @Test func `a client that pipelines without end behind a held answer is cut off`() async throws {
        try await withReceiver(answers: "orders=hang") { server, _ in
            let client = try RawClient(port: server.port)
            for _ in 0..<258 { try client.invoke("orders") }
            #expect(try client.rest() == "")
        }
    }

    @Test func `latency holds back the answer, a rule's own before the general one`() async throws {
        try await withReceiver(answers: "quick=202@0ms", { $0.latencyMilliseconds = 60_000 }) { server, _ in
            let client = try RawClient(port: server.port)
            try client.invoke("quick")
            #expect(try client.answer().status == 202)
        }
        try await withReceiver(answers: "slow=202@80ms") { server, _ in
            let client = try RawClient(port: server.port)
            let elapsed = try ContinuousClock().measure {
                try client.invoke("slow")
                #expect(try client.answer().status == 202)
            }
            #expect(elapsed >= .milliseconds(80))
        }
    }

    @Test func `a body that is no JSON is refused as Lambda does, unless told not to look`() async throws {
        for (checks, status) in [(true, 400), (false, 202)] {
            try await withReceiver({ $0.checksJSON = checks }) { server, _ in
                let client = try RawClient(port: server.port)
                try client.invoke("orders", body: Array("{order: 17}".utf8))
                let answer = try client.answer()
                #expect(answer.status == status)
                #expect(!checks || answer.headers["x-amzn-errortype"] == "InvalidRequestContentException")
                try client.invoke("orders", body: [])
                #expect(try client.answer().status == 202)
            }
        }
    }

    @Test func `an Event may have 1 MiB and not a byte more`() async throws {
        try await withReceiver { server, arrivals in
            let client = try RawClient(port: server.port)
            let text = Array(repeating: UInt8(ascii: "x"), count: 1_048_574)
            let largest = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
            try client.invoke("orders", body: largest)
            #expect(try client.answer().status == 202)
            try client.invoke("orders", body: largest + [UInt8(ascii: " ")])
            let answer = try client.answer()
            #expect(answer.status == 413)
            #expect(answer.headers["x-amzn-errortype"] == "RequestEntityTooLargeException")
            try client.invoke("orders", type: nil, body: largest + [UInt8(ascii: " ")])
            #expect(try client.answer().status == 200)
            try client.invoke("orders", type: nil, body: Array(repeating: UInt8(ascii: "1"), count: 7_000_000))
            #expect(try client.answer().headers["x-amzn-errortype"] == "RequestTooLargeException")
            #expect(arrivals.all.last.map { $0.body.count < 7_000_000 } == true)
        }
    }

    @Test func `curl's question before a large body is answered`() async throws {
        try await withReceiver { server, _ in
            let client = try RawClient(port: server.port)
            try client.send(
                Array(
                    ("POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                        + "X-Amz-Invocation-Type: Event\r\nContent-Length: 2\r\n\r\n").utf8
                )
            )
            #expect(try client.answer().status == 100)
            try client.send(Array("{}".utf8))
            #expect(try client.answer().status == 202)
        }
    }

    @Test func `other paths and methods are unknown, bad names and types are invalid`() async throws {
        try await withReceiver { server, arrivals in
            let client = try RawClient(port: server.port)
            for line in ["GET /", "POST /", "GET /2015-03-31/functions/orders/invocations", "GET /receiver/x"] {
                try client.send(Array("\(line) HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".utf8))
                #expect(try client.answer().status == 404)
            }
            try client.invoke("a%20b")
            #expect(try client.answer().headers["x-amzn-errortype"] == "ValidationException")
            try client.invoke("orders", type: "Eventually")
            #expect(try client.answer().headers["x-amzn-errortype"] == "ValidationException")
            try client.invoke("orders%3Alive", query: "?Qualifier=test")
            #expect(try client.answer().headers["x-amzn-errortype"] == "InvalidParameterValueException")
            #expect(arrivals.all.count == 1)
        }
    }

    @Test func `what is no HTTP is refused, and the connection closed`() async throws {
        try await withReceiver { server, _ in
            let client = try RawClient(port: server.port)
            try client.send(Array("hello\r\n\r\n".utf8))
            #expect(try client.rest().hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test(arguments: ["0.0.0.0", "192.0.2.1", "::", "example.com", "128.0.0.1", ""])
    func `it listens on loopback only`(host: String) async {
        var configuration = ReceiverConfiguration()
        configuration.host = host
        await #expect(throws: ReceiverError.notLoopback(host)) { try await ReceiverServer.start(configuration) }
    }

    @Test func `a port that is taken is told as such`() async throws {
        try await withReceiver { server, _ in
            var configuration = ReceiverConfiguration()
            configuration.port = server.port
            let error = await #expect(throws: ReceiverError.self) { try await ReceiverServer.start(configuration) }
            #expect(error?.description.contains("can't listen") == true)
            configuration.port = 70_000
            await #expect(throws: ReceiverError.self) { try await ReceiverServer.start(configuration) }
        }
    }
}
