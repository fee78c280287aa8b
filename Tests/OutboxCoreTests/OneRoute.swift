import OutboxCore
import TestSupport

/// Every function by one route, with the default policy.
struct OneRoute: DispatchDirectory {
    func policy(for function: FunctionIdentity) -> FunctionPolicy { FunctionPolicy() }
    func route(for function: FunctionIdentity) -> RouteKey { RouteKey(0) }
    var routeNames: [String] { ["r"] }
}

/// So many milliseconds after a beginning, by both clocks.
func moment(_ milliseconds: Int64) -> Moment {
    Moment(
        wall: WallTime(milliseconds: 1_800_000_000_000 + milliseconds),
        monotonic: MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    )
}

/// An event that waits since then.
func event(_ sequence: Int64, of function: Int64) -> QueuedEvent {
    QueuedEvent(
        sequence: sequence,
        id: EventID(high: 0, low: UInt64(sequence)),
        functionKey: FunctionKey(function),
        function: StoreBench.function("f\(function)"),
        payload: [],
        payloadDigest: StoreBench.digest(1),
        acceptedAt: moment(0).wall,
        ageFrom: moment(0).wall
    )
}
