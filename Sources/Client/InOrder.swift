/// Gives results out in the order of their numbers, whatever the order they come in. Numbers begin at 1.
struct InOrder<Result> {
    private var waiting: [Int: Result] = [:]
    private(set) var nextNumber = 1

    /// Takes one result and returns those that are now in line.
    mutating func add(_ number: Int, _ result: Result) -> [(number: Int, result: Result)] {
        precondition(number >= nextNumber && waiting[number] == nil, "a number comes once")
        waiting[number] = result
        var ready: [(number: Int, result: Result)] = []
        while let result = waiting.removeValue(forKey: nextNumber) {
            ready.append((nextNumber, result))
            nextNumber += 1
        }
        return ready
    }
}
