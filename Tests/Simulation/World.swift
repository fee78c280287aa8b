package import Engine
package import OutboxCore

/// The one-thread world of a simulation: clock, network and everything that was seen. Only its own thread touches it.
package final class World {
    package var nanoseconds: Int64 = 0
    package var wallOffset: Int64 = 1_800_000_000_000
    /// What Lambda got: per event id, how often, and whether each payload was right.
    package var received: [EventID: Int] = [:]
    package var wrongBytes = 0
    /// How Lambda answers an event's attempt.
    package var behaviour: (_ event: QueuedEvent, _ now: Moment) -> SimulatedAnswer = { _, _ in .accepted(after: 5) }
    /// Decides instead of `behaviour`, where it is set, and looks at payloads itself.
    package var judge: ((AttemptRequest) -> SimulatedAnswer)?
    /// Told of each attempt that has ended, in the order in which they are handled.
    package var ended: ((_ sequence: Int64, AttemptOutcome) -> Void)?
    /// No wait goes beyond this time: something else happens then. Nanoseconds.
    package var wakeAt = Int64.max
    /// The commit side is at it: what it is told meanwhile lies there.
    package var isCommitting = false
    package var attempts = 0
    /// Lambda's clock minus this machine's. Milliseconds.
    package var serverAhead: Int64 = 0
    /// The time that the latest attempt was signed with.
    package var signingTime = WallTime(milliseconds: 0)
    /// What the kernel says of the clock.
    package var isSynchronised = true
    package var clockNotices: [ClockNotice] = []
    package var maxInFlight = 0
    package var toCommit: [CommitMessage] = []
    /// Bytes; nil: it can't be told.
    package var freeDisk: Int?
    /// Warnings and failures, as they go to the log.
    package var warnings: [String] = []
    package var toDelivery: [DeliveryMessage] = []
    package var changes: [StateChange] = []

    package init() {}

    package var now: Moment {
        Moment(
            wall: WallTime(milliseconds: wallOffset + nanoseconds / 1_000_000),
            monotonic: MonotonicTime(nanoseconds: nanoseconds)
        )
    }

    package var serverTime: WallTime { now.wall.advanced(by: .milliseconds(serverAhead)) }

    /// Nobody is asked or told any more: who asks and who is told hold the world.
    func letGo() {
        judge = nil
        ended = nil
    }

    package func advance(_ span: Span) {
        nanoseconds += span.milliseconds * 1_000_000
    }
}

/// The clock of a `World`, for loop bodies that run on its thread.
package struct WorldClock: TimeSource {
    // Only the simulation's own thread calls it, and the world lives there.
    nonisolated(unsafe) let world: World

    package init(world: World) {
        self.world = world
    }

    package func now() -> Moment { world.now }
    package var isSynchronised: Bool { world.isSynchronised }
}
