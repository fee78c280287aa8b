package import OutboxCore

/// What a salvage finds, one after the other.
package enum SalvagedRecord: Sendable {
    case event(SalvagedEvent)
    case key(SalvagedKey)
    case unreadable(Unreadable)
}

/// An event or dead letter that could be read.
package struct SalvagedEvent: Hashable, Sendable {
    /// What casts doubt on it.
    package enum Mark: String, Hashable, Sendable, CaseIterable {
        /// The payload's bytes are not those that were accepted.
        case payloadChecksum = "payload-checksum"
        /// Something else of the row is not what was accepted: its id, its function or its headers.
        case rowChecksum = "row-checksum"
        /// Its number is out of line with the rows around it: the id may be wrong.
        case rowNumber = "row-number"
        /// The row of its function can't be read.
        case functionUnknown = "function-unknown"
        /// The row of its producer can't be read.
        case producerUnknown = "producer-unknown"
        /// It stands on a page that no table leads to: it may have been handed over or deleted long ago, and nothing says
        /// that this program wrote it.
        case loose
    }

    /// `queued` or `deadLetter`.
    package var detail: EventDetail
    package var payload: [UInt8]
    package var marks: [Mark]
    /// The page it was read from; 0: a frame of the log that nothing vouches for.
    package var page: Int
}

/// An idempotency key that could be read.
package struct SalvagedKey: Hashable, Sendable {
    /// What it belongs to and how it was given; a newer file knows a key by its digest alone.
    package struct Name: Hashable, Sendable {
        package var producer: String
        package var function: FunctionIdentity
        /// `DedupeKey.Kind`, as a number.
        package var kind: Int64
        package var text: String
    }

    package var name: Name?
    /// `DedupeKey.digest`; nil where there is a name.
    package var digest: Digest128?
    /// SHA-256 of what was accepted with it, whole or its first half.
    package var content: [UInt8]
    /// The event it names.
    package var event: EventID
    /// When its window passes; nil: it has, and the event holds it.
    package var rememberedUntil: WallTime?
    package var isLoose: Bool
}

extension SalvagedKey {
    init(_ entry: KeyEntry, isLoose: Bool) {
        self.init(
            digest: entry.key,
            content: entry.content.bytes,
            event: entry.event,
            rememberedUntil: entry.rememberedUntil,
            isLoose: isLoose
        )
    }
}

/// Something that could not be read.
package struct Unreadable: Hashable, Sendable {
    /// nil: it is about the log, or the whole file.
    package var page: Int?
    /// The table it belongs to, where that is known.
    package var table: String?
    /// For people; our own words, nothing of the contents.
    package var reason: String
    /// Rows that are lost by it, at least.
    package var rowsAtLeast: Int = 0
    /// The event, where its row still says so.
    package var id: EventID?
    /// Sequence numbers among which the lost ones are.
    package var sequences: ClosedRange<Int64>?
}

/// What came of a salvage, in numbers.
package struct SalvageSummary: Hashable, Sendable {
    package var pages = 0
    package var pagesUnreadable = 0
    package var logFrames = 0
    package var events = 0
    package var deadLetters = 0
    package var keys = 0
    /// Records among them that carry a mark.
    package var marked = 0
    package var loose = 0
    /// Rows of events, dead letters or keys that are known to be lost.
    package var rowsLostAtLeast = 0
    /// What the file's own counters say; nil where they can't be read.
    package var eventsExpected: Int?
    package var deadLettersExpected: Int?
    /// Places that couldn't be read.
    package var problems = 0

    /// Nothing is missing, as far as can be told.
    package var isComplete: Bool {
        problems == 0 && marked == 0 && missing == 0
    }

    /// Events and dead letters that the counters know of and that were not found in their tables, at least.
    package var missing: Int {
        max(0, (eventsExpected ?? 0) - events) + max(0, (deadLettersExpected ?? 0) - deadLetters)
    }
}
