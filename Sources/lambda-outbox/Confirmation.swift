import Glibc

/// Makes sure that an operator means as much as he would touch.
enum Confirmation {
    /// - Parameter what: `redrive 3 dead letters (in all)`.
    /// - Throws: where he says no, or can't be asked.
    static func ask(_ what: String) throws {
        guard isatty(0) == 1, isatty(2) == 1 else { throw CommandFailure(.wrongUse, "would \(what): add --yes") }
        Output.error.bytes(Array("\(Printable.line(what))? [y/N] ".utf8))
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandFailure(.failed, "nothing was done")
        }
    }
}
