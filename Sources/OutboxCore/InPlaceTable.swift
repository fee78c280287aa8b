/// Values by key that are read and changed where they stand.
///
/// A dictionary hands out a copy of a value even to read one member of it, which for a state of many parts is most of the
/// work of a turn. Values lie one after the other; their order says nothing.
struct InPlaceTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var places: [Key: Int] = [:]
    private(set) var keys: ContiguousArray<Key> = []
    private(set) var values: ContiguousArray<Value> = []

    var count: Int { keys.count }
    var isEmpty: Bool { keys.isEmpty }

    /// The value where it stands.
    /// - Precondition: there is one.
    subscript(known key: Key) -> Value {
        _read { yield values[place(of: key)] }
        _modify { yield &values[place(of: key)] }
    }

    /// A copy; nil: there is none. To set it to nil removes it.
    subscript(key: Key) -> Value? {
        get { places[key].map { values[$0] } }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            if let place = places[key] {
                values[place] = newValue
            } else {
                places[key] = keys.count
                keys.append(key)
                values.append(newValue)
            }
        }
    }

    func contains(_ key: Key) -> Bool { places[key] != nil }

    @discardableResult
    mutating func removeValue(forKey key: Key) -> Value? {
        guard let place = places.removeValue(forKey: key) else { return nil }
        let last = keys.count - 1
        if place != last {
            places[keys[last]] = place
            keys.swapAt(place, last)
            values.swapAt(place, last)
        }
        keys.removeLast()
        return values.removeLast()
    }

    /// Keeps those for which it holds.
    mutating func keep(where isKept: (Value) -> Bool) {
        for key in keys where !isKept(self[known: key]) { removeValue(forKey: key) }
    }

    private func place(of key: Key) -> Int {
        guard let place = places[key] else { preconditionFailure("a key that is not in the table") }
        return place
    }
}
