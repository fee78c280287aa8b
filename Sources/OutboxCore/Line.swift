/// A first-in, first-out line of sequence numbers that also takes back at its head. Amortised O(1).
package struct Line: Sendable {
    private var items: [Int64] = []
    private var head = 0

    package init() {}

    package var count: Int { items.count - head }
    package var isEmpty: Bool { head == items.count }
    package var first: Int64? { isEmpty ? nil : items[head] }

    /// Puts a number at the end. Doesn't look whether it is in the line already.
    package mutating func append(_ item: Int64) {
        items.append(item)
    }

    /// Puts a number back at the head, so that it is next. O(n) where nothing was taken from the head before.
    package mutating func prepend(_ item: Int64) {
        if head > 0 {
            head -= 1
            items[head] = item
        } else {
            items.insert(item, at: 0)
        }
    }

    /// Takes the head out; nil where the line is empty. Gives the memory of what was taken back now and then.
    package mutating func popFirst() -> Int64? {
        guard head < items.count else { return nil }
        let item = items[head]
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: items.count <= 64)
            head = 0
        } else if head > 256, head > items.count / 2 {
            items.removeFirst(head)
            head = 0
        }
        return item
    }

    /// Takes a number out wherever it stands (its first place, if it has several); nothing where it isn't. O(n).
    package mutating func remove(_ item: Int64) {
        guard let index = items[head...].firstIndex(of: item) else { return }
        items.remove(at: index)
    }

    /// Empties the line and gives its memory back.
    package mutating func removeAll() {
        items = []
        head = 0
    }

    package var elements: ArraySlice<Int64> { items[head...] }
}
