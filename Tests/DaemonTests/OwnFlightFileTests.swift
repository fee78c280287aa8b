import Engine
import TestSupport
import Testing

@testable import Daemon

@Suite("The flight file in a folder whose queue is gone")
struct OwnFlightFileTests {
    @Test func `is known for the daemon's own`() throws {
        let folder = try TemporaryDirectory()
        let file = try FlightFile.create(at: folder.file("flight"), bootID: "boot", count: 4)
        _ = consume file
        #expect(StateFolder(StateFiles(database: folder.file("outbox.db"))).problem == nil)
    }

    @Test func `is not known by less than its head`() {
        #expect(!FlightFile.hasHead([]))
        #expect(!FlightFile.hasHead([UInt8](repeating: 7, count: 15)))
    }
}
