/// What `verify` found: one object.
package struct VerificationReport: Codable, Hashable, Sendable {
    /// A row that isn't what was accepted.
    package struct DamagedRow: Codable, Hashable, Sendable {
        /// `events` or `dead_letters`.
        package var table: String
        package var sequence: Int64
        /// For people.
        package var what: String

        package init(table: String, sequence: Int64, what: String) {
            self.table = table
            self.sequence = sequence
            self.what = what
        }
    }

    package var path: String
    package var sound: Bool
    /// A daemon had the database open meanwhile.
    package var inUse: Bool
    /// For people: what is wrong with the file as a whole, the log included.
    package var file: [String]
    /// At most 100.
    package var rows: [DamagedRow]
    package var damagedRows: Int
    /// For people: tables and counters that contradict each other.
    package var counters: [String]
    /// Rows that were looked at.
    package var events: Int
    package var deadLetters: Int
    package var history: Int

    private enum CodingKeys: String, CodingKey {
        case path, sound
        case inUse = "in_use"
        case file, rows
        case damagedRows = "damaged_rows"
        case counters, events
        case deadLetters = "dead_letters"
        case history
    }

    package init(
        path: String,
        sound: Bool,
        inUse: Bool,
        file: [String],
        rows: [DamagedRow],
        damagedRows: Int,
        counters: [String],
        events: Int,
        deadLetters: Int,
        history: Int
    ) {
        self.path = path
        self.sound = sound
        self.inUse = inUse
        self.file = file
        self.rows = rows
        self.damagedRows = damagedRows
        self.counters = counters
        self.events = events
        self.deadLetters = deadLetters
        self.history = history
    }

    /// One page that is lost makes a problem of each that it led to.
    private static let fileLinesMax = 20

    /// For people, a line each; the first says whether it is sound.
    package var lines: [String] {
        let looked =
            "\(Wording.count(events, "event")), \(Wording.count(deadLetters, "dead letter")), "
            + "\(Wording.count(history, "line")) of the history" + (inUse ? "; a daemon has it open" : "")
        if sound { return ["\(path): sound (\(looked))"] }
        var lines = ["\(path): damaged (\(looked))"]
        lines += file.prefix(Self.fileLinesMax).map { "file: \($0)" }
        if file.count > Self.fileLinesMax {
            let more = Wording.count(file.count - Self.fileLinesMax, "more problem")
            lines.append("file: and \(more) (--json names them)")
        }
        lines += rows.map { "row: \($0.table) \($0.sequence): \($0.what)" }
        if damagedRows > rows.count { lines.append("row: and \(Wording.count(damagedRows - rows.count, "more row"))") }
        lines += counters.map { "counters: \($0)" }
        return lines
    }

    /// For people: what to do; nil where it is sound.
    package var advice: String? {
        if sound { return nil }
        if file.isEmpty && counters.isEmpty {
            return "The rows become dead letters (corrupt) when they are due, all others go out. "
                + "Check the disk and the memory of this host."
        }
        return
            "Save what can be read (lambda-outbox salvage \(path)), or bring a copy back (lambda-outbox restore). At "
            + "its next check the daemon does what store.on_damage says. Check the disk and the memory of this host."
    }
}
