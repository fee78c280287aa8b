/// Which suspended functions' probes are due, without a look at those that are not: a heap by time, and the set of those
/// whose time has come. What is in the heap may be out of date; the caller says what still holds.
package struct ProbeLine: Sendable {
    private struct Place: Sendable {
        var at: MonotonicTime
        var key: FunctionKey

        static func < (a: Place, b: Place) -> Bool { (a.at, a.key) < (b.at, b.key) }
    }

    /// A binary heap, the earliest first.
    private var heap: [Place] = []
    /// Their time has come and an event may be there; looked at in each round.
    package private(set) var due: Set<FunctionKey> = []

    package init() {}

    /// Entries of the heap, those that are out of date included.
    package var count: Int { heap.count }
    /// The next time of the heap; it may be out of date.
    package var earliest: MonotonicTime? { heap.first?.at }

    /// Its time is `at` from now on.
    package mutating func schedule(_ key: FunctionKey, at: MonotonicTime) {
        heap.append(Place(at: at, key: key))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// To be looked at in the next round: an event of it has come.
    package mutating func look(at key: FunctionKey) {
        due.insert(key)
    }

    /// Nothing to be done for it until it is scheduled again or an event of it comes.
    package mutating func leave(_ key: FunctionKey) {
        due.remove(key)
    }

    /// Takes those whose time has come out of the heap.
    package mutating func collect(now: MonotonicTime, where isCurrent: (FunctionKey, MonotonicTime) -> Bool) {
        while let first = heap.first, first.at <= now {
            removeFirst()
            if isCurrent(first.key, first.at) { due.insert(first.key) }
        }
    }

    /// Drops everything in the heap.
    package mutating func removeAll() {
        heap.removeAll(keepingCapacity: true)
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
