/// Bodies that wait, by rank, highest first. Those that no longer wait as they did when they were put in are passed over
/// when they come up. Amortised O(log n).
struct RankedBodies {
    struct Entry {
        var rank: Int
        var name: BodyMemory.Name
        /// The body's place in line: tells it from another that has got the same name since.
        var place: Int
    }

    private var heap: [Entry] = []
    var count: Int { heap.count }

    /// - Parameter work: counts the entries looked at.
    mutating func insert(_ entry: Entry, work: inout Int) {
        heap.append(entry)
        var index = heap.count - 1
        while index > 0, heap[(index - 1) / 2].rank < heap[index].rank {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
            work += 1
        }
    }

    /// The highest that still waits.
    mutating func first(where waits: (Entry) -> Bool, work: inout Int) -> Entry? {
        while let top = heap.first {
            work += 1
            if waits(top) { return top }
            removeTop(work: &work)
        }
        return nil
    }

    /// Lets go of those that no longer wait.
    mutating func keepOnly(_ waits: (Entry) -> Bool, work: inout Int) {
        let kept = heap.filter(waits).sorted { $0.rank > $1.rank }
        work += heap.count
        // What is in falling order is a heap.
        heap = kept
    }

    private mutating func removeTop(work: inout Int) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var largest = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].rank > heap[largest].rank { largest = child }
            }
            if largest == index { return }
            heap.swapAt(index, largest)
            index = largest
            work += 1
        }
    }
}
