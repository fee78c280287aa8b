import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// Where one request ends and the next begins: whatever is in doubt ends the connection, and nothing behind it is
/// taken for a request.
@Suite struct `Framing of requests` {
    static let event = "X-Amz-Invocation-Type: Event"
    /// What a smuggler wants to be read as a request of its own.
    static let smuggled = request(body: "666")

    static func head(_ headers: String..., version: String = "HTTP/1.1") -> String {
        request(headers: [event] + headers, body: nil).replacing("HTTP/1.1", with: version)
    }

    static let doubtful: [(String, String)] = [
        ("gzip, chunked", head("Transfer-Encoding: gzip, chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("chunked, chunked", head("Transfer-Encoding: chunked, chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("chunked, gzip", head("Transfer-Encoding: chunked, gzip") + "2\r\n{}\r\n0\r\n\r\n"),
        ("two lines", head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("gzip, then chunked", head("Transfer-Encoding: gzip", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("identity", head("Transfer-Encoding: identity") + "{}"),
        ("identity, then chunked", head("Transfer-Encoding: identity, chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("empty coding", head("Transfer-Encoding:") + "2\r\n{}\r\n0\r\n\r\n"),
        ("a parameter", head("Transfer-Encoding: chunked;q=1") + "2\r\n{}\r\n0\r\n\r\n"),
        ("xchunked", head("Transfer-Encoding: xchunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("a tab in the name", head("Transfer-Encoding\t: chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("length, then chunked", head("Content-Length: 2", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n"),
        ("chunked, then length", head("Transfer-Encoding: chunked", "Content-Length: 2") + "2\r\n{}\r\n0\r\n\r\n"),
        ("chunked in HTTP/1.0", head("Transfer-Encoding: chunked", version: "HTTP/1.0") + "2\r\n{}\r\n0\r\n\r\n"),
        ("two lengths", head("Content-Length: 2", "Content-Length: 3") + "{}"),
        ("two equal lengths", head("Content-Length: 2", "Content-Length: 2") + "{}"),
        ("list of lengths", head("Content-Length: 2, 2") + "{}"),
        ("plus", head("Content-Length: +2") + "{}"),
        ("minus", head("Content-Length: -2") + "{}"),
        ("hexadecimal", head("Content-Length: 0x2") + "{}"),
        ("blank inside", head("Content-Length: 2 2") + "{}"),
        ("empty length", head("Content-Length:") + "{}"),
        ("beyond 64 bits", head("Content-Length: 18446744073709551616") + "{}"),
        ("chunk beyond 64 bits", head("Transfer-Encoding: chunked") + "10000000000000000\r\n{}\r\n0\r\n\r\n"),
        ("negative chunk", head("Transfer-Encoding: chunked") + "-2\r\n{}\r\n0\r\n\r\n"),
        ("bare line feed", head("Content-Length: 2").replacing("\r\n", with: "\n") + "{}"),
        ("folded header", head("Content-Length:\r\n 2") + "{}"),
        ("HTTP/2.0", head("Content-Length: 2", version: "HTTP/2.0") + "{}"),
    ]

    @Test(arguments: doubtful.indices, Feeding.allCases)
    func `what is in doubt is refused, and nothing behind it is taken`(index: Int, feeding: Feeding) throws {
        let (name, text) = Self.doubtful[index]
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.feed(text + Self.smuggled, feeding)
        let responses = try connection.responses()
        #expect(responses.map(\.status) == [400], "\(name)")
        #expect(responses.first?.headers["connection"] == "close", "\(name)")
        #expect(responses.first?.headers["x-amzn-errortype"] == "BadRequestException", "\(name)")
        #expect(door.intake.events.isEmpty, "\(name)")
    }

    @Test(arguments: ["chunked", "Chunked", "  chunked  "], Feeding.allCases)
    func `chunked alone is taken, in any case`(coding: String, feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.feed(Self.head("Transfer-Encoding: \(coding)") + "2\r\n{}\r\n0\r\n\r\n" + request(), feeding)
        #expect(door.intake.events.map(\.payload) == [Array("{}".utf8), Array("{}".utf8)])
    }

    @Test(arguments: ["2", " 2 ", "\t2", "02", "00000000000000000002"])
    func `a length is digits and nothing else; blanks around it don't count`(length: String) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head("Content-Length:\(length)") + "{}" + request())
        #expect(door.intake.events.map(\.payload) == [Array("{}".utf8), Array("{}".utf8)])
    }

    @Test(arguments: [
        "1048577", "9223372036854775807", "9223372036854775808", "18446744073709551615", "010000000000000000000",
    ])
    func `a length that is too large is refused from the head alone, however large (P7)`(length: String) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head("Content-Length: \(length)"))
        #expect(try connection.responses().map(\.status) == [413])
        try connection.send(Self.smuggled)
        #expect(door.intake.events.isEmpty)
        #expect(try connection.written().isEmpty)
    }

    @Test func `a request behind the one that closed the connection is not taken`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head("Content-Length: 1048577"))
        #expect(try connection.responses().map(\.status) == [413])
        try connection.send(String(repeating: "x", count: 1_048_577) + Self.smuggled)
        #expect(!connection.isOpen)
        #expect(door.intake.events.isEmpty)
    }

    @Test func `a request line without end is refused, not gathered (P7)`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send("POST /")
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 16_384)
        for _ in 0..<5 { try connection.send(piece) }
        #expect(try connection.responses().map(\.status) == [431])
    }

    @Test func `trailers without end are refused, not gathered (P7)`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(Self.head("Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\nX-A: ")
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 16_384)
        for _ in 0..<5 { try connection.send(piece) }
        #expect(try connection.responses().map(\.status) == [431])
        #expect(door.intake.events.isEmpty)
    }
}
