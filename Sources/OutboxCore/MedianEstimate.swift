/// A running median of positive numbers in constant space: a step of 5 % towards each new one.
package struct MedianEstimate: Hashable, Sendable {
    /// nil before the first number.
    package private(set) var value: Double?

    package init() {}

    /// Takes a number in; those below 1 count as 1.
    package mutating func add(_ number: Double) {
        let number = max(1, number)
        guard let median = value else {
            value = number
            return
        }
        if number > median { value = min(number, median * 1.05) }
        if number < median { value = max(number, median / 1.05) }
    }
}
