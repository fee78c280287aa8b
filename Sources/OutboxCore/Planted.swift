/// Bugs planted on purpose, each one that a good engineer could have written: the simulation has to catch every one of
/// them (docs/TESTING.md, "Planted bugs").
///
/// They exist in a build with OUTBOX_PLANTED_BUGS=1 only, and there one at a time, or none. In every other build each is
/// a constant false that the compiler removes together with what it guards.
package enum Planted {
    // MARK: Accepting and committing

    /// The answers go out before the transaction's COMMIT, which comes with the next one.
    @inlinable package static var answersBeforeCommit: Bool { isOn() }
    /// A key is written with the commit after its event's.
    @inlinable package static var keyOutsideTransaction: Bool { isOn() }
    /// A key is forgotten when its event is handed over, whatever its window.
    @inlinable package static var keyLeavesWithEvent: Bool { isOn() }
    /// What a function has queued is not written down.
    @inlinable package static var functionCountersLost: Bool { isOn() }
    /// Outcomes that a full disk refused count as recorded.
    @inlinable package static var refusedOutcomesForgotten: Bool { isOn() }
    /// Attempts go on while an outcome waits for disk space.
    @inlinable package static var startsWhileDiskFull: Bool { isOn() }
    /// A repeat is refused for want of room.
    @inlinable package static var repeatNeedsRoom: Bool { isOn() }
    /// An event leaves the queue when its attempt begins.
    @inlinable package static var deletesBeforeAnswer: Bool { isOn() }
    /// Rows of a page that have payloads of one length share the first one's bytes.
    @inlinable package static var payloadOfAnother: Bool { isOn() }

    // MARK: Blame

    /// What was sent counts as handed over, though its answer was lost.
    @inlinable package static var sentIsHandedOver: Bool { isOn() }
    /// Any 202 counts as Lambda's.
    @inlinable package static var anyAcceptedIsLambdas: Bool { isOn() }
    /// A lost answer leaves no mark.
    @inlinable package static var uncertainNotMarked: Bool { isOn() }
    /// A start takes no marks from the flight file.
    @inlinable package static var flightFileForgotten: Bool { isOn() }
    /// What a crash left in flight goes out all at once.
    @inlinable package static var crashSuspectsTogether: Bool { isOn() }
    /// A failure of the route is charged.
    @inlinable package static var chargesOutages: Bool { isOn() }
    /// A throttle is charged.
    @inlinable package static var chargesThrottles: Bool { isOn() }
    /// An unknown code is tried for as long as any other.
    @inlinable package static var unknownForEver: Bool { isOn() }
    /// One function's code suspends the route.
    @inlinable package static var oneFunctionSuspendsRoute: Bool { isOn() }
    /// A payload that is killed on the way is never blamed itself.
    @inlinable package static var poisonHoldsRoute: Bool { isOn() }
    /// Any number of events refused alike in a row are bad events.
    @inlinable package static var rejectionsInARowDie: Bool { isOn() }

    // MARK: When

    /// Backoff without jitter.
    @inlinable package static var noJitter: Bool { isOn() }
    /// A due time that is reported while due rows are being read is lost.
    @inlinable package static var cursorSkipsRetry: Bool { isOn() }
    /// Due rows are read a minute ahead, and sent as they come.
    @inlinable package static var sendsEarly: Bool { isOn() }
    /// `max_age` is applied to what fails on a suspended route.
    @inlinable package static var expiresInOutage: Bool { isOn() }
    /// A hard expiry that has passed stops no attempt and buries nothing.
    @inlinable package static var hardExpiryIgnored: Bool { isOn() }
    /// Events expire by a clock that nobody vouches for.
    @inlinable package static var expiresWithoutTrust: Bool { isOn() }
    /// Retries wait for as long as the wall clock has stepped back.
    @inlinable package static var stepStallsRetries: Bool { isOn() }
    /// A route isn't probed while the wall clock stands before its suspension.
    @inlinable package static var probesByWallClock: Bool { isOn() }
    /// A probe that was throttled counts as under way for ever.
    @inlinable package static var probeNeverAgain: Bool { isOn() }

    // MARK: How fast, and for whom

    /// A bucket saves up a whole second's tokens.
    @inlinable package static var rateBursts: Bool { isOn() }
    /// `Retry-After` is not read.
    @inlinable package static var retryAfterIgnored: Bool { isOn() }
    /// `drain_rate` holds nothing back.
    @inlinable package static var drainRateIgnored: Bool { isOn() }
    /// A function that works again goes on at the limit it had.
    @inlinable package static var noSlowStart: Bool { isOn() }
    /// A route that works again goes on at the limit it had.
    @inlinable package static var outageEndsAtOnce: Bool { isOn() }
    /// Suspended functions keep their rows in memory.
    @inlinable package static var suspendedFillWindow: Bool { isOn() }
    /// Retried events go before fresh ones.
    @inlinable package static var freshStarve: Bool { isOn() }
    /// Fresh events go before retried ones.
    @inlinable package static var retriedStarve: Bool { isOn() }
    /// Redriven events go before all others.
    @inlinable package static var redrivenFirst: Bool { isOn() }
    /// Redriven events go after all others.
    @inlinable package static var redrivenStarve: Bool { isOn() }
    /// The function that was listed last has the next turn.
    @inlinable package static var latestTakesTurn: Bool { isOn() }
    /// Suspended functions' probes don't wait for the rate of a throttled route.
    @inlinable package static var probesTakeOthersTokens: Bool { isOn() }
    /// The last eighth of the slots is for everybody.
    @inlinable package static var lastEighthTaken: Bool { isOn() }
    /// The slot of an attempt without an answer stays taken.
    @inlinable package static var slotLeak: Bool { isOn() }

    // MARK: Restarts and operators

    /// A restart forgets which functions are suspended.
    @inlinable package static var suspensionLost: Bool { isOn() }
    /// A pause holds for functions in use only: not for new ones, nor after a restart.
    @inlinable package static var pauseLost: Bool { isOn() }
    /// A redrive keeps the charged attempts.
    @inlinable package static var redriveKeepsAttempts: Bool { isOn() }
    /// A purge by id takes an event that was redriven meanwhile.
    @inlinable package static var purgeTakesRedriven: Bool { isOn() }
    /// An event in flight can be cancelled.
    @inlinable package static var cancelsInFlight: Bool { isOn() }

    // MARK: The switch

    #if PLANTED_BUGS
        // Written before the first call, by the process's only thread.
        package nonisolated(unsafe) static var active = ""
        // Written by the thread that runs the simulation, read after it.
        /// Whether the active bug's place was come to.
        package nonisolated(unsafe) static var wasReached = false

        /// Whether this run has the bug named so.
        package static func isOn(_ name: StaticString = #function) -> Bool {
            guard name.utf8CodeUnitCount == active.utf8.count, active == name.description else { return false }
            wasReached = true
            return true
        }
    #else
        @inlinable package static func isOn() -> Bool { false }
    #endif
}
