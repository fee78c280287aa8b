import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// Empty lines in front of a request, which old clients send behind one (RFC 9112 §2.2).
@Suite struct `Empty lines between requests` {
    static func door() -> EmbeddedDoor {
        EmbeddedDoor(intake: FakeIntake { _ in .accepted(eventID(1)) }) {
            $0.requestTimeout = .seconds(30)
            $0.idleTimeout = .seconds(120)
        }
    }

    @Test(arguments: [request() + "\r\n", request() + "\n", "\r\n", "\r"])
    func `start no request's clock`(text: String) throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.send(text)
        _ = try connection.written()
        door.eventLoop.advanceTime(by: .seconds(40))
        #expect(connection.isOpen)
        #expect(try connection.written().isEmpty)
    }

    @Test(arguments: Feeding.allCases)
    func `are passed over`(feeding: Feeding) throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.feed("\r\n" + request() + "\r\n\r\n" + request() + "\r\n", feeding)
        #expect(door.intake.events.count == 2)
        #expect(try connection.responses().map(\.status) == [202, 202])
        #expect(connection.isOpen)
    }

    @Test func `don't keep an idle connection open`() throws {
        let door = Self.door()
        let connection = try door.connect()
        for _ in 0..<13 {
            try connection.send("\r\n")
            door.eventLoop.advanceTime(by: .seconds(10))
        }
        #expect(!connection.isOpen)
        #expect(try connection.written().isEmpty)
    }
}
