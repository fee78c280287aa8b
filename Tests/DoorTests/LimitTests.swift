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

    /// Room for one large body at a time; past 4 bytes it is large.
    static func narrowDoor() -> EmbeddedDoor {
        EmbeddedDoor {
            $0.payloadBytesMax = 60
            $0.bodyMemoryBytesMax = 100
            $0.smallBodyBytesMax = 4
            $0.idleTimeout = .hours(1)
        }
    }

    static let body = "\"" + String(repeating: "x", count: 58) + "\""

    @Test func `what is only announced takes no memory (P7)`() throws {
        let door = Self.narrowDoor()
        let silent = try (0..<3).map { _ in try door.connect() }
        for connection in silent { try connection.send(Self.head(length: 60, ["Expect: 100-continue"])) }
        for connection in silent { #expect(try connection.responses().map(\.status) == [100]) }
        #expect(door.loop.bodyBytesHeld == 0)
        let connection = try door.connect()
        try connection.send(Self.head(length: 60) + "\"")
        try connection.send(Self.body.dropFirst())
        #expect(door.intake.events.count == 1)
        #expect(door.loop.bodyBytesHeld == 0)
    }

    @Test func `past the body memory further bodies wait unread, first come first served (P7)`() throws {
        let door = Self.narrowDoor()
        let connections = try (0..<3).map { _ in try door.connect() }
        for connection in connections { try connection.send(Self.head(length: 60) + "\"x") }
        let readers = connections.map { connection in connection.countsReads() }
        for connection in connections { connection.channel.read() }
        #expect(readers.map(\.count) == [1, 0, 0])
        #expect(door.loop.bodyBytesHeld == 64)
        try connections[0].send(Self.body.dropFirst(2))
        #expect(door.intake.events.count == 1)
        #expect(readers.map(\.count) == [1, 1, 0])
        try connections[1].channel.close().wait()
        #expect(readers.map(\.count) == [1, 1, 1])
        try connections[2].send(Self.body.dropFirst(2))
        #expect(door.intake.events.count == 2)
        #expect(door.loop.bodyBytesHeld == 0)
    }

    @Test func `small bodies don't wait behind large ones`() throws {
        let door = Self.narrowDoor()
        for _ in 0..<3 { try door.connect().send(Self.head(length: 60) + "\"x") }
        let small = try door.connect()
        try small.send(Self.head(length: 3) + "1")
        try small.send("2")
        try small.send("3")
        #expect(door.intake.events.map(\.payload) == [Array("123".utf8)])
    }

    @Test func `a body in chunks is small until it is larger`() throws {
        let door = Self.narrowDoor()
        let large = try door.connect()
        try large.send(Self.head(length: 60) + "\"x")
        let chunked = try door.connect()
        try chunked.send(Self.chunkedHead + "1\r\n1\r\n")
        #expect(door.loop.bodyBytesHeld == 64)
        let reads = chunked.countsReads()
        try chunked.send("4\r\n2345\r\n")
        chunked.channel.read()
        #expect(reads.count == 0)
        #expect(door.loop.bodyBytesHeld == 65)
        try large.send(Self.body.dropFirst(2))
        #expect(reads.count == 1)
        try chunked.send("0\r\n\r\n")
        #expect(door.intake.events.last?.payload == Array("12345".utf8))
        #expect(door.loop.bodyBytesHeld == 0)
    }

    @Test func `waiting for memory doesn't count against the time of a request`() throws {
        let door = Self.narrowDoor()
        let first = try door.connect()
        let second = try door.connect()
        try first.send(Self.head(length: 60))
        try second.send(Self.head(length: 60))
        door.eventLoop.advanceTime(by: .seconds(20))
        try first.send("\"x")
        for _ in 0..<8 { try first.send("xxxxx") }
        try second.send("\"x")
        second.channel.read()
        // The first keeps its pace for a moment more, and is cut then: it is in the way.
        door.eventLoop.advanceTime(by: .seconds(2))
        #expect(try first.responses().map(\.status) == [408])
        door.eventLoop.advanceTime(by: .seconds(7))
        #expect(try second.responses().isEmpty)
        try second.send(Self.body.dropFirst(2))
        #expect(door.intake.events.count == 1)
    }

    @Test func `a slow body that is in nobody's way has all its time`() throws {
        let door = Self.narrowDoor()
        let connection = try door.connect()
        for byte in (Self.head(length: 60) + "\"x").utf8 { try connection.send([byte]) }
        door.eventLoop.advanceTime(by: .seconds(29))
        #expect(try connection.responses().isEmpty)
        try connection.send(Self.body.dropFirst(2))
        #expect(door.intake.events.count == 1)
    }

    @Test func `where there is no room for what has come, it is refused with a time to come again (P7)`() throws {
        let door = EmbeddedDoor {
            $0.payloadBytesMax = 60
            $0.bodyMemoryBytesMax = 100
            $0.smallBodyBytesMax = 4
        }
        var waiting: [EmbeddedConnection] = []
        for _ in 0..<3 {
            let connection = try door.connect()
            try connection.send(Self.head(length: 60) + "\"xxxxxxxxxxx")
            waiting.append(connection)
        }
        let response = try #require(try waiting[2].responses().first)
        #expect(response.status == 429)
        #expect(response.headers["retry-after"] == "1")
        #expect(response.headers["connection"] == "close")
        #expect(door.loop.bodyBytesHeld <= 100)
        // Another producer that holds less is taken in, and one of those that hold more has to go.
        let other = try door.connect(Caller(producer: "uid:1002", tcpPort: nil))
        try other.send(Self.head(length: 60) + "\"xxxxxxxxxxx")
        #expect(try waiting[1].responses().map(\.status) == [429])
        #expect(try other.responses().isEmpty)
        #expect(door.loop.bodyBytesHeld <= 100)
    }

    @Test func `sixteen have to go for one at most, which is refused then (P7)`() throws {
        let door = EmbeddedDoor {
            $0.payloadBytesMax = 60
            $0.bodyMemoryBytesMax = 100
            $0.smallBodyBytesMax = 4
        }
        try door.connect().send(Self.head(length: 60) + "\"")
        let waiting = try (0..<20).map { _ in
            let connection = try door.connect()
            try connection.send(Self.head(length: 60) + "\"")
            return connection
        }
        let other = try door.connect(Caller(producer: "uid:1002", tcpPort: nil))
        try other.send(Self.head(length: 60) + "\"" + String(repeating: "x", count: 17))
        #expect(try other.responses().map(\.status) == [429])
        #expect(try waiting.filter { try !$0.responses().isEmpty }.count == 16)
        let next = try door.connect(Caller(producer: "uid:1002", tcpPort: nil))
        try next.send(Self.head(length: 60) + "\"" + String(repeating: "x", count: 13))
        #expect(try next.responses().isEmpty)
    }

    @Test func `a body larger than all of the memory still gets its turn`() throws {
        let door = EmbeddedDoor { $0.bodyMemoryBytesMax = 10 }
        let connection = try door.connect()
        try connection.feed(request(body: Self.body), .bytes)
        #expect(door.intake.events.count == 1)
    }

    @Test func `a request that is whole before its memory was granted is taken all the same`() throws {
        let door = Self.narrowDoor()
        let first = try door.connect()
        let second = try door.connect()
        try first.send(Self.head(length: 60) + "1")
        try second.send(Self.head(length: 10) + "\"")
        try second.send("12345678\"" + request(body: "\"abcdefgh\""))
        #expect(door.intake.events.count == 2)
        #expect(door.loop.bodyBytesHeld == 60)
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
}
