import OutboxCore

/// The file's size: checkpoints, and free pages given back to the disk.
extension Committer where Store: ~Copyable {
    /// Why the file would shrink now.
    private var goal: Shrinking.Goal {
        if let compacting, !compacting.isEmptied { return .order }
        return admission.isShortOfDisk ? .shortDisk : .roomForUse
    }

    /// Sizes were measured.
    mutating func noteSize(now: Moment) {
        shrinking.look(used: size.usedBytes, file: size.fileBytes, goal: goal, now: now.monotonic)
    }

    /// Whether a slice of shrinking may come to its turn: a copy for a backup would have to follow each page.
    private var mayShrink: Bool { copying == nil || admission.isShortOfDisk }

    /// - Parameter isIdle: there has been no mail for a moment.
    mutating func tendFile(isIdle: Bool, now: Moment) throws(StoreError) {
        if mayShrink, let slice = shrinking.slice(isIdle: isIdle, now: now.monotonic) {
            try shrink(slice, now: now)
        }
        if isCheckpointDue(isIdle: isIdle, now: now) {
            let began = stopwatch()
            // The reserve is for outcomes, which give it back themselves, and move the log into the file then: another
            // program may take at once what is given back here.
            try tolerant(now: now, givesBallast: false) { (store: inout Store) throws(StoreError) in
                try store.checkpoint()
            }
            if pagesCut > 0 { shrinking.checkpointed(took: stopwatch().nanoseconds - began.nanoseconds) }
            // With a reader in the way the file keeps its length.
            if store.walBytes == 0 { pagesCut = 0 }
            checkpoints.checkpointed(logBytes: store.walBytes, at: now.monotonic)
        }
        followCompaction()
    }

    private mutating func shrink(_ slice: Shrinking.Slice, now: Moment) throws(StoreError) {
        let stopwatch = stopwatch
        let began = stopwatch()
        var given = 0
        let isWorthBallast = size.fileBytes - size.usedBytes > limits.ballastBytes
        try tolerant(now: now, givesBallast: isWorthBallast) { (store: inout Store) throws(StoreError) in
            given = try store.giveBackSpace(pages: slice.pagesMax) {
                stopwatch().nanoseconds - began.nanoseconds < slice.nanosecondsMax
            }
        }
        let took = stopwatch().nanoseconds - began.nanoseconds
        pagesCut += given
        shrinking.sliced(took: given > 0 ? took : Self.fruitless, at: now.monotonic)
        try lookAtSize(now: now)
        noteSize(now: now)
        if given == 0, shrinking.isUnderWay {
            failCompaction(.full("nothing could be moved: the disk is full, or its lock is held by somebody"))
        }
    }

    /// A slice that gave nothing is not tried again at once.
    private static var fruitless: Int64 { 1_000_000_000 }

    private func isCheckpointDue(isIdle: Bool, now: Moment) -> Bool {
        let isDue = checkpoints.isDue(
            logBytes: store.walBytes,
            isIdle: isIdle,
            isShort: admission.isShortOfDisk,
            limits.checkpoints,
            now: now.monotonic
        )
        if isDue { return true }
        // What was given back is the file system's only then; a piece at a time (`Shrinking.pagesMax`).
        guard pagesCut > 0, !checkpoints.isResting(now.monotonic) else { return false }
        let isAwaited = isIdle || admission.isShortOfDisk || compacting?.isEmptied == true
        return isAwaited || pagesCut >= Shrinking.pagesMax * 2
    }

    /// How long the loop may sleep; nil: nothing here is due.
    func spaceWait(now: Moment) -> Span? {
        guard heldUp.isEmpty, lockedUntil == nil else { return nil }
        if pagesCut > 0, !checkpoints.isResting(now.monotonic) { return CheckpointPacing.idleRest }
        let shrink = mayShrink ? shrinking.wait(isIdle: true, now: now.monotonic) : nil
        let checkpoint = checkpoints.wait(logBytes: store.walBytes, limits.checkpoints, now: now.monotonic)
        return [shrink, checkpoint].compactMap(\.self).min().map { max(.milliseconds(1), $0) }
    }
}
