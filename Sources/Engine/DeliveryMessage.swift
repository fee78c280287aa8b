package import OutboxCore

/// What the delivery thread is told. Messages of the commit thread come in the order of its commits.
package enum DeliveryMessage: Sendable {
    /// New events are on disk. `events` may be left out for want of memory (`complete` false): they are then read back.
    case accepted(events: [QueuedEvent], lastSequence: Int64, complete: Bool, earliestDue: WallTime?)
    /// Outcomes and burials that are on disk, by sequence.
    case committed([Int64])
    case claimed(ClaimPage, nextDue: WallTime?)
    /// Dead letters were put back: due from this time.
    case dueChanged(WallTime)
    /// Rows that may have to die, as they were asked for.
    case expiring(ExpiringPage)
    /// Functions that the store has forgotten, or whose state it has; nothing of them is queued.
    case forgotten([FunctionKey])
    /// Outcomes wait for disk space, or no longer do.
    case diskBlocked(Bool)
    /// Operators' pauses as they are now; `resumed`: whose probes come forward.
    case pauses([PauseRule], resumed: GlobPattern?)
    /// An operator is about to take these out of the queue: none of them is started any more. `tell` gets those that are in
    /// flight, which are left alone; nil: the thread has ended. On the delivery thread; must not block.
    case withdraw([Int64], tell: @Sendable ([Int64]?) -> Void)
    /// What became of events that were withdrawn: gone from the queue, or still in it.
    case returned(gone: [Int64], kept: [Int64])
    /// An operator wants this event to be the next one that is tried.
    case force(QueuedEvent)
    /// SIGHUP, or an operator mended something: read credentials again, bring probes forward.
    case reload
    /// A new configuration's policies; the same routes.
    case reconfigure(any DispatchDirectory)
    /// nil: the thread has ended.
    case snapshot(@Sendable (DeliveryReport?) -> Void)
    /// Where single events stand; costs no snapshot. nil: the thread has ended. `tell` must not block.
    case standings([QueuedPlace], tell: @Sendable (StandingReport?) -> Void)
    /// Start nothing new; what is in flight may end until the deadline. Then `drained` is called, on the delivery thread.
    case drain(deadline: MonotonicTime, drained: @Sendable () -> Void)
}

/// The delivery side's state for status and metrics.
package struct DeliveryReport: Sendable {
    package var dispatch: DispatchSnapshot
    /// Where each route's credentials come from, or why there are none; indexed like the routes.
    package var credentials: [Result<UsedCredentials, CredentialProblem>]
    package var measures: DeliveryMeasures
    package var now: Moment
}

/// Where single events stand, in the order asked.
package struct StandingReport: Sendable {
    package var standings: [DispatchStanding]
    /// Operators' pauses, which concern functions and not events.
    package var pauses: [PauseRule]
    package var now: Moment

    package init(standings: [DispatchStanding], pauses: [PauseRule], now: Moment) {
        self.standings = standings
        self.pauses = pauses
        self.now = now
    }
}

/// What people may know of credentials.
package struct UsedCredentials: Hashable, Sendable {
    package var source: String
    /// Nil: they don't expire by themselves, as far as is known.
    package var expiresAt: WallTime?
}
