internal import OutboxCore
internal import SQLiteStore

/// Whether anything waits in a queue that no daemon has open: for whoever may delete it only if nothing does.
package enum QueueAtRest {
    /// What can be said.
    package enum Answer: Hashable, Sendable {
        case nothingWaits
        case waiting(events: Int, deadLetters: Int)
        /// Why it can't be told; it may hold something.
        case unknown(String)
    }

    /// Reads only, under the owner's lock: the files and their times stay as they are.
    ///
    /// - Parameter database: the path of its file.
    package static func look(database: String) -> Answer {
        do throws(StoreError) {
            let found = try RestingDatabase.waiting(database)
            if found.isNothing { return .nothingWaits }
            return .waiting(events: found.events, deadLetters: found.deadLetters)
        } catch {
            return .unknown(StartProblem(error, path: database).description)
        }
    }
}
