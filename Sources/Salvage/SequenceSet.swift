/// Row numbers that were met: ranges, since a queue's rows mostly follow one another.
struct SequenceSet {
    private var ranges: [ClosedRange<Int64>] = []
    /// Those that came out of order.
    private var others: Set<Int64> = []

    mutating func insert(_ number: Int64) {
        guard let last = ranges.last else { return ranges.append(number...number) }
        if number <= last.upperBound {
            if !contains(number) { others.insert(number) }
        } else if number == last.upperBound &+ 1 {
            ranges[ranges.count - 1] = last.lowerBound...number
        } else {
            ranges.append(number...number)
        }
    }

    func contains(_ number: Int64) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        if low < ranges.count, ranges[low].contains(number) { return true }
        return others.contains(number)
    }
}
