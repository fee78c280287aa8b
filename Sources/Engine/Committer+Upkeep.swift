import OutboxCore

/// Measures, pages for the delivery side, and work that is due.
extension Committer where Store: ~Copyable {
    /// Reads the pages that the delivery side asked for.
    mutating func serveClaims(now: Moment) throws(StoreError) {
        while let request = claims.first {
            do throws(StoreError) {
                let page = try store.claim(request)
                var next: WallTime?
                if case .due(_, let until, _) = request.lane, page.exhausted { next = try store.nextDue(after: until) }
                claims.removeFirst()
                try setAside(page.damaged, now: now)
                tellDelivery(.claimed(page, nextDue: next))
            } catch .busy {
                return noteLock(now)
            }
        }
    }

    /// The slice of rows that the delivery side asked for, to judge whether they have to die.
    mutating func serveExpiring(now: Moment) throws(StoreError) {
        guard let query = expiringQuery, heldUp.isEmpty, !isLocked(now) else { return }
        let limit = limits.expiringMax
        var page: ExpiringPage?
        try tolerant(now: now) { (store: inout Store) throws(StoreError) in
            page = try store.expiring(query, limit: limit)
        }
        guard let page else { return }
        expiringQuery = nil
        tellDelivery(.expiring(page))
    }

    /// Rows that can't be read become dead letters: they must neither end the daemon nor stay in its way (P12).
    private mutating func setAside(_ damaged: [Int64], now: Moment) throws(StoreError) {
        if damaged.isEmpty { return }
        let list = damaged.prefix(10).map(String.init).joined(separator: ", ")
        warn("\(damaged.count) damaged rows of the queue become dead letters (corrupt); sequence numbers: \(list)")
        let burials = damaged.map { sequence in
            StoreCommand.bury(sequence: sequence, .corrupt, reason: "its row in the database is damaged")
        }
        try commitOutcomesOnly(heldUp + burials, now: now)
    }

    mutating func measure(now: Moment) throws(StoreError) {
        let totals = store.totals
        admission.events = totals.queued + totals.dead
        admission.isLogHeld = store.walBytes > limits.walBytesRefused
        admission.keys = store.keysRemembered
        if now.monotonic >= nextMeasure || bytesSinceMeasure > limits.ballastBytes / 8 {
            bytesSinceMeasure = 0
            nextMeasure = now.monotonic.advanced(by: .milliseconds(100))
            try lookAtSize(now: now)
            admission.freeDisk = freeDisk()
            admission.bytes = size.usedBytes + size.walBytes
            if let free = admission.freeDisk {
                if heldUp.isEmpty { ballast.take(freeBytes: free, spare: limits.ballastBytes) }
                // New events stop first: outcomes, and moving the log into the file, need space too.
                let spare = ballast.isHeld ? limits.ballastBytes / 2 : limits.ballastBytes * 2
                admission.isShortOfHeadroom = free < spare + store.walBytes
            }
            noteSize(now: now)
        }
    }

    mutating func lookAtSize(now: Moment) throws(StoreError) {
        var latest = size
        try tolerant(now: now) { (store: inout Store) throws(StoreError) in latest = try store.size() }
        size = latest
    }

    /// - Parameter isIdle: there has been no mail for a moment.
    mutating func upkeep(isIdle: Bool, now: Moment) throws(StoreError) {
        if !heldUp.isEmpty || isLocked(now) { return }
        try tendFile(isIdle: isIdle, now: now)
        if now.monotonic >= nextTrim {
            nextTrim = now.monotonic.advanced(by: limits.trimInterval)
            let cutoff = now.wall.advanced(by: Span(milliseconds: -settings.history.keep.milliseconds))
            let command = StoreCommand.trim(
                historyBefore: cutoff,
                historyMax: settings.history.eventsMax,
                limit: limits.trimRowsMax
            )
            var hasMore: Bool?
            try tolerant(now: now, givesBallast: false) { (store: inout Store) throws(StoreError) in
                if case .trimmed(_, let more) = try store.commit([command], now: now.wall).first { hasMore = more }
            }
            // Who locked the database has let go, though no event came that would have told.
            if hasMore != nil { lockedUntil = nil }
            // More of it: soon again, in slices.
            if hasMore == true { nextTrim = now.monotonic.advanced(by: .milliseconds(20)) }
        }
        if now.monotonic >= nextForget { try forgetFunctions(now: now) }
        try bringRetriesForward(now: now)
    }

    /// A slice; sooner again where names are getting scarce.
    private mutating func forgetFunctions(now: Moment) throws(StoreError) {
        let isScarce = store.names.functions > limits.functionsMax / 4 * 3
        nextForget = now.monotonic.advanced(by: isScarce ? .seconds(1) : limits.trimInterval)
        let command = StoreCommand.forgetFunctions(
            troubleBefore: troubleLimit(now),
            limit: limits.forgetRowsMax
        )
        var forgotten: [FunctionKey] = []
        try tolerant(now: now, givesBallast: false) { (store: inout Store) throws(StoreError) in
            if case .forgotten(let keys) = try store.commit([command], now: now.wall).first { forgotten = keys }
        }
        if !forgotten.isEmpty { tellDelivery(.forgotten(forgotten)) }
    }

    /// Before it trouble has been kept long enough. A step of the wall clock makes none of it old.
    private mutating func troubleLimit(_ now: Moment) -> WallTime {
        _ = ages.look(now, isTrusted: false)
        let limit = now.wall.advanced(by: Span(milliseconds: -limits.troubleKept.milliseconds))
        return ages.believedFrom <= limit ? limit : WallTime(milliseconds: .min)
    }

    /// Upkeep may fail for want of space, or of the lock, without harm.
    mutating func tolerant(
        now: Moment,
        givesBallast: Bool = true,
        _ body: (inout Store) throws(StoreError) -> Void
    ) throws(StoreError) {
        do throws(StoreError) {
            try body(&store)
        } catch .full {
            if givesBallast { ballast.giveBack() }
        } catch .busy {
            noteLock(now)
        }
    }
}
