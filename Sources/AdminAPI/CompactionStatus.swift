/// The compaction that is under way, or that was made last since the daemon started.
package struct CompactionStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// None was asked for.
        case none
        case compacting
        case done
        case failed
    }

    package var state: State
    /// Tells one from the next.
    package var number: Int
    /// Of the file when it began; nil until that was looked at.
    package var bytesBefore: Int64?
    /// Of the file as it is.
    package var bytes: Int64?
    /// Of it, what isn't free.
    package var usedBytes: Int64?
    /// Why it failed; for people.
    package var problem: String?

    private enum CodingKeys: String, CodingKey {
        case state, number
        case bytesBefore = "bytes_before"
        case bytes
        case usedBytes = "used_bytes"
        case problem
    }

    package init(
        state: State,
        number: Int = 0,
        bytesBefore: Int64? = nil,
        bytes: Int64? = nil,
        usedBytes: Int64? = nil,
        problem: String? = nil
    ) {
        self.state = state
        self.number = number
        self.bytesBefore = bytesBefore
        self.bytes = bytes
        self.usedBytes = usedBytes
        self.problem = problem
    }
}
