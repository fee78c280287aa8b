import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// A request's clock starts with its first byte, wherever in a read that byte stands.
@Suite struct `Time of a request` {
    static func door() -> EmbeddedDoor { EmbeddedDoor { $0.requestTimeout = .seconds(4) } }

    @Test(arguments: [
        "P", "POST / HTTP/1.1\r\n", `Limits of a connection`.head(length: 2),
        `Limits of a connection`.head(length: 2) + "{",
    ])
    func `it also starts behind another request in one read`(beginning: String) throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.send(request() + beginning)
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202])
        door.eventLoop.advanceTime(by: .milliseconds(3900))
        #expect(try connection.written().isEmpty)
        door.eventLoop.advanceTime(by: .milliseconds(400))
        #expect(try connection.responses().map(\.status) == [408])
    }

    @Test func `the answer in front doesn't extend it`() throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.send(request() + `Limits of a connection`.head(length: 2))
        door.eventLoop.advanceTime(by: .seconds(3))
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        door.eventLoop.advanceTime(by: .milliseconds(1300))
        #expect(try connection.responses().map(\.status) == [202, 408])
    }

    @Test func `between requests the idle time counts, also behind many in one read`() throws {
        let door = EmbeddedDoor(intake: FakeIntake { _ in .accepted(eventID(1)) }) {
            $0.requestTimeout = .seconds(4)
            $0.idleTimeout = .seconds(60)
        }
        let connection = try door.connect()
        try connection.send(request() + request() + request())
        door.eventLoop.advanceTime(by: .seconds(59))
        #expect(connection.isOpen)
        #expect(try connection.responses().map(\.status) == [202, 202, 202])
        door.eventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.isOpen)
        #expect(try connection.written().isEmpty)
    }

    @Test func `a producer that waits for the end of its answer has it at once`() throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.send(`Limits of a connection`.head(length: 2))
        door.eventLoop.advanceTime(by: .milliseconds(4300))
        #expect(try connection.responses().map(\.status) == [408])
        #expect(connection.outputIsClosed)
    }

    @Test func `a refusal that had to wait behind an answer is left time to arrive`() throws {
        let door = Self.door()
        let connection = try door.connect()
        try connection.send(request() + `Limits of a connection`.head(length: 2_000_000))
        door.eventLoop.advanceTime(by: .seconds(20))
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202, 413])
        door.eventLoop.advanceTime(by: .milliseconds(1500))
        #expect(connection.isOpen)
        door.eventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.isOpen)
    }

    @Test func `time in which the door itself doesn't read isn't the producer's`() throws {
        let door = EmbeddedDoor {
            $0.requestTimeout = .seconds(4)
            $0.pipelinedRequestsMax = 2
        }
        let connection = try door.connect()
        try connection.send(request() + request() + `Limits of a connection`.head(length: 2))
        connection.channel.read()
        door.eventLoop.advanceTime(by: .seconds(20))
        door.intake.answer([0: .accepted(eventID(1)), 1: .accepted(eventID(2))])
        door.run()
        try connection.send("{}")
        #expect(door.intake.events.count == 3)
        #expect(try connection.responses().map(\.status) == [202, 202])
    }

    @Test func `a body that the door itself doesn't read isn't slow`() throws {
        let door = EmbeddedDoor {
            $0.pipelinedRequestsMax = 2
            $0.payloadBytesMax = 60
            $0.bodyMemoryBytesMax = 100
            $0.smallBodyBytesMax = 4
        }
        let held = try door.connect()
        try held.send(request() + request() + `Limits of a connection`.head(length: 60) + "\"x")
        held.channel.read()
        let waiting = try door.connect()
        try waiting.send(`Limits of a connection`.head(length: 60) + "\"x")
        waiting.channel.read()
        door.eventLoop.advanceTime(by: .seconds(5))
        door.intake.answer([0: .accepted(eventID(1)), 1: .accepted(eventID(2))])
        door.run()
        // Its pace is looked at from now on.
        door.eventLoop.advanceTime(by: .milliseconds(900))
        #expect(try held.responses().map(\.status) == [202, 202])
        try held.send(`Limits of a connection`.body.dropFirst(2))
        #expect(door.intake.events.count == 3)
    }
}
