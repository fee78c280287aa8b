import Foundation
import Receiver
import Testing

struct ReceiverControlTests {
    private static func request(_ client: RawClient, _ line: String, _ body: String = "") throws -> RawClient.Answer {
        try client.send(
            Array("\(line) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
        )
        return try client.answer()
    }

    @Test func `answers are replaced while it runs`() async throws {
        try await withReceiver(answers: "orders=500") { server, _ in
            let client = try RawClient(port: server.port)
            try client.invoke("orders")
            #expect(try client.answer().status == 500)
            #expect(try Self.request(client, "PUT /receiver/answers", "billing=404").status == 200)
            try client.invoke("orders")
            #expect(try client.answer().status == 202)
            try client.invoke("billing")
            #expect(try client.answer().status == 404)
            #expect(try Self.request(client, "GET /receiver/answers").body == "{\"answers\":\"billing=404\"}\n")
            try await server.setAnswers(AnswerRules())
            try client.invoke("billing")
            #expect(try client.answer().status == 202)
        }
    }

    @Test func `answers that can't be read change nothing`() async throws {
        try await withReceiver(answers: "orders=500") { server, _ in
            let client = try RawClient(port: server.port)
            let refusal = try Self.request(client, "PUT /receiver/answers", "orders=banana")
            #expect(refusal.status == 400)
            #expect(refusal.body.contains("banana") && refusal.body.contains("Example"))
            try client.invoke("orders")
            #expect(try client.answer().status == 500)
        }
    }

    @Test func `statistics count requests, hand-overs and duplicates by function`() async throws {
        try await withReceiver(answers: "orders=500*1") { server, _ in
            let client = try RawClient(port: server.port)
            for body in ["1", "1", "2", "2", "2"] {
                try client.invoke("orders", body: Array(body.utf8))
                _ = try client.answer()
            }
            // Another function, so the rule's first request is still to come.
            try client.invoke("orders%3Alive", body: Array("1".utf8))
            _ = try client.answer()
            let expected =
                #"{"functions":{"orders":{"requests":5,"handed_over":4,"distinct_bodies":2,"duplicates":2},"#
                + #""orders:live":{"requests":1,"handed_over":0,"distinct_bodies":1,"duplicates":0}}}"#
            #expect(try Self.request(client, "GET /receiver/statistics").body == expected + "\n")
            let orders = try #require(try await server.statistics()["orders"])
            #expect(orders.requests == 5 && orders.handedOver == 4 && orders.duplicates == 2)
        }
    }

    @Test func `the record holds each request as one JSON object, for its owner only`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("record.ndjson")
        try await withReceiver(answers: "cutter=cut", { $0.recordPath = file.path }) { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke(
                "orders%3Alive",
                headers: [
                    ("User-Agent", "te\"st"), ("X-Amz-Durable-Execution-Name", "d1"), ("X-Amz-Tenant-Id", "acme"),
                    ("X-Amzn-Trace-Id", "Root=1"),
                ],
                body: Array("[1]".utf8)
            )
            _ = try client.answer()
            try client.invoke("cutter")
            _ = try client.rest()
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 2)
            let objects = try lines.map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            let first = objects[0]
            #expect(first["function"] as? String == "orders" && first["qualifier"] as? String == "live")
            #expect(first["invocation_type"] as? String == "Event" && first["status"] as? Int == 202)
            #expect(first["body"] as? String == "WzFd" && first["connection"] as? Int == 1)
            let hash = "080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22"
            #expect(first["sha256"] as? String == hash)
            #expect(first["request_id"] as? String == arrivals.all[0].answer.requestID)
            #expect(first["user_agent"] as? String == "te\"st" && first["durable_name"] as? String == "d1")
            #expect(first["tenant"] as? String == "acme" && first["trace"] as? String == "Root=1")
            #expect(objects[1]["answer"] as? String == "cut" && objects[1]["status"] is NSNull)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func `a record file that can't be opened stops the start`() async {
        var configuration = ReceiverConfiguration()
        configuration.recordPath = "/nonexistent/record.ndjson"
        let error = await #expect(throws: ReceiverError.self) { try await ReceiverServer.start(configuration) }
        #expect(error?.description.contains("No such file") == true)
    }

    @Test func `a record that can't be written on is told once, and requests go on`() async throws {
        let problems = Problems()
        try await withReceiver({
            $0.recordPath = "/dev/full"
            $0.onProblem = { problems.append($0) }
        }) { server, _ in
            let client = try RawClient(port: server.port)
            for _ in 0..<2 {
                try client.invoke("orders")
                #expect(try client.answer().status == 202)
            }
            #expect(problems.all.count == 1)
            #expect(problems.all.first?.contains("No space left") == true)
        }
    }

    @Test func `a request is one line for people`() async throws {
        try await withReceiver({ $0.clock = { 1_773_144_000_123 } }) { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.invoke("orders%3Alive", body: Array("\"\u{7F}ü\\n\"".utf8))
            let id = try client.answer().headers["x-amzn-requestid"] ?? ""
            #expect(
                arrivals.all[0].line
                    == "12:00:00.123  orders:live  Event  202  7 B  \(id)  " + #""\x7f\xc3\xbc\\n""#
            )
            try client.invoke("orders", body: Array(repeating: UInt8(ascii: "1"), count: 1000))
            _ = try client.answer()
            #expect(arrivals.all[1].line.hasSuffix("  " + String(repeating: "1", count: 200) + "…"))
        }
    }
}

// `lock` protects `texts`: the server's thread appends, the test reads.
private final class Problems: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String] = []

    func append(_ text: String) {
        lock.withLock { texts.append(text) }
    }

    var all: [String] { lock.withLock { texts } }
}
