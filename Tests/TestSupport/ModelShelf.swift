import OutboxCore

/// Events by sequence, counted and in order, so that a model with a hundred thousand of them is still quick.
struct ModelShelf {
    /// What one function has here.
    struct Held: Hashable {
        var events = 0
        var bytes = 0
    }

    private var bySequence: [Int64: Model.Event] = [:]
    private var byFunction: [FunctionKey: Held] = [:]
    /// Ascending; also numbers of events that have left.
    private var order: [Int64] = []
    private(set) var bytes = 0
    /// How many have a hard expiry.
    private(set) var expiring = 0

    var count: Int { bySequence.count }
    var values: Dictionary<Int64, Model.Event>.Values { bySequence.values }

    func held(by function: FunctionKey) -> Held { byFunction[function] ?? Held() }

    subscript(sequence: Int64) -> Model.Event? {
        get { bySequence[sequence] }
        set {
            let old = bySequence[sequence]
            if let old { count(old, -1) }
            if let newValue { count(newValue, 1) }
            bySequence[sequence] = newValue
            if old == nil, newValue != nil { insert(sequence) }
            if order.count > 2 * bySequence.count + 64 { order.removeAll { bySequence[$0] == nil } }
        }
    }

    /// Those behind `after` and through `through`, in order.
    func events(after: Int64, through: Int64) -> some Sequence<Model.Event> {
        order[place(behind: after)...].lazy.prefix { $0 <= through }.compactMap { bySequence[$0] }
    }

    private mutating func count(_ event: Model.Event, _ sign: Int) {
        let size = sign * event.new.payload.count
        bytes += size
        if event.expiresAt != nil { expiring += sign }
        var held = held(by: event.functionKey)
        held.events += sign
        held.bytes += size
        byFunction[event.functionKey] = held.events == 0 ? nil : held
    }

    private mutating func insert(_ sequence: Int64) {
        let place = place(behind: sequence - 1)
        if place < order.count, order[place] == sequence { return }
        order.insert(sequence, at: place)
    }

    /// The first place of a number above.
    private func place(behind sequence: Int64) -> Int {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if order[middle] > sequence { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
