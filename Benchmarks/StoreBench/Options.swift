/// What the command line says.
struct Options {
    enum Mode: String, CaseIterable {
        case create, accept, handover, keys, fill, sign, deliver
    }

    static let usage = """
        storebench MODE --file DATABASE [options]

        Drives the store through its port, without door, threads and network, and prints a JSON object for each run.
        Only the time inside commits and checkpoints counts. `sign` and `deliver` drive signer and transport, and need
        no file.

        create     makes the database where there is none
        accept     accepts --rows events, --batch a commit; takes them out again, which doesn't count
        handover   accepts --rows events and hands each over in the commit after its own; half a commit is of either
        keys       remembers --remember keys, then runs `accept` in turn, without a key and with a fresh random one on
                   every event; each new key lets an old one expire
        fill       accepts --rows events, which stay
        sign       signs --rows requests whose bodies' hashes are known
        deliver    posts --rows signed events, --in-flight at a time, to --port of this machine, which answers 202

        --rows N        200000
        --batch N       commands a commit; 512
        --bytes N       a payload; 300
        --functions N   so many functions in turn, orders0, orders1 …; 0: `orders` alone
        --gone N        every N-th event is for the function `gone`; 0: none
        --runs N        for `keys`: runs of each sort; else runs; 1
        --remember N    for `keys`; 1000000
        --fill-seconds S  for `keys`: goes on with as many as there are then; 1200
        --port N        for `deliver`
        --in-flight N   for `deliver`; 64
        --repeats N     for `keys`: of a thousand events with a key so many repeat an older one, whose id must come back; 0
        """

    var mode: Mode
    var file = ""
    var rows = 200_000
    var batch = 512
    var bytes = 300
    var functions = 0
    var gone = 0
    var runs = 1
    var remember = 1_000_000
    var fillSeconds = 1200
    var repeats = 0
    var port = 0
    var inFlight = 64

    init(_ arguments: [String]) throws(Problem) {
        var rest = arguments[...]
        guard let word = rest.popFirst(), let mode = Mode(rawValue: word) else {
            throw Problem(text: "the first argument is one of \(Mode.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.mode = mode
        while let argument = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Problem(text: "\(argument) needs a value") }
            func number(_ least: Int = 1) throws(Problem) -> Int {
                guard let number = Int(value), number >= least else {
                    throw Problem(text: "\(argument): '\(value)' is no number of \(least) or more")
                }
                return number
            }
            switch argument {
            case "--file": file = value
            case "--rows": rows = try number()
            case "--batch": batch = try number(2)
            case "--bytes": bytes = try number(48)
            case "--functions": functions = try number(0)
            case "--gone": gone = try number(0)
            case "--runs": runs = try number()
            case "--remember": remember = try number()
            case "--fill-seconds": fillSeconds = try number()
            case "--port": port = try number()
            case "--in-flight": inFlight = try number()
            case "--repeats": repeats = try number(0)
            default: throw Problem(text: "unknown option \(argument)")
            }
        }
        guard mode != .deliver || port > 0 else { throw Problem(text: "--port is missing") }
        guard mode == .sign || mode == .deliver || !file.isEmpty else { throw Problem(text: "--file is missing") }
        guard repeats < 1000 else { throw Problem(text: "--repeats is of a thousand") }
        // What is repeated is of the newer half, of which no key may have expired by then.
        guard repeats == 0 || rows * runs <= remember / 2 else {
            throw Problem(text: "with --repeats the runs' rows are at most half of --remember")
        }
    }
}

/// Why it can't do what it is asked for.
struct Problem: Error {
    var text: String
}
