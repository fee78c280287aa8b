/// Budgets of the queue (P7).
package struct QueueBudgets: Hashable, Sendable {
    /// Everything in the file counts.
    package var bytesMax: Int = 10 << 30
    /// Queued events and dead letters.
    package var eventsMax: Int = 10_000_000
    /// Idempotency keys that are remembered.
    package var keysMax: Int = 10_000_000
    /// Below this the door closes, while events already accepted go on being delivered.
    package var freeDiskMin: Int = 1 << 30

    package init() {}
}

/// Whether one more event fits the budgets. A value; the commit loop keeps it up to date.
package struct Admission: Sendable {
    package var budgets: QueueBudgets
    package var events = 0
    package var bytes = 0
    /// Idempotency keys that are remembered, those of the commit under way included.
    package var keys = 0
    /// nil where it could not be told: then the floor can't be held against it.
    package var freeDisk: Int?
    /// So little is free, whatever the floor, that the rest is for the outcomes of what was accepted before.
    package var isShortOfHeadroom = false
    /// Somebody reads the database for so long that its log can't begin anew, and grows.
    package var isLogHeld = false

    package init(budgets: QueueBudgets) {
        self.budgets = budgets
    }

    /// Why only one function's events are refused; for all others the door is open.
    package static let shareReason = "this function holds its share of the queue"

    /// Why events with a key are refused; those without are taken.
    package static let keysReason = """
        as many idempotency keys are remembered as queue.max_keys allows: shorten dedupe.window, raise queue.max_keys, \
        or send without a key
        """

    /// Why some events only are refused.
    package static let someReasons = [shareReason, keysReason]

    /// Too little is free on the disk, by the floor or for the outcomes.
    package var isShortOfDisk: Bool {
        isShortOfHeadroom || (freeDisk.map { $0 < budgets.freeDiskMin } ?? false)
    }

    package var hasRoomForKey: Bool { keys < budgets.keysMax }

    /// Why no event at all is taken now; nil: it depends on the event.
    package var closed: String? {
        if isShortOfHeadroom { return "the disk is nearly full: the rest is kept for delivering what is queued" }
        if let freeDisk, freeDisk < budgets.freeDiskMin { return "free disk space is below queue.min_free_disk" }
        if isLogHeld { return "the log has grown too big: another program has been reading the database for too long" }
        if events >= budgets.eventsMax { return "the queue holds queue.max_events events" }
        return nil
    }

    /// nil: it fits, and is counted. Otherwise why not, for people.
    package mutating func admit(payloadBytes: Int, function: FunctionUsage, share: Double) -> String? {
        if let reason = closed { return reason }
        if bytes + payloadBytes > budgets.bytesMax { return "the queue holds queue.max_bytes bytes" }
        if Double(function.events) >= Double(budgets.eventsMax) * share
            || Double(function.bytes + payloadBytes) > Double(budgets.bytesMax) * share
        {
            return Self.shareReason
        }
        events += 1
        bytes += payloadBytes
        return nil
    }
}
