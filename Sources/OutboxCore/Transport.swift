/// The port to Lambda. Synchronous, confined to the delivery thread; many attempts run at once.
package protocol Transport: ~Copyable {
    /// Begins one Invoke call. Its outcome comes out of a later `poll`, exactly once, also for calls that could not begin.
    ///
    /// - Precondition: no attempt of the same sequence is running.
    mutating func start(_ attempt: AttemptRequest)

    /// Moves all transfers on; waits until one of them or `wakeDescriptor` is ready, at most `wait`.
    mutating func poll(wait: Span, wakeDescriptor: Int32) -> [AttemptCompletion]
}

/// One Invoke call to make.
package struct AttemptRequest: Sendable {
    package var event: QueuedEvent
    package var route: RouteTarget
    package var credentials: Credentials?
    /// Why there are none, where `credentials` is nil.
    package var credentialsProblem: String?
    /// The time to sign with: the wall clock, corrected where it is known to be off.
    package var signingTime: WallTime
    /// What is added to the producer's bytes and headers.
    package var wire: WireForm

    package init(
        event: QueuedEvent,
        route: RouteTarget,
        credentials: Credentials?,
        credentialsProblem: String? = nil,
        signingTime: WallTime,
        wire: WireForm = WireForm()
    ) {
        self.event = event
        self.route = route
        self.credentials = credentials
        self.credentialsProblem = credentialsProblem
        self.signingTime = signingTime
        self.wire = wire
    }
}

/// Where a route leads.
package struct RouteTarget: Hashable, Sendable {
    package var scheme: String
    /// Host name, or address; an IPv6 address in brackets.
    package var host: String
    package var port: Int
    package var region: String
    package var network: RouteNetwork

    package init(scheme: String, host: String, port: Int, region: String, network: RouteNetwork = RouteNetwork()) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.region = region
        self.network = network
    }

    /// `host`, with `:port` unless it is the scheme's own: what stands in the Host header, and is signed.
    package var authority: String {
        (scheme == "https" && port == 443) || (scheme == "http" && port == 80) ? host : "\(host):\(port)"
    }
}

/// AWS credentials. Never logged.
package struct Credentials: Hashable, Sendable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String?
    package var expiration: WallTime?
    /// Where they came from, for people: `environment`, `profile "x" in /path`.
    package var source: String

    package init(
        accessKeyID: String,
        secretAccessKey: String,
        sessionToken: String? = nil,
        expiration: WallTime? = nil,
        source: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.source = source
    }
}

/// Says where it came from and that there is a secret, never the secret.
extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Credentials(\(accessKeyID), \(source))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID, "source": source]) }
}

/// The port to credentials. Called on the delivery thread; must not block for longer than a file read.
package protocol CredentialSource: Sendable {
    /// Current credentials, or the reason, for people, why there are none.
    func credentials(now: WallTime) -> Result<Credentials, CredentialProblem>
    /// Reads its files again; true if what `credentials` answers may have changed.
    func reload() -> Bool
}

/// Why there are no credentials at the moment. The reason is for people: it names the place, never a secret.
package struct CredentialProblem: Error, Hashable, Sendable {
    package var reason: String
    package init(reason: String) {
        self.reason = reason
    }
}

/// The end of one attempt.
package struct AttemptCompletion: Sendable {
    package var sequence: Int64
    package var outcome: AttemptOutcome
    /// From start to end.
    package var duration: Span

    package init(sequence: Int64, outcome: AttemptOutcome, duration: Span) {
        self.sequence = sequence
        self.outcome = outcome
        self.duration = duration
    }
}
