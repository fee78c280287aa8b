import AdminAPI
import ArgumentParser
import Client
import Glibc

/// Which dead letters are meant. An empty selection is refused; everything has to be written out.
struct SelectionOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Event ids.", valueName: "id"))
    var ids: [String] = []

    @Option(help: ArgumentHelp("All dead letters of this function; * and ? match.", valueName: "pattern"))
    var function: String?

    @Flag(help: "All dead letters.")
    var all = false

    @Flag(help: "Don't ask.")
    var yes = false

    func validate() throws {
        let ways = (ids.isEmpty ? 0 : 1) + (function == nil ? 0 : 1) + (all ? 1 : 0)
        if ways == 0 { throw ValidationError("which dead letters? Give ids, --function, or --all") }
        if ways > 1 { throw ValidationError("give ids, or --function, or --all") }
    }

    /// In portions that one request may hold; more than one only of ids, each named once.
    var selections: [Selection] {
        if let function { return [Selection(function: function)] }
        if all { return [.everything] }
        var seen = Set<String>()
        let unique = ids.filter { seen.insert($0.lowercased()).inserted }
        return stride(from: 0, to: unique.count, by: Selection.idsMax).map {
            Selection(ids: Array(unique[$0..<min($0 + Selection.idsMax, unique.count)]))
        }
    }

    /// How many letters were named one by one; nil for a pattern or all.
    var named: Int? { ids.isEmpty ? nil : selections.reduce(0) { $0 + ($1.ids?.count ?? 0) } }

    var words: String { function.map { "of \($0)" } ?? "in all" }

    /// Makes sure that the operator means as many letters as there are, where he hasn't named them one by one.
    ///
    /// - Parameter verb: `redrive` or `purge`.
    func confirm(_ verb: String, client: AdminClient) throws {
        guard named == nil, !yes else { return }
        let count = try selections.reduce(0) { try $0 + client.count($1) }
        guard count > 0 else { return }
        let letters = count == 1 ? "1 dead letter" : "\(count) dead letters"
        guard isatty(0) == 1, isatty(2) == 1 else {
            throw CommandFailure(.wrongUse, "would \(verb) \(letters) (\(words)): add --yes")
        }
        Output.error.bytes(Array("\(verb) \(letters) (\(Printable.line(words)))? [y/N] ".utf8))
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandFailure(.failed, "nothing was done")
        }
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
