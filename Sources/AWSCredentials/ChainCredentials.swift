package import OutboxCore

/// Credentials from the standard AWS places that this version knows: environment variables, then static keys of the
/// shared files. The EC2 metadata service is never asked.
///
/// The environment is taken once; files are read again by `reload()` when they changed. Any thread.
package final class ChainCredentials: CredentialSource {
    private struct State {
        var files: SharedFilesState
        var answer: ProviderAnswer
    }

    private let environment: AWSEnvironment
    private let profile: ProfileChoice
    private let state: Lock<State>

    /// Reads the files.
    package init(settings: AWSSettings, environment: [String: String]) throws(AWSProblem) {
        let variables = AWSEnvironment(environment)
        let profile = ProfileChoice(settings: settings, environment: environment)
        let files = SharedFilesState(
            locations: try SharedFileLocations(settings: settings, environment: environment)
        )
        self.environment = variables
        self.profile = profile
        state = Lock(State(files: files, answer: Self.search(variables, profile, files)))
    }

    package func credentials(now: WallTime) -> Result<Credentials, CredentialProblem> {
        switch state.withLock({ $0.answer }) {
        case .found(let credentials):
            if let expiration = credentials.expiration, expiration <= now {
                return .failure(CredentialProblem(reason: Self.expired(credentials)))
            }
            return .success(credentials)
        case .problem(let reason), .nothing(let reason):
            return .failure(CredentialProblem(reason: reason))
        }
    }

    package func reload() -> Bool {
        state.withLock { state in
            guard state.files.isStale || state.files.problem != nil else { return false }
            let before = state.answer
            state.files = SharedFilesState(locations: state.files.locations)
            state.answer = Self.search(environment, profile, state.files)
            return state.answer != before
        }
    }

    /// For people, to be shown once: secrets that others may read.
    package var warnings: [String] {
        state.withLock { $0.files.warnings }
    }

    private static func search(
        _ environment: AWSEnvironment,
        _ profile: ProfileChoice,
        _ files: SharedFilesState
    ) -> ProviderAnswer {
        let fromEnvironment: [any CredentialProvider] = [EnvironmentProvider(environment: environment)]
        let providers: [any CredentialProvider] =
            (profile.isConfigured ? [] : fromEnvironment) + [
                WebIdentityProvider(environment: environment),
                ProfileProvider(profile: profile, files: files),
                ContainerProvider(environment: environment),
            ]
        var looked: [String] = []
        for provider in providers {
            switch provider.answer() {
            case .nothing(let place): looked.append(place)
            case let answer: return answer
            }
        }
        return .nothing("no AWS credentials: looked at \(looked.joined(separator: ", ")); \(staticKeysAdvice)")
    }

    private static func expired(_ credentials: Credentials) -> String {
        let advice =
            credentials.source == EnvironmentProvider.source
            ? "set new ones and restart; a running daemon's environment never changes" : "write new ones into the file"
        return "the credentials from \(credentials.source) have expired; \(advice)"
    }
}
