import Client

/// What `send --output json` prints.
struct SendReport: Encodable, Hashable {
    struct Problem: Encodable, Hashable {
        var code: String
        var message: String
    }

    /// With `--lines`: counted from 1.
    var line: Int?
    var id: String?
    /// Left out where it isn't known.
    var `repeat`: Bool?
    var state: String?
    var dryRun: Bool?
    var error: Problem?

    private enum CodingKeys: String, CodingKey {
        case line, id, `repeat`, state
        case dryRun = "dry_run"
        case error
    }

    init(dryRun: Bool) {
        self.dryRun = dryRun
    }

    /// - Parameter state: what was seen later; without it, what the door's answer told.
    init(line: Int? = nil, answer: DoorAnswer, state: String? = nil) {
        self.line = line
        id = answer.id
        self.repeat = answer.isRepeat
        self.state = state ?? answer.state
    }

    /// What people should know beside the id.
    var words: String? {
        guard let state, error == nil else { return nil }
        switch `repeat` {
        case true?: return "a repeat; the first event is \(state)"
        case false?: return nil
        case nil:
            return "accepted, now \(state); the connection broke meanwhile, so it isn't known whether this is a repeat"
        }
    }

    init(line: Int, error: ClientError) {
        self.line = line
        let status = CommandStatus(error)
        if case .refused(let refusal) = error, !refusal.code.isEmpty {
            self.error = Problem(code: refusal.code, message: refusal.message)
        } else {
            self.error = Problem(code: "\(status)", message: error.description)
        }
    }
}
