/// When the log is moved into the database file. A value; the commit loop keeps it.
///
/// Commits wait behind a checkpoint. Where no mail comes for a moment it may come early, while there is little to move;
/// under load it comes once in so many commits at most, so that its wait isn't part of their 99th percentile, as long as
/// the log stays small enough.
package struct CheckpointPacing: Sendable {
    /// Bytes of the log, each a reason of its own.
    package struct Marks: Hashable, Sendable {
        /// Where there is no mail.
        package var idle: Int
        /// Once enough commits were made since the last one.
        package var busy: Int
        /// In any case.
        package var most: Int
        package var commitsMin: Int

        package init(idle: Int, busy: Int, most: Int, commitsMin: Int) {
            self.idle = idle
            self.busy = busy
            self.most = most
            self.commitsMin = commitsMin
        }
    }

    /// How long one that left some of the log in use, by a reader, is not tried again.
    package static let heldRest = Span.milliseconds(100)

    /// Without mail for so long, nobody waits.
    package static let idleRest = Span.milliseconds(5)

    private var commits = 0
    private var restUntil = MonotonicTime(nanoseconds: .min)

    package init() {}

    /// A transaction of the commit loop is on disk.
    package mutating func committed() {
        commits += 1
    }

    /// - Parameters:
    ///   - isIdle: there has been no mail for `idleRest`.
    ///   - isShort: the disk is short; the log can begin anew once it is in the file.
    package func isDue(
        logBytes: Int,
        isIdle: Bool,
        isShort: Bool,
        _ marks: Marks,
        now: MonotonicTime
    ) -> Bool {
        if isResting(now) { return false }
        if isIdle, logBytes > marks.idle { return true }
        return logBytes > marks.most || logBytes > marks.busy && (isShort || commits >= marks.commitsMin)
    }

    /// A reader was in the way of the last one, a moment ago.
    package func isResting(_ now: MonotonicTime) -> Bool {
        now < restUntil
    }

    /// How long the loop may sleep before a round without commits has one to make; nil: there is little to move.
    package func wait(logBytes: Int, _ marks: Marks, now: MonotonicTime) -> Span? {
        guard logBytes > marks.idle else { return nil }
        return now >= restUntil ? Self.idleRest : max(Self.idleRest, restUntil.since(now))
    }

    /// - Parameter logBytes: what is still in the log.
    package mutating func checkpointed(logBytes: Int, at now: MonotonicTime) {
        commits = 0
        restUntil = logBytes > 0 ? now.advanced(by: Self.heldRest) : now
    }
}
