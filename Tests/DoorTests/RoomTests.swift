import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// Who has to go where the door is full and another comes.
@Suite(.timeLimit(.minutes(1))) struct `Room for a newcomer` {
    static func connect(_ door: EmbeddedDoor, _ producer: String) throws -> EmbeddedConnection {
        try door.connect(Caller(producer: producer, tcpPort: nil))
    }

    @Test func `the longest idle connection of the producer that holds most is closed`() throws {
        let door = EmbeddedDoor()
        let single = try Self.connect(door, "uid:1")
        door.eventLoop.advanceTime(by: .seconds(2))
        let many = try (0..<3).map { _ in
            door.eventLoop.advanceTime(by: .seconds(2))
            return try Self.connect(door, "uid:2")
        }
        // The first had a request since.
        try many[0].send(request())
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        door.eventLoop.advanceTime(by: .seconds(2))
        #expect(door.loop.makeRoom())
        #expect(many.map(\.isOpen) == [true, false, true])
        #expect(single.isOpen)
    }

    @Test func `a connection with a request under way or on its way stays`() throws {
        let door = EmbeddedDoor()
        let asking = try Self.connect(door, "uid:1")
        try asking.send(request())
        let sending = try Self.connect(door, "uid:1")
        try sending.send("PO")
        door.eventLoop.advanceTime(by: .seconds(5))
        #expect(!door.loop.makeRoom())
        #expect(asking.isOpen && sending.isOpen)
    }

    @Test func `one that was just in use stays`() throws {
        let door = EmbeddedDoor()
        let fresh = try Self.connect(door, "uid:1")
        door.eventLoop.advanceTime(by: .milliseconds(500))
        #expect(!door.loop.makeRoom())
        #expect(fresh.isOpen)
    }

    @Test func `nobody is brought below the next`() throws {
        let door = EmbeddedDoor()
        let large = try (0..<4).map { _ in try Self.connect(door, "uid:1") }
        let small = try (0..<3).map { _ in try Self.connect(door, "uid:2") }
        door.eventLoop.advanceTime(by: .seconds(2))
        for _ in 0..<4 {
            #expect(door.loop.makeRoom())
            door.eventLoop.advanceTime(by: .seconds(1))
        }
        #expect(large.filter(\.isOpen).count + small.filter(\.isOpen).count == 3)
        #expect(abs(large.filter(\.isOpen).count - small.filter(\.isOpen).count) <= 1)
    }

    @Test func `the connections are looked through a few times a second at most`() throws {
        let door = EmbeddedDoor()
        let connections = try (0..<200).map { _ in try Self.connect(door, "uid:1") }
        door.eventLoop.advanceTime(by: .seconds(2))
        var closed = 0
        for _ in 0..<200 where door.loop.makeRoom() { closed += 1 }
        #expect(closed == DoorRoom.batchMax)
        #expect(connections.filter(\.isOpen).count == 200 - DoorRoom.batchMax)
        door.eventLoop.advanceTime(by: .seconds(1))
        #expect(door.loop.makeRoom())
    }

    @Test func `a full door lets a newcomer in where another only sits there`() async throws {
        let folder = try TemporaryFolder()
        let server = try await `Door on real sockets`.start(folder) { $0.connectionsMax = 3 }
        let path = folder.file("door.sock")
        let sitting = try (0..<3).map { _ in try RawClient(unix: path) }
        // They are idle long enough before long.
        var statuses: Set<Int> = []
        while !statuses.contains(202) {
            let newcomer = try RawClient(unix: path)
            try? newcomer.send(request())
            if let status = try? newcomer.responses(1).first?.status { statuses.insert(status) }
        }
        #expect(statuses.isSubset(of: [202, 503]))
        #expect(try sitting[0].isAtEnd())
        await server.shutdown(within: .seconds(5))
    }
}
