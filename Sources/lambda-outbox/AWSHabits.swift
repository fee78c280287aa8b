import ArgumentParser

/// Options of `aws lambda invoke` that its users type by habit: taken where they mean what `send` does, else refused with
/// the reason.
struct AWSHabits: ParsableArguments {
    @Option(help: .hidden)
    var functionName: String?

    @Option(help: .hidden)
    var invocationType: InvocationType?

    @Option(help: .hidden)
    var clientContext: String?

    @Option(help: .hidden)
    var logType: String?

    enum InvocationType: String, ExpressibleByArgument, CaseIterable {
        case event = "Event"
        case dryRun = "DryRun"
        case requestResponse = "RequestResponse"
    }

    func validate() throws {
        if invocationType == .requestResponse {
            throw ValidationError(
                "--invocation-type RequestResponse: events are queued, so there is no response; call AWS itself for one"
            )
        }
        if clientContext != nil {
            throw ValidationError(
                "--client-context: Lambda ignores it for events; put what the function needs into the payload"
            )
        }
        if logType != nil { throw ValidationError("--log-type: only synchronous calls return a log") }
    }
}
