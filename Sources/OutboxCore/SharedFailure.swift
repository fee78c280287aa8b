/// Whether a failure that functions of one route have alike may be the route's: at least two have it, and none on the
/// route has had a hand-over meanwhile.
package struct SharedFailure: Sendable {
    /// What is remembered at most; past it everything is forgotten.
    private static let functionsMax = 20_000
    private static let kindsMax = 64
    /// With more functions than these the route is never blamed for what they have alike.
    static let judgedMax = 64

    /// The first function that failed so since the latest hand-over.
    private var first: [String: FunctionKey] = [:]
    /// Functions that failed since then.
    private var failing: Set<FunctionKey> = []
    /// Functions that failed while others got through: their trouble is their own, until they work again.
    private var own: Set<FunctionKey> = []

    package init() {}

    /// A function failed. True: the route is to blame. `reason` tells failures apart.
    package mutating func failed(_ function: FunctionKey, reason: String) -> Bool {
        if own.contains(function) { return false }
        if failing.count >= Self.functionsMax || first.count >= Self.kindsMax { forget() }
        failing.insert(function)
        guard let other = first[reason] else {
            first[reason] = function
            return false
        }
        return other != function
    }

    /// The function has failed since the latest hand-over, or fails by itself.
    func hasFailed(_ function: FunctionKey) -> Bool { failing.contains(function) || own.contains(function) }

    /// A function's event was handed over: the route works, and who fails does so by himself.
    package mutating func handedOver(_ function: FunctionKey) {
        if !failing.isEmpty {
            if own.count + failing.count > Self.functionsMax { own = [] }
            own.formUnion(failing)
            forget()
        }
        if !own.isEmpty { own.remove(function) }
    }

    /// The key stands for no function any more; the same one may come back under another.
    package mutating func forgotten(_ function: FunctionKey) {
        own.remove(function)
        guard failing.remove(function) != nil else { return }
        first = first.filter { $0.value != function }
    }

    /// What stands as the suspended route's reason; also what tells a probe that failed in the same way.
    package static func routeReason(_ reason: String) -> String {
        "several functions fail alike and none works: \(reason)"
    }

    private mutating func forget() {
        first = [:]
        failing = []
    }
}
