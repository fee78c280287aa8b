import OutboxCore

/// Credentials, as the machine's files hold them and as AWS knows them, for each route. One thread.
final class Keys {
    private struct State {
        /// The version that the files hold; nil: none.
        var filed: Int?
        /// The version that the daemon has read.
        var read: Int?
        /// What AWS accepts.
        var valid: Int
        var filedIsWrong = false
        var readIsWrong = false
    }
    private let record: Record
    private var states: [State]

    init(_ record: Record) {
        self.record = record
        states = record.plan.routes.map { _ in State(filed: 1, read: 1, valid: 1) }
    }

    /// What AWS says to an attempt signed so; nil: fine.
    func judge(_ credentials: Credentials, route: Int) -> Cause? {
        if credentials.secretAccessKey == "wrong" { return .badSignature }
        guard let version = Int(credentials.accessKeyID.split(separator: "-").last ?? "") else { return .unknownKey }
        if version == states[route].valid { return nil }
        return version < states[route].valid ? .expiredToken : .unknownKey
    }

    /// Something happens to the credentials of a route.
    func disturb(_ random: inout Seeded) {
        let route = random.int(0...states.count - 1)
        switch random.int(0...5) {
        case 0:
            states[route].filed = nil
            record.happened(.noKeys)
        case 1:
            states[route].filedIsWrong = true
            record.happened(.wrongKeys)
        case 2:
            // The new ones are there before AWS knows them.
            states[route].filed = states[route].valid + 1
            record.happened(.rotation)
        default:
            states[route].valid += 1
            if random.oneIn(2) { states[route].filed = states[route].valid }
            states[route].filedIsWrong = false
            record.happened(.rotation)
        }
    }

    /// The operator puts things right.
    func mend() {
        for route in states.indices {
            states[route].filed = states[route].valid
            states[route].filedIsWrong = false
        }
    }

    /// A new process reads the files.
    func restart() {
        for route in states.indices { _ = reload(route) }
    }

    func credentials(_ route: Int) -> Result<Credentials, CredentialProblem> {
        guard let version = states[route].read else { return .failure(CredentialProblem(reason: "no credentials")) }
        return .success(
            Credentials(
                accessKeyID: "AK-\(version)",
                secretAccessKey: states[route].readIsWrong ? "wrong" : "secret",
                source: "file"
            )
        )
    }

    func reload(_ route: Int) -> Bool {
        let changed =
            states[route].read != states[route].filed || states[route].readIsWrong != states[route].filedIsWrong
        states[route].read = states[route].filed
        states[route].readIsWrong = states[route].filedIsWrong
        if changed { reloaded?(route) }
        return changed
    }

    /// Told of credentials that the daemon has read anew.
    var reloaded: ((Int) -> Void)?
}

/// One route's credentials as the daemon asks for them.
struct KeySource: CredentialSource {
    // Only the simulation's own thread calls it.
    nonisolated(unsafe) let keys: Keys
    let route: Int

    func credentials(now: WallTime) -> Result<Credentials, CredentialProblem> { keys.credentials(route) }
    func reload() -> Bool { keys.reload(route) }
}
