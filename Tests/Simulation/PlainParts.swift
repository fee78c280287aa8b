package import OutboxCore

/// Collects what producers were told.
package final class Producer: IntakeSink {
    // Only the simulation's own thread calls it.
    nonisolated(unsafe) package var answers: [UInt64: AcceptAnswer] = [:]

    package init() {}

    package func deliver(_ results: [IntakeResult]) {
        for result in results {
            precondition(answers[result.ticket] == nil, "two answers to one request")
            answers[result.ticket] = result.answer
        }
    }
}

/// One route, one policy for all but those named.
package struct FlatDirectory: DispatchDirectory {
    package var policy = FunctionPolicy()
    package var policies: [String: FunctionPolicy] = [:]
    package var routeNames = ["test"]

    package init(policy: FunctionPolicy = FunctionPolicy(), policies: [String: FunctionPolicy] = [:]) {
        self.policy = policy
        self.policies = policies
    }

    package func policy(for function: FunctionIdentity) -> FunctionPolicy { policies[function.name] ?? policy }
    package func route(for function: FunctionIdentity) -> RouteKey { RouteKey(0) }
}

/// Static credentials.
package struct FixedCredentials: CredentialSource {
    package init() {}

    package func credentials(now: WallTime) -> Result<Credentials, CredentialProblem> {
        .success(Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", source: "test"))
    }

    package func reload() -> Bool { false }
}
