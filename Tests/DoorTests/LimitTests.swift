import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

@Suite struct `Limits of a connection` {
    static let event = "X-Amz-Invocation-Type: Event"

    static func head(length: Int, _ more: [String] = []) -> String {
        request(headers: [event, "Content-Length: \(length)"] + more, body: nil)
    }

    static let chunkedHead = request(headers: [event, "Transfer-Encoding: chunked"], body: nil)

    // MARK: 413

    @Test func `a body that is announced too large is refused from its headers, read and dropped, then closed`() throws
    {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head(length: 2_000_000))
        let response = try #require(try connection.responses().first)
        #expect(response.status == 413)
        #expect(response.headers["connection"] == "close")
        #expect(connection.isOpen)
        let piece = [UInt8](repeating: 0x78, count: 100_000)
        for _ in 0..<19 { try connection.send(piece) }
        #expect(connection.isOpen)
        try connection.send(piece)
        #expect(!connection.isOpen)
        #expect(try connection.written().isEmpty)
    }

    @Test func `no more than 8 MiB of it are read`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head(length: 1 << 40))
        let piece = [UInt8](repeating: 0x78, count: 1 << 20)
        for _ in 0..<8 { try connection.send(piece) }
        #expect(connection.isOpen)
        try connection.send(piece)
        #expect(!connection.isOpen)
    }

    @Test func `a length beyond all numbers is no request`() throws {
        let connection = try EmbeddedDoor().connect()
        try connection.send(request(headers: [Self.event, "Content-Length: 99999999999999999999"], body: nil))
        #expect(try connection.responses().map(\.status) == [400])
    }

    @Test func `a chunked body is counted while it arrives, and never held past the limit`() throws {
        let door = EmbeddedDoor { $0.payloadBytesMax = 10 }
        let connection = try door.connect()
        try connection.send(Self.chunkedHead + "6\r\n\"12345\r\n")
        #expect(try connection.written().isEmpty)
        try connection.send("5\r\n67890\r\n")
        #expect(try connection.responses().map(\.status) == [413])
        #expect(connection.isOpen)
        try connection.send("5\r\n67890\r\n0\r\n\r\n")
        #expect(!connection.isOpen)
        #expect(door.intake.events.isEmpty)
        #expect(try connection.written().isEmpty)
    }

    @Test func `a request behind one that ends the connection is not taken`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head(length: 1_048_577) + String(repeating: "x", count: 1_048_577) + request())
        #expect(try connection.responses().map(\.status) == [413])
        #expect(!connection.isOpen)
        #expect(door.intake.events.isEmpty)
    }

    // MARK: Expect

    @Test func `100-continue is sent before a body that is wanted`() throws {
        let door = EmbeddedDoor(intake: FakeIntake { _ in .accepted(eventID(1)) })
        let connection = try door.connect()
        try connection.send(Self.head(length: 2, ["Expect: 100-continue"]))
        #expect(try connection.written() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send("{}")
        #expect(try connection.responses().map(\.status) == [202])
    }

    @Test func `100-continue waits for the answers before it`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request() + Self.head(length: 2, ["Expect: 100-continue"]))
        #expect(try connection.written().isEmpty)
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202, 100])
    }

    @Test func `a body that came unasked needs no 100-continue`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request() + Self.head(length: 2, ["Expect: 100-continue"]) + "{}")
        door.intake.answer([0: .accepted(eventID(1)), 1: .accepted(eventID(2))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202, 202])
    }

    @Test(arguments: [
        (head(length: 2_000_000, ["Expect: 100-continue"]), 413),
        (head(length: 2, ["Expect: 100-continue", "Outbox-Delay: soon"]), 400),
        (request("POST", "/x", headers: ["Content-Length: 2", "Expect: 100-continue"], body: nil), 404),
    ])
    func `a body that isn't wanted is refused instead, and the connection ends`(text: String, status: Int) throws {
        let connection = try EmbeddedDoor().connect()
        try connection.send(text)
        let responses = try connection.responses()
        #expect(responses.map(\.status) == [status])
        #expect(responses.first?.headers["connection"] == "close")
    }

    // MARK: Time

    @Test func `an idle connection is closed in silence`() throws {
        let door = EmbeddedDoor { $0.idleTimeout = .seconds(60) }
        let connection = try door.connect()
        door.eventLoop.advanceTime(by: .seconds(59))
        #expect(connection.isOpen)
        door.eventLoop.advanceTime(by: .seconds(3))
        #expect(!connection.isOpen)
        #expect(try connection.written().isEmpty)
        #expect(door.loop.counters.timeouts == 1)
    }

    @Test func `each answer gives an idle connection its time anew`() throws {
        let door = EmbeddedDoor { $0.idleTimeout = .seconds(60) }
        let connection = try door.connect()
        door.eventLoop.advanceTime(by: .seconds(50))
        try connection.send(request())
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        door.eventLoop.advanceTime(by: .seconds(50))
        #expect(connection.isOpen)
        door.eventLoop.advanceTime(by: .seconds(12))
        #expect(!connection.isOpen)
    }

    @Test func `a request that waits for its commit is not cut`() throws {
        let door = EmbeddedDoor { $0.idleTimeout = .seconds(60) }
        let connection = try door.connect()
        try connection.send(request())
        door.eventLoop.advanceTime(by: .hours(1))
        #expect(connection.isOpen)
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202])
    }

    @Test(arguments: ["P", "POST / HTTP/1.1\r\nHo", head(length: 2), head(length: 2) + "{"])
    func `a request that doesn't become whole in time is answered 408`(text: String) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(text)
        door.eventLoop.advanceTime(by: .seconds(29))
        #expect(try connection.written().isEmpty)
        door.eventLoop.advanceTime(by: .seconds(2))
        let response = try #require(try connection.responses().first)
        #expect(response.status == 408)
        #expect(response.headers["connection"] == "close")
        #expect(response.headers["x-amzn-errortype"] == "RequestTimeoutException")
        door.eventLoop.advanceTime(by: .seconds(4))
        #expect(!connection.isOpen)
        #expect(door.intake.events.isEmpty)
    }

    @Test func `sending a byte now and then doesn't extend the time of a request`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        for byte in Array(request().utf8).prefix(31) {
            try connection.send([byte])
            door.eventLoop.advanceTime(by: .seconds(1))
        }
        #expect(try connection.responses().map(\.status) == [408])
    }

    @Test func `a refused body that never ends is cut`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head(length: 2_000_000))
        door.eventLoop.advanceTime(by: .seconds(29))
        #expect(connection.isOpen)
        door.eventLoop.advanceTime(by: .seconds(3))
        #expect(!connection.isOpen)
    }

    // MARK: Memory

    @Test func `past the body memory further connections wait, first come first served`() throws {
        let door = EmbeddedDoor { $0.bodyMemoryBytesMax = 100 }
        let expecting = Self.head(length: 60, ["Expect: 100-continue"])
        let connections = try (0..<3).map { _ in try door.connect() }
        for connection in connections { try connection.send(expecting) }
        let readers = connections.map { connection in connection.countsReads() }
        #expect(try connections.map { try $0.responses().map(\.status) } == [[100], [], []])
        connections[1].channel.read()
        #expect(readers[1].count == 0)
        let body = "\"" + String(repeating: "x", count: 58) + "\""
        try connections[0].send(body)
        #expect(door.intake.events.count == 1)
        #expect(try connections.map { try $0.responses().map(\.status) } == [[], [100], []])
        #expect(readers[1].count == 1)
        try connections[1].channel.close().wait()
        #expect(try connections[2].responses().map(\.status) == [100])
        try connections[2].send(body)
        #expect(door.intake.events.count == 2)
    }

    @Test func `waiting for memory doesn't count against the time of a request`() throws {
        let door = EmbeddedDoor {
            $0.bodyMemoryBytesMax = 100
            $0.idleTimeout = .hours(1)
        }
        let first = try door.connect()
        let second = try door.connect()
        try first.send(Self.head(length: 60))
        door.eventLoop.advanceTime(by: .seconds(20))
        try second.send(Self.head(length: 60, ["Expect: 100-continue"]))
        door.eventLoop.advanceTime(by: .seconds(11))
        #expect(try first.responses().map(\.status) == [408])
        door.eventLoop.advanceTime(by: .seconds(25))
        #expect(try second.responses().map(\.status) == [100])
    }

    @Test func `a body larger than all of the memory still gets its turn`() throws {
        let door = EmbeddedDoor { $0.bodyMemoryBytesMax = 10 }
        let connection = try door.connect()
        try connection.send(request(body: "\"" + String(repeating: "x", count: 58) + "\""))
        #expect(door.intake.events.count == 1)
    }

    @Test func `a request that is whole before its memory was granted is taken all the same`() throws {
        let door = EmbeddedDoor { $0.bodyMemoryBytesMax = 10 }
        let first = try door.connect()
        let second = try door.connect()
        try first.send(Self.head(length: 10))
        try second.send(request(body: "\"12345678\"") + request(body: "\"abcdefgh\""))
        #expect(door.intake.events.count == 2)
        try first.send("1234567890")
        #expect(door.intake.events.count == 3)
        try second.send(request())
        #expect(door.intake.events.count == 4)
    }

    @Test func `a connection with many unanswered requests isn't read from`() throws {
        let door = EmbeddedDoor { $0.pipelinedRequestsMax = 3 }
        let connection = try door.connect()
        let reads = connection.countsReads()
        try connection.send(request() + request())
        connection.channel.read()
        #expect(reads.count == 1)
        try connection.send(request())
        connection.channel.read()
        #expect(reads.count == 1)
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(reads.count == 2)
    }

    // MARK: Shutdown

    @Test func `at shutdown what was read whole is answered, the last answer says close, and the rest is refused`()
        throws
    {
        let door = EmbeddedDoor()
        let idle = try door.connect()
        let waiting = try door.connect()
        let partial = try door.connect()
        try waiting.send(request() + request())
        try partial.send(request() + Self.head(length: 2) + "{")
        let isDrained = NIOLockedValueBox(false)
        door.loop.drain(within: .seconds(10)).whenSuccess { isDrained.withLockedValue { $0 = true } }
        door.run()
        #expect(!idle.isOpen)
        #expect(waiting.isOpen)
        #expect(!isDrained.withLockedValue { $0 })
        door.intake.answer([
            0: .accepted(eventID(1)), 1: .accepted(eventID(2)),
            2: .unavailable(reason: "Closing.", retryAfter: .seconds(5)),
        ])
        door.run()
        let answers = try waiting.responses()
        #expect(answers.map(\.status) == [202, 202])
        #expect(answers.map { $0.headers["connection"] } == [nil, "close"])
        #expect(!waiting.isOpen)
        #expect(try partial.responses().map(\.status) == [503, 503])
        door.eventLoop.advanceTime(by: .seconds(4))
        #expect(!partial.isOpen)
        #expect(isDrained.withLockedValue { $0 })
    }

    @Test func `at shutdown a connection that doesn't end is cut at the limit`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request())
        let isDrained = NIOLockedValueBox(false)
        door.loop.drain(within: .seconds(10)).whenSuccess { isDrained.withLockedValue { $0 = true } }
        door.eventLoop.advanceTime(by: .seconds(9))
        #expect(connection.isOpen)
        door.eventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.isOpen)
        #expect(isDrained.withLockedValue { $0 })
    }
}
