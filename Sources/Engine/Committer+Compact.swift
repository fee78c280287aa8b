package import OutboxCore

/// What is told of an order to give all free pages back.
package enum CompactionReport: Sendable {
    /// How large the file was when it began, and what is there now.
    case progress(before: Int, StoreSize)
    case done(before: Int, StoreSize)
    case failed(StoreError)
}

/// An operator's order to give all free pages back, under way.
struct RunningCompaction {
    /// Bytes of the file; nil: not looked at yet.
    var before: Int?
    /// No page was free any more: what traffic frees from now on is the next order's.
    var isEmptied = false
    var tell: @Sendable (CompactionReport) -> Void
}

/// Compacts the file at an operator's order: the slices that it shrinks by, until nothing is free.
extension Committer where Store: ~Copyable {
    mutating func beginCompaction(_ tell: @escaping @Sendable (CompactionReport) -> Void) {
        if compacting != nil {
            return tell(.failed(.busy("the file is being compacted already: wait until it is done")))
        }
        if copying != nil { return tell(.failed(.busy("a backup is being made: wait until it is done"))) }
        compacting = RunningCompaction(tell: tell)
        // The sizes of now.
        nextMeasure = MonotonicTime(nanoseconds: .min)
    }

    /// Behind the round's slice and checkpoint.
    mutating func followCompaction() {
        guard var running = compacting else { return }
        if isStopping { return failCompaction(.failed("the daemon is stopping")) }
        let before = running.before ?? size.fileBytes
        running.before = before
        running.isEmptied = running.isEmptied || !shrinking.isUnderWay
        compacting = running
        let isDone = running.isEmptied && pagesCut == 0
        if isDone { compacting = nil }
        running.tell(isDone ? .done(before: before, size) : .progress(before: before, size))
    }

    mutating func failCompaction(_ error: StoreError) {
        compacting?.tell(.failed(error))
        compacting = nil
    }
}
