import OutboxCore

/// Keys in environment variables. They never change while the daemon runs.
struct EnvironmentProvider: CredentialProvider {
    static let source = "environment"
    let environment: AWSEnvironment

    func answer() -> ProviderAnswer {
        guard let id = environment["AWS_ACCESS_KEY_ID"] else { return .nothing("AWS_ACCESS_KEY_ID") }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            return .problem("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not; set both, or none")
        }
        var expiration: WallTime?
        if let text = environment["AWS_CREDENTIAL_EXPIRATION"] {
            guard let time = parseTimestamp(text) else {
                return .problem("AWS_CREDENTIAL_EXPIRATION is no time; write it as 2026-01-02T03:04:05Z")
            }
            expiration = time
        }
        return .checked(
            Credentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: environment["AWS_SESSION_TOKEN"] ?? environment["AWS_SECURITY_TOKEN"],
                expiration: expiration,
                source: Self.source
            )
        )
    }
}
