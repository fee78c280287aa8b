package import OutboxCore

/// What is told of a copy for a backup.
package enum CopyReport: Sendable {
    case progress(CopyProgress)
    /// The copy is at this path, with these counts in it.
    case done(path: String, CopyProgress, StoreTotals)
    case failed(StoreError)
}

/// A backup's copy that is under way.
struct RunningCopy {
    var path: String
    /// Pages of the next slice.
    var pages = RunningCopy.pagesMin
    var tell: @Sendable (CopyReport) -> Void

    static let pagesMin = 16
    static let pagesMax = 512
    /// What a slice may take: commits wait behind it.
    static let sliceNanoseconds: Int64 = 1_000_000

    /// Twice as many where a slice took less than half of that, half as many where it took more.
    mutating func adapt(took nanoseconds: Int64) {
        if nanoseconds > Self.sliceNanoseconds {
            pages = max(Self.pagesMin, pages / 2)
        } else if nanoseconds < Self.sliceNanoseconds / 2 {
            pages = min(Self.pagesMax, pages * 2)
        }
    }
}

/// Copies the queue for a backup: a slice a round, behind the round's commit, so that producers hardly wait for it.
extension Committer where Store: ~Copyable {
    mutating func beginCopy(_ tell: @escaping @Sendable (CopyReport) -> Void) {
        guard copying == nil else {
            return tell(.failed(.busy("another backup is being made: wait until it is done")))
        }
        let needed = size.fileBytes + size.walBytes + admission.budgets.freeDiskMin
        if let free = admission.freeDisk, free < needed {
            let missing = (needed - free) >> 20 + 1
            return tell(
                .failed(
                    .full(
                        "a copy needs \(missing) MiB more of free disk space beside the database, "
                            + "so that queue.min_free_disk is left"
                    )
                )
            )
        }
        do throws(StoreError) {
            copying = RunningCopy(path: try store.beginCopy(), tell: tell)
            copyKeptUntil = nil
        } catch {
            tell(.failed(error))
        }
    }

    /// Also while events are refused; not while outcomes wait for the disk.
    mutating func copySlice(now: Moment) {
        guard var running = copying, heldUp.isEmpty, !isLocked(now) else { return }
        guard !isStopping else { return failCopy(running, .failed("the daemon is stopping")) }
        guard !admission.isShortOfDisk else {
            return failCopy(running, .full("free disk space fell below queue.min_free_disk; the copy was removed"))
        }
        do throws(StoreError) {
            let began = stopwatch()
            let progress = try store.copy(pages: running.pages)
            running.adapt(took: stopwatch().nanoseconds - began.nanoseconds)
            copying = progress.isDone ? nil : running
            if progress.isDone { copyKeptUntil = now.monotonic.advanced(by: Self.copyKept) }
            running.tell(
                progress.isDone ? .done(path: running.path, progress, store.totals) : .progress(progress)
            )
        } catch {
            failCopy(running, error)
        }
    }

    /// How long a copy waits for the command that asked for it, which may have been ended meanwhile.
    private static var copyKept: Span { .minutes(1) }

    /// A copy that nobody took takes the queue's space. Whoever is reading it can go on.
    mutating func dropForgottenCopy(now: Moment) {
        guard copying == nil, let keptUntil = copyKeptUntil, now.monotonic >= keptUntil else { return }
        store.endCopy()
        copyKeptUntil = nil
    }

    mutating func failCopy(_ running: RunningCopy, _ error: StoreError) {
        store.endCopy()
        copying = nil
        running.tell(.failed(error))
    }
}
