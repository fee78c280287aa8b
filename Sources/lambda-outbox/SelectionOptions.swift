import AdminAPI
import ArgumentParser
import Client

/// Why a dead letter died, as arguments and labels name it.
enum Condition: String, ExpressibleByArgument, CaseIterable {
    case rejected, exhausted, expired
    case suspectedPoison = "suspected-poison"
    case moved, corrupt

    /// Red where trying again can't help.
    static func colour(of word: String?) -> Style.Colour {
        switch word.flatMap(Condition.init) {
        case .exhausted, .expired, .moved: .yellow
        default: .red
        }
    }
}

/// Which dead letters are meant. An empty selection is refused; everything has to be written out.
struct SelectionOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Event ids.", valueName: "id"))
    var ids: [String] = []

    @Option(help: ArgumentHelp("All dead letters of this function; * and ? match.", valueName: "pattern"))
    var function: String?

    @Option(help: ArgumentHelp("All dead letters of this condition; with --function those of both.", valueName: "word"))
    var condition: Condition?

    @Flag(help: "All dead letters.")
    var all = false

    func validate() throws {
        let ways = (ids.isEmpty ? 0 : 1) + (function == nil && condition == nil ? 0 : 1) + (all ? 1 : 0)
        if ways == 0 { throw ValidationError("which dead letters? Give ids, --function, --condition, or --all") }
        if ways > 1 { throw ValidationError("give ids, or --function and --condition, or --all") }
    }

    /// Named ids, each once.
    private var uniqueIDs: [String] {
        var seen = Set<String>()
        return ids.filter { seen.insert($0.lowercased()).inserted }
    }

    /// How many letters were named one by one; nil for a pattern, a condition or all.
    var named: Int? { ids.isEmpty ? nil : uniqueIDs.count }

    var words: String {
        let parts = [function.map { "of \($0)" }, condition.map { "condition \($0.rawValue)" }].compactMap { $0 }
        return parts.isEmpty ? "in all" : parts.joined(separator: ", ")
    }

    /// Calls `body` with selections that each fit into one request and together mean all the letters.
    func forEachSelection(client: AdminClient, _ body: (Selection) throws -> Void) throws {
        if all { return try body(.everything) }
        guard !ids.isEmpty else { return try body(Selection(function: function, condition: condition?.rawValue)) }
        try forEachPage(client: client, size: Selection.idsMax) { try body(Selection(ids: $0)) }
    }

    /// Calls `body` with the ids of the letters, page by page.
    func forEachPage(client: AdminClient, size: Int, _ body: ([String]) throws -> Void) throws {
        guard ids.isEmpty else {
            let unique = uniqueIDs
            for start in stride(from: 0, to: unique.count, by: size) {
                try body(Array(unique[start..<min(start + size, unique.count)]))
            }
            return
        }
        // Newest first and always behind the last page: letters that die meanwhile aren't touched.
        let query = AdminClient.ListQuery(function: function, condition: condition?.rawValue, limit: size)
        _ = try Paging.walk(query, page: { try client.deadLetters($0) }) { events in
            if !events.isEmpty { try body(events.map(\.id)) }
        }
    }

    private func count(client: AdminClient) throws -> Int {
        var count = 0
        try forEachSelection(client: client) { count += try client.count($0) }
        return count
    }

    /// Makes sure that the operator means as many letters as there are, where he hasn't named them one by one.
    ///
    /// - Parameters:
    ///   - verb: `redrive` or `purge`.
    ///   - yes: he has said so.
    func confirm(_ verb: String, yes: Bool, client: AdminClient) throws {
        guard named == nil, !yes else { return }
        let count = try count(client: client)
        guard count > 0 else { return }
        let letters = count == 1 ? "1 dead letter" : "\(count) dead letters"
        try Confirmation.ask("\(verb) \(letters) (\(words))")
    }

    /// Tells of named letters that weren't there.
    func checkAllFound(_ count: Int) throws {
        guard let named, count < named else { return }
        let missing = named - count
        throw CommandFailure(
            .notFound,
            missing == 1 ? "1 of the ids is no dead letter" : "\(missing) of the ids are no dead letters"
        )
    }
}
