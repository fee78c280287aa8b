import CSQLite
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport

/// A generator whose numbers follow from a seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        state &+= 0x9E37_79B9_7F4A_7C15
        return state
    }
}

let startOfTest = WallTime(milliseconds: 1_700_000_000_000)

func openStore(_ path: String, boot: String = "boot-1", seed: UInt64 = 1) throws(StoreError) -> SQLiteStore {
    var random = SeededGenerator(seed: seed)
    return try SQLiteStore.open(
        SQLiteStoreOptions(path: path, bootID: boot),
        now: startOfTest,
        hash: testHash,
        using: &random
    )
}

/// Opens and gives up again: for opens that must fail.
func openAndDrop(_ path: String) throws {
    _ = try openStore(path)
}

/// The error of a commit that must fail.
func failure(_ store: inout SQLiteStore, _ commands: [StoreCommand]) -> StoreError? {
    do throws(StoreError) {
        _ = try store.commit(commands, now: startOfTest)
        return nil
    } catch {
        return error
    }
}

/// What the store answers, in short.
func replies(_ store: inout SQLiteStore, _ commands: [StoreCommand]) throws -> [String] {
    try store.commit(commands, now: startOfTest).map(\.short)
}

/// A store in a fresh folder, as the conformance suite wants it.
func sqliteUnderTest(_ folder: TemporaryDirectory) throws -> any StoreUnderTest {
    let path = folder.file("queue.db")
    return try OpenedStore(
        open: { try openStore(path) },
        reader: { try SQLiteReader.open(path) },
        close: { try $0.close(clean: true) }
    )
}

/// A connection as another program would open one: to make foreign files and to look into ours.
final class PlainDatabase {
    private let handle: OpaquePointer

    init(_ path: String, flags: Int32 = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) throws {
        var handle: OpaquePointer?
        guard sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK, let handle else {
            throw StoreError.failed("can't open \(path)")
        }
        self.handle = handle
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw StoreError.failed(String(cString: sqlite3_errmsg(handle)))
        }
    }

    /// Each row's columns as text, joined by `|`.
    func rows(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
            throw StoreError.failed(String(cString: sqlite3_errmsg(handle)))
        }
        defer { sqlite3_finalize(statement) }
        var rows: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            let columns = (0..<sqlite3_column_count(statement)).map { column in
                sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL"
            }
            rows.append(columns.joined(separator: "|"))
        }
        return rows
    }
}

/// Name and bytes of every file in a folder.
func contents(_ folder: TemporaryDirectory) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        files[name] = FileManager.default.contents(atPath: folder.file(name))
    }
    return files
}
