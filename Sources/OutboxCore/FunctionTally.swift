/// Counts since the start for each function, for metrics: up to eight kinds, bounded in functions, never falling.
///
/// `Key` is what the counting side has at hand: looking it up must be cheap. Events in a row are often for one function:
/// then nothing is looked up.
package struct FunctionTally<Key: Hashable & Sendable>: Sendable {
    /// Functions counted one by one, first come, first served; those that come later are counted together.
    package static var functionsMax: Int { 1024 }

    /// One function's counts.
    package struct Row: Sendable {
        package var function: FunctionIdentity
        package var counts: SIMD8<Int64>
    }

    package private(set) var rows: [Row] = []
    /// Of all functions that have no row.
    package private(set) var others = SIMD8<Int64>.zero
    private var places: [Key: Int] = [:]
    private var latest: (key: Key, place: Int)?

    package init() {}

    /// Adds `times` of a kind (0 to 7). `function` is asked for only the first time.
    ///
    /// - Parameter opensRow: false for what anybody can cause for any name: it then counts among the others where the
    ///   function has no row yet.
    package mutating func add(
        _ kind: Int,
        for key: Key,
        times: Int = 1,
        opensRow: Bool = true,
        _ function: @autoclosure () -> FunctionIdentity
    ) {
        if let latest, latest.key == key { return count(kind, at: latest.place, times) }
        let place: Int
        if let known = places[key] {
            place = known
        } else if opensRow, rows.count < Self.functionsMax {
            place = rows.count
            places[key] = place
            rows.append(Row(function: function(), counts: .zero))
        } else {
            others[kind] &+= Int64(times)
            return
        }
        latest = (key, place)
        count(kind, at: place, times)
    }

    private mutating func count(_ kind: Int, at place: Int, _ times: Int) {
        rows[place].counts[kind] &+= Int64(times)
    }
}

/// What became of accept requests that reached the commit loop: the kinds of its tally.
package enum AcceptKind: Int, Sendable, CaseIterable {
    case accepted, `repeat`, conflict, refused
}

/// Whom attempts were blamed on: the kinds of the dispatcher's tally, by the words of metric labels.
package enum AttemptKind: Int, Sendable, CaseIterable {
    case none, event, function, throttle, route, unknown

    package init(_ blame: Blame?) {
        self =
            switch blame {
            case nil: .none
            case .event: .event
            case .function: .function
            case .throttle: .throttle
            case .route: .route
            case .unknown: .unknown
            }
    }

    /// The label's value.
    package var word: String {
        switch self {
        case .none: "none"
        case .event: Blame.event.rawValue
        case .function: Blame.function.rawValue
        case .throttle: Blame.throttle.rawValue
        case .route: Blame.route.rawValue
        case .unknown: Blame.unknown.rawValue
        }
    }
}
