import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// A stop cuts nobody off in mid-request: what is on its way is taken and answered, for a while (P1, P2).
struct DrainTests {
    static let head =
        "POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\nHost: localhost\r\n"
        + "X-Amz-Invocation-Type: Event\r\nContent-Length: 2\r\n\r\n"

    private static func drain(_ door: EmbeddedDoor, within: TimeAmount = .seconds(10)) -> NIOLockedValueBox<Bool> {
        let isDrained = NIOLockedValueBox(false)
        door.loop.drain(within: within).whenSuccess { isDrained.withLockedValue { $0 = true } }
        door.run()
        return isDrained
    }

    @Test func `what was read whole is answered, and the last answer says close`() throws {
        let door = EmbeddedDoor()
        let waiting = try door.connect()
        try waiting.send(request() + request())
        let isDrained = Self.drain(door)
        #expect(waiting.isOpen)
        #expect(!isDrained.withLockedValue { $0 })
        door.intake.answer([0: .accepted(eventID(1)), 1: .accepted(eventID(2))])
        door.run()
        let answers = try waiting.responses()
        #expect(answers.map(\.status) == [202, 202])
        #expect(answers.map { $0.headers["connection"] } == [nil, "close"])
        #expect(!waiting.isOpen)
    }

    @Test(arguments: [0, 20, DrainTests.head.utf8.count + 1])
    func `a request that was on its way comes whole, is taken and says close`(sent: Int) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        let bytes = Array((Self.head + "{}").utf8)
        try connection.send(bytes[..<sent])
        let isDrained = Self.drain(door)
        try connection.send(bytes[sent...])
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        let answers = try connection.responses()
        #expect(answers.map(\.status) == [202])
        #expect(answers.map { $0.headers["connection"] } == ["close"])
        door.eventLoop.advanceTime(by: .seconds(1))
        #expect(!connection.isOpen)
        #expect(isDrained.withLockedValue { $0 })
    }

    @Test func `a connection on which nothing comes is closed soon`() throws {
        let door = EmbeddedDoor()
        let idle = try door.connect()
        let isDrained = Self.drain(door)
        #expect(idle.isOpen)
        door.eventLoop.advanceTime(by: .milliseconds(200))
        #expect(!idle.isOpen)
        #expect(isDrained.withLockedValue { $0 })
    }

    @Test func `what hasn't come whole after two seconds is refused`() throws {
        let door = EmbeddedDoor()
        let partial = try door.connect()
        try partial.send(request() + Self.head + "{")
        let isDrained = Self.drain(door)
        door.intake.answer([0: .accepted(eventID(1))])
        door.eventLoop.advanceTime(by: .milliseconds(1900))
        #expect(try partial.responses().map(\.status) == [202])
        door.eventLoop.advanceTime(by: .milliseconds(200))
        #expect(try partial.responses().map(\.status) == [503])
        door.eventLoop.advanceTime(by: .seconds(3))
        #expect(!partial.isOpen)
        #expect(isDrained.withLockedValue { $0 })
    }

    @Test func `a connection that doesn't end is cut at the limit`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request())
        let isDrained = Self.drain(door)
        door.eventLoop.advanceTime(by: .seconds(9))
        #expect(connection.isOpen)
        door.eventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.isOpen)
        #expect(isDrained.withLockedValue { $0 })
    }
}
