import OutboxCore
import Testing

@testable import Door

@Suite("The size limit of functions with an envelope")
struct EnvelopeLimitTests {
    /// 300 bytes for all, so 44 for the function that has an envelope.
    private static func door() -> EmbeddedDoor {
        var policy = FunctionPolicy()
        policy.wire.envelope = .cloudevents
        return EmbeddedDoor(policies: PolicyTable(entries: [.init(match: GlobPattern("orders"), policy: policy)])) {
            $0.payloadBytesMax = 300
        }
    }

    private static func body(_ count: Int) -> String { "\"" + String(repeating: "x", count: count - 2) + "\"" }

    @Test(arguments: [44, 45])
    func `a body that leaves no room for the envelope is refused before it is accepted`(count: Int) throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.send(request(body: Self.body(count)))
        #expect(door.intake.events.count == (count > 44 ? 0 : 1))
        guard count > 44 else { return }
        let answer = try #require(connection.responses().first)
        #expect(answer.status == 413)
        #expect(answer.body.contains("45 byte payload is too large"), "\(answer.body)")
        #expect(answer.body.contains("limit 300 bytes, of which 256 are kept for its envelope"), "\(answer.body)")
    }

    @Test func `a body in chunks is held to the same limit`() throws {
        let door = Self.door()
        let connection = try door.connect()
        let head = request(headers: ["X-Amz-Invocation-Type: Event", "Transfer-Encoding: chunked"], body: nil)
        try connection.send(head + "2d\r\n" + Self.body(45) + "\r\n")
        #expect(try connection.responses().map(\.status) == [413])
        #expect(door.intake.events.isEmpty)
    }

    @Test func `other functions keep theirs`() throws {
        let door = Self.door()
        let connection = try door.connect()
        let path = ordersPath.replacing("/orders/", with: "/billing/")
        try connection.send(request("POST", path, body: Self.body(300)))
        #expect(door.intake.events.map(\.payload.count) == [300])
    }
}
