import Foundation

/// What the command line says.
struct Options {
    enum Store: String { case model, sqlite, fault }

    static let usage = """
        simulate --seeds N | --hours H | --seed N  [--from N] [--store model|sqlite|fault] [--workers N] [--planted NAME]
        [--twice]

        --seeds N     runs N seeds, on all cores
        --hours H     runs seeds for so long (0.1 is six minutes)
        --seed N      runs this one, with a trace of what happens in it (--quiet: without)
        --from N      the first seed; 0 if it isn't given
        --store       where the queue is kept: model (dictionaries, the default), sqlite (a real database), or fault (a real
                      database on a disk that fails and loses its power)
        --unsynced    with the fault store: commits aren't synced, as with synchronous=NORMAL; a run must find that
        --workers N   processes at once; as many as there are cores if it isn't given
        --failures N  ends after so many violations; 5 if it isn't given
        --twice       runs each seed three times, in two processes: all must have the same fingerprint
        --planted     switches a planted bug on; only in a build that has them
        """

    var seeds: UInt64?
    var hours: Double?
    var seed: UInt64?
    var from: UInt64 = 0
    var store = Store.model
    var workers: Int?
    var planted: String?
    var isQuiet = false
    /// Each seed twice in one process, and in another.
    var isTwice = false
    var isUnsynced = false
    /// Violations after which it is enough.
    var failures: Int?
    /// Set for the processes that do the work: which of how many.
    var worker: Int?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        func value(_ name: String) throws -> String {
            guard let value = rest.popFirst() else { throw Problem(text: "\(name) needs a value") }
            return value
        }
        func number<Number: LosslessStringConvertible>(_ name: String) throws -> Number {
            let text = try value(name)
            guard let number = Number(text) else { throw Problem(text: "\(name): '\(text)' is no number") }
            return number
        }
        while let argument = rest.popFirst() {
            switch argument {
            case "--seeds": seeds = try number(argument)
            case "--hours": hours = try number(argument)
            case "--seed": seed = try number(argument)
            case "--from": from = try number(argument)
            case "--workers": workers = try number(argument)
            case "--worker": worker = try number(argument)
            case "--failures": failures = try number(argument)
            case "--planted": planted = try value(argument)
            case "--quiet": isQuiet = true
            case "--twice": isTwice = true
            case "--unsynced": isUnsynced = true
            case "--store":
                let text = try value(argument)
                guard let store = Store(rawValue: text) else { throw Problem(text: "no store '\(text)'") }
                self.store = store
            default: throw Problem(text: "unknown option \(argument)")
            }
        }
        if [seeds != nil, hours != nil, seed != nil].count(where: { $0 }) != 1 {
            throw Problem(text: "one of --seeds, --hours and --seed is needed")
        }
    }

    /// Processes at once.
    var count: Int {
        if isTwice { return 2 }
        return seed != nil ? 1 : workers ?? ProcessInfo.processInfo.activeProcessorCount
    }

    /// The command that runs one seed again.
    func replay(_ seed: UInt64) -> String {
        var words = ["scripts/simulate", "--seed", "\(seed)"]
        if store != .model { words += ["--store", store.rawValue] }
        if isUnsynced { words.append("--unsynced") }
        if let planted { words += ["--planted", planted] }
        return words.joined(separator: " ")
    }
}

/// Why the command can't do what it is asked for.
struct Problem: Error {
    var text: String
}
