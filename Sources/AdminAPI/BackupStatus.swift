/// The backup that is being made, or that was made last since the daemon started.
package struct BackupStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// None was asked for.
        case none
        case copying
        /// The copy is whole, and its file the caller's.
        case copied
        case failed
    }

    package var state: State
    /// Tells one backup from the next.
    package var number: Int
    /// Of the file; it may grow meanwhile.
    package var pages: Int
    package var pagesLeft: Int
    /// Of a copy that is whole: its file, beside the database.
    package var path: String?
    /// What the queue held at the copy's last moment.
    package var events: Int?
    package var deadLetters: Int?
    package var lastSequence: Int64?
    /// When that was.
    package var copiedAt: Timestamp?
    /// Why it failed; for people.
    package var problem: String?

    private enum CodingKeys: String, CodingKey {
        case state, number, pages
        case pagesLeft = "pages_left"
        case path, events
        case deadLetters = "dead_letters"
        case lastSequence = "last_sequence"
        case copiedAt = "copied_at"
        case problem
    }

    package init(
        state: State,
        number: Int = 0,
        pages: Int = 0,
        pagesLeft: Int = 0,
        path: String? = nil,
        events: Int? = nil,
        deadLetters: Int? = nil,
        lastSequence: Int64? = nil,
        copiedAt: Timestamp? = nil,
        problem: String? = nil
    ) {
        self.state = state
        self.number = number
        self.pages = pages
        self.pagesLeft = pagesLeft
        self.path = path
        self.events = events
        self.deadLetters = deadLetters
        self.lastSequence = lastSequence
        self.copiedAt = copiedAt
        self.problem = problem
    }
}
