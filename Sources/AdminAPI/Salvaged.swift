/// What stands beside an event in a line of a salvage: what only its row knows, and what casts doubt on it.
package struct SalvagedExtras: Codable, Hashable, Sendable {
    /// `payload-checksum`, `row-checksum`, `row-number`, `function-unknown`, `producer-unknown` or `loose`; empty: nothing is wrong.
    package var marks: [String]
    /// The page of the file that it was read from; 0: out of the log.
    package var page: Int
    package var partition: String

    package init(marks: [String], page: Int, partition: String) {
        self.marks = marks
        self.page = page
        self.partition = partition
    }
}

/// An idempotency key in a line of a salvage: by its names, or by its digest alone.
package struct SalvagedKeyLine: Codable, Hashable, Sendable {
    /// What a key belongs to and how it was given, as older databases keep it.
    package struct Name: Hashable, Sendable {
        package var producer: String
        package var function: String
        package var qualifier: String?
        package var region: String
        package var account: String?
        package var partition: String
        /// As in `Event`.
        package var keyKind: Int64
        package var key: String

        package init(
            producer: String,
            function: String,
            qualifier: String?,
            region: String,
            account: String?,
            partition: String,
            keyKind: Int64,
            key: String
        ) {
            self.producer = producer
            self.function = function
            self.qualifier = qualifier
            self.region = region
            self.account = account
            self.partition = partition
            self.keyKind = keyKind
            self.key = key
        }
    }

    /// Always `key`.
    package var kind = "key"
    package var producer: String?
    package var function: String?
    package var qualifier: String?
    package var region: String?
    package var account: String?
    package var partition: String?
    package var keyKind: Int64?
    package var key: String?
    /// The first half of a SHA-256 over all of these, in hexadecimal; in their place.
    package var keyDigest: String?
    /// SHA-256 of what was accepted with it, or its first half, in hexadecimal.
    package var contentDigest: String
    /// The id of the event that it names.
    package var event: String
    /// Left out: its window has passed, and the event holds it.
    package var rememberedUntil: Timestamp?
    /// It stands on a page that no table leads to.
    package var loose: Bool

    private enum CodingKeys: String, CodingKey {
        case kind, producer, function, qualifier, region, account, partition
        case keyKind = "key_kind"
        case key
        case keyDigest = "key_sha256"
        case contentDigest = "content_sha256"
        case event
        case rememberedUntil = "remembered_until"
        case loose
    }

    package init(
        name: Name?,
        keyDigest: String?,
        contentDigest: String,
        event: String,
        rememberedUntil: Timestamp?,
        loose: Bool
    ) {
        self.keyDigest = keyDigest
        self.contentDigest = contentDigest
        self.event = event
        self.rememberedUntil = rememberedUntil
        self.loose = loose
        self.name = name
    }

    /// nil: a part of it is missing.
    package var name: Name? {
        get {
            guard let producer, let function, let region, let partition, let keyKind, let key else { return nil }
            return Name(
                producer: producer,
                function: function,
                qualifier: qualifier,
                region: region,
                account: account,
                partition: partition,
                keyKind: keyKind,
                key: key
            )
        }
        set {
            producer = newValue?.producer
            function = newValue?.function
            qualifier = newValue?.qualifier
            region = newValue?.region
            account = newValue?.account
            partition = newValue?.partition
            keyKind = newValue?.keyKind
            key = newValue?.key
        }
    }
}

/// A place that a salvage could not read, in a line of it.
package struct UnreadableLine: Codable, Hashable, Sendable {
    /// Always `unreadable`.
    package var kind = "unreadable"
    package var page: Int?
    package var table: String?
    package var reason: String
    package var rowsAtLeast: Int
    package var id: String?
    package var firstSequence: Int64?
    package var lastSequence: Int64?

    private enum CodingKeys: String, CodingKey {
        case kind, page, table, reason
        case rowsAtLeast = "rows_at_least"
        case id
        case firstSequence = "first_sequence"
        case lastSequence = "last_sequence"
    }

    package init(
        page: Int?,
        table: String?,
        reason: String,
        rowsAtLeast: Int,
        id: String?,
        firstSequence: Int64?,
        lastSequence: Int64?
    ) {
        self.page = page
        self.table = table
        self.reason = reason
        self.rowsAtLeast = rowsAtLeast
        self.id = id
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
    }
}

/// The last line of a salvage.
package struct SalvageSummaryLine: Codable, Hashable, Sendable {
    /// Always `summary`.
    package var kind = "summary"
    package var complete: Bool
    package var events: Int
    package var deadLetters: Int
    package var keys: Int
    package var marked: Int
    package var loose: Int
    package var unreadable: Int
    package var rowsLostAtLeast: Int
    /// What the file's own counters say; left out where they can't be read.
    package var eventsExpected: Int?
    package var deadLettersExpected: Int?
    package var pages: Int
    package var pagesUnreadable: Int
    package var logFrames: Int

    private enum CodingKeys: String, CodingKey {
        case kind, complete, events
        case deadLetters = "dead_letters"
        case keys, marked, loose, unreadable
        case rowsLostAtLeast = "rows_lost_at_least"
        case eventsExpected = "events_expected"
        case deadLettersExpected = "dead_letters_expected"
        case pages
        case pagesUnreadable = "pages_unreadable"
        case logFrames = "log_frames"
    }

    package init(
        complete: Bool,
        events: Int,
        deadLetters: Int,
        keys: Int,
        marked: Int,
        loose: Int,
        unreadable: Int,
        rowsLostAtLeast: Int,
        eventsExpected: Int?,
        deadLettersExpected: Int?,
        pages: Int,
        pagesUnreadable: Int,
        logFrames: Int
    ) {
        self.complete = complete
        self.events = events
        self.deadLetters = deadLetters
        self.keys = keys
        self.marked = marked
        self.loose = loose
        self.unreadable = unreadable
        self.rowsLostAtLeast = rowsLostAtLeast
        self.eventsExpected = eventsExpected
        self.deadLettersExpected = deadLettersExpected
        self.pages = pages
        self.pagesUnreadable = pagesUnreadable
        self.logFrames = logFrames
    }
}
