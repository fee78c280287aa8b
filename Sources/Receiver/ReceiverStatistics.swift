/// Counts of what arrived for one function (and qualifier).
package struct FunctionStatistics: Hashable, Sendable {
    /// Invocations that were read whole.
    package var requests = 0
    /// Of these, the Events that were answered 202 with a request id.
    package var handedOver = 0
    /// Different bodies among all requests.
    package var distinctBodies = 0
    /// Events handed over beyond the first of each body.
    package var duplicates = 0
}

/// Keeps the counts. Bodies are told apart by the first 8 bytes of their SHA-256: among ten million different ones the
/// chance that two share these is 3 in a million.
struct ReceiverStatistics {
    private struct Entry {
        var counts = FunctionStatistics()
        /// Whether a body has been handed over.
        var bodies: [UInt64: Bool] = [:]

        mutating func count(_ body: UInt64, isHandOver: Bool) {
            counts.requests += 1
            let before = bodies[body]
            if before == nil { counts.distinctBodies += 1 }
            if isHandOver {
                counts.handedOver += 1
                if before == true { counts.duplicates += 1 }
            }
            if before == nil || isHandOver && before == false { bodies[body] = isHandOver }
        }
    }

    private var entries: [String: Entry] = [:]

    mutating func count(_ request: ReceivedRequest) {
        let body = request.bodyHash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        entries[request.qualifiedFunction, default: Entry()].count(body, isHandOver: request.answer.isHandOver)
    }

    var byFunction: [String: FunctionStatistics] { entries.mapValues(\.counts) }

    /// `{"functions":{"orders":{"requests":1,…}}}`, functions sorted by name.
    var json: String {
        let functions = entries.sorted { $0.key < $1.key }.map { name, entry in
            let counts = entry.counts
            return "\(Text.json(name)):{\"requests\":\(counts.requests),\"handed_over\":\(counts.handedOver),"
                + "\"distinct_bodies\":\(counts.distinctBodies),\"duplicates\":\(counts.duplicates)}"
        }
        return "{\"functions\":{\(functions.joined(separator: ","))}}"
    }
}
