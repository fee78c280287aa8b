/// When the database file gives free pages back to the disk, and in what slices. A value; the commit loop keeps it.
///
/// What was in use lately is about to be used again: by itself a file shrinks to the most that was in use within the last
/// minute or two, and a slack. While a queue is being drained that still fills a fair part of its file it waits: rows at
/// the end of the file would be moved to the front, to be deleted there. An order, and a disk that is short, have no slack
/// and wait for nothing.
package struct Shrinking: Sendable {
    /// Why the file shrinks, and so how far.
    package enum Goal: Sendable {
        case roomForUse
        /// All but a little: new events are refused meanwhile.
        case shortDisk
        /// All.
        case order
    }

    /// A piece of work that commits wait behind; it ends at whichever bound it meets first.
    package struct Slice: Hashable, Sendable {
        package var pagesMax: Int
        package var nanosecondsMax: Int64
    }

    package static let slackMin = 32 << 20
    /// What is left to a disk that is short.
    package static let shortDiskSlack = 512 << 10
    /// So much at least is given back, or it isn't begun.
    package static let startMin = 8 << 20
    /// A peak is remembered for this long at least, and twice as long at most.
    package static let peakPeriod = Span.seconds(60)
    /// Without a commit for so long nobody is in a hurry.
    package static let quiet = Span.seconds(1)
    /// A piece of the file that is cut off at once costs the file system next to nothing; many megabytes stall its next
    /// sync.
    package static let pagesMax = 256

    /// A slice, or what cuts it off, that took longer met a stall, or a machine that slept: no reason to rest for hours.
    private static let tookMax: Int64 = 2_000_000_000

    private var peak = RecentPeak(period: peakPeriod)
    private var latestCommit = MonotonicTime(nanoseconds: .min)
    private var latestSlice = MonotonicTime(nanoseconds: .min)
    private var latestTook: Int64 = 0
    /// Free pages are to be given back.
    package private(set) var isUnderWay = false

    package init() {}

    /// The sizes of now.
    package mutating func look(used: Int, file: Int, goal: Goal, now: MonotonicTime) {
        peak.note(used, at: now)
        switch goal {
        case .order: isUnderWay = file > used
        case .shortDisk: isUnderWay = file - used > Self.shortDiskSlack
        case .roomForUse:
            let slack = max(Self.slackMin, peak.value / 8)
            let excess = file - peak.value - slack
            let isDraining = peak.value - used > Self.slackMin && used > excess / 4
            isUnderWay = !isDraining && excess > (isUnderWay ? 0 : Self.startMin)
        }
    }

    /// There was something to commit.
    package mutating func committed(at now: MonotonicTime) {
        latestCommit = now
    }

    /// The slice that is due; nil: none is.
    ///
    /// - Parameter isIdle: there has been no mail for a moment.
    package func slice(isIdle: Bool, now: MonotonicTime) -> Slice? {
        guard isUnderWay, wait(isIdle: isIdle, now: now) == .zero else { return nil }
        return Slice(pagesMax: Self.pagesMax, nanosecondsMax: isQuiet(now) ? 2_000_000 : 500_000)
    }

    /// How long until a slice is due; nil: none will be.
    package func wait(isIdle: Bool, now: MonotonicTime) -> Span? {
        guard isUnderWay else { return nil }
        let rest: Span =
            if isQuiet(now) {
                Span(milliseconds: max(4, latestTook / 1_000_000 * 3))
            } else {
                Span(milliseconds: max(isIdle ? 10 : 50, latestTook / 1_000_000 * 5))
            }
        return max(.zero, latestSlice.advanced(by: rest).since(now))
    }

    /// A slice was done.
    package mutating func sliced(took nanoseconds: Int64, at now: MonotonicTime) {
        latestTook = min(nanoseconds, Self.tookMax)
        latestSlice = now
    }

    /// What was given back was cut off the file.
    package mutating func checkpointed(took nanoseconds: Int64) {
        latestTook = min(latestTook + min(nanoseconds, Self.tookMax), Self.tookMax)
    }

    private func isQuiet(_ now: MonotonicTime) -> Bool {
        now.since(latestCommit) >= Self.quiet
    }
}
