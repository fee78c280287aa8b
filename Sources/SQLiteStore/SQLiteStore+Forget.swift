import OutboxCore

extension SQLiteStore {
    /// One slice of a sweep: whom nothing in the history names is forgotten. Keys know functions by their names.
    ///
    /// The history has no index by function, which every hand-over would have to pay for: it is read through once a
    /// sweep, a slice at a time. Functions that get an event meanwhile drop out.
    mutating func forgetFunctions(
        troubleBefore: WallTime,
        limit: Int,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply {
        var changed: Set<FunctionKey> = []
        if sweptThrough == nil {
            changed.formUnion(try functionTable.beginSweep(troubleBefore: troubleBefore, now: now))
            sweptThrough = .min
        }
        if let place = sweptThrough, place < .max, !functionTable.idle.isEmpty {
            var named: [FunctionKey] = []
            sweptThrough = try history.functions(after: place, limit: limit) { named.append($0) } ?? .max
            for key in named { functionTable.keep(key) }
        }
        if sweptThrough == .max {
            // Each is looked for once a producer.
            let numbers = producers.numbers
            for key in functionTable.idle.sorted().prefix(max(1, limit / max(1, numbers.count))) {
                if try isNamedByOldKey(key, of: numbers) {
                    functionTable.keep(key)
                } else {
                    try functionTable.forget(key)
                    changed.insert(key)
                }
            }
        }
        if functionTable.idle.isEmpty { sweptThrough = nil }
        return .forgotten(changed.sorted())
    }

    private func isNamedByOldKey(_ function: FunctionKey, of producers: [Int64]) throws(SQLiteError) -> Bool {
        if !hasOldKeys { return false }
        for producer in producers {
            if try oldKeys.isAny(of: producer, function) { return true }
        }
        return false
    }
}
