import Foundation
import OutboxCore
import Testing

@testable import Daemon

@Suite("The folder of the queue, before anything in it is touched")
struct StateFolderTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
        chmod(folder.path, 0o700)
    }

    private var problem: String? { StateFolder(StateFiles(database: "\(folder.path)/outbox.db")).problem }

    private func put(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    }

    /// SQLite's header with our application id.
    private static let header = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0, count: 52) + Array("obox".utf8)

    @Test("an empty one, one of others who may only read, and one that isn't there are fine")
    func fine() throws {
        #expect(problem == nil)
        chmod(folder.path, 0o755)
        #expect(problem == nil)
        #expect(StateFolder(StateFiles(database: "\(folder.path)/none/outbox.db")).problem == nil)
    }

    @Test("one that others may write to is refused, sticky or not", arguments: [0o770, 0o707, 0o1777, 0o775])
    func writable(mode: Int) throws {
        chmod(folder.path, mode_t(mode))
        #expect(problem?.contains("run chmod go-w \(folder.path)") == true)
    }

    @Test("one of another user is refused", .enabled(if: geteuid() == 0))  // only root can give it away
    func owner() throws {
        chown(folder.path, 4711, gid_t.max)
        #expect(problem?.contains("belongs to user 4711, not to 0") == true)
    }

    @Test("files of our own are taken over, with the queue beside them or without")
    func ours() throws {
        let id = EventID(high: 0x0199_0000_0000_7000 | 5, low: 0x8000_0000_0000_0001)
        let slots = [EventID(high: 0, low: 0), id, EventID(high: 0, low: 0)]
        try slots.withUnsafeBytes { try put("flight", Array($0)) }
        try put("ballast", [UInt8](repeating: 0, count: 1 << 20))
        #expect(problem == nil)
        try put("ballast", [])
        try put("flight", [])
        #expect(problem == nil)
    }

    @Test(
        "a file of somebody else with one of our names is refused, and stays as it is",
        arguments: [
            ("flight", "LH 400 FRA 10:55"), ("flight", "short"), ("ballast", "stones"),
            ("ballast", "\0\0\0\0stones"),
        ]
    )
    func strange(name: String, text: String) throws {
        try put(name, Array(text.utf8))
        #expect(problem?.hasPrefix("\(folder.path)/\(name) holds something else") == true)
        try put("outbox.db", Array("SQLite format 3\0 of another program".utf8))
        #expect(problem != nil)
        try put("outbox.db", Self.header)
        #expect(problem == nil)
        #expect(try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8) == text)
    }

    @Test("a link, a folder and a pipe with one of our names are refused, whatever is beside them")
    func kinds() throws {
        try put("outbox.db", Self.header)
        for make in [{ symlink("outbox.db", $0) }, { mkdir($0, 0o700) }, { mkfifo($0, 0o600) }] as [(String) -> Int32] {
            let path = "\(folder.path)/ballast"
            #expect(make(path) == 0)
            #expect(problem?.hasPrefix("\(path) is not a file of this daemon") == true)
            #expect(Foundation.remove(path) == 0)
        }
    }

    @Test("a text for the terminal is one line of plain characters")
    func plain() {
        #expect(plainLine("a\u{1B}[31m\nb\u{202E}c\u{2028}ü→") == "a\\u{1b}[31m\\u{a}b\\u{202e}c\\u{2028}ü→")
    }
}
