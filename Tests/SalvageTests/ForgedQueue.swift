import Foundation
import OutboxCore
import SQLiteStore
import SigV4
import TestSupport

/// A queue with one event, whose payload holds copies of a page at every place a page can begin.
struct ForgedQueue {
    let database: [UInt8]

    init(page: [UInt8]) throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let path = folder.file("outbox.db")
        var random = SampleRandom(seed: 3)
        var store = try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: "boot"),
            now: SampleQueue.start,
            using: &random
        )
        // Each overflow page begins with four bytes of its own.
        let payload = (0..<40).flatMap { _ in page[4...] + page[..<4] }
        let event = NewEvent(
            function: FunctionIdentity(partition: "aws", account: "-", region: "r", name: "f", qualifier: "-"),
            payload: payload,
            payloadDigest: Digest256(bytes: SHA256.digest(payload)),
            producer: "uid:1"
        )
        _ = try store.commit([.accept(event)], now: SampleQueue.start)
        try store.checkpoint()
        database = try [UInt8](Data(contentsOf: URL(filePath: path)))
    }
}
