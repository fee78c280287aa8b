import NIOConcurrencyHelpers
import NIOCore
import OutboxCore

/// Where the commit thread gives results back: one a loop, so that a commit crosses over once.
final class DoorSink: IntakeSink {
    let eventLoop: any EventLoop
    private let loop: NIOLoopBound<DoorLoop>
    private let isOpen = NIOLockedValueBox(true)

    /// Called on the loop.
    init(_ loop: DoorLoop) {
        eventLoop = loop.eventLoop
        self.loop = NIOLoopBound(loop, eventLoop: loop.eventLoop)
    }

    func deliver(_ results: [IntakeResult]) {
        run { $0.complete(results) }
    }

    /// Runs on the loop, soon; not at all once the sink was shut.
    func run(_ body: @escaping @Sendable (DoorLoop) -> Void) {
        // Held over `execute`, so that nothing is given to an event loop that has ended.
        isOpen.withLockedValue { isOpen in
            if isOpen { eventLoop.execute { body(self.loop.value) } }
        }
    }

    /// Called on the loop.
    var current: DoorLoop { loop.value }

    func shut() { isOpen.withLockedValue { $0 = false } }
}
