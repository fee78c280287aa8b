import OutboxCore

/// What one place has to say about credentials.
enum ProviderAnswer: Hashable {
    case found(Credentials)
    /// Nothing here; the text says what was looked at.
    case nothing(String)
    /// Something is here that can't be used: the search ends. The text says why and what to do.
    case problem(String)
}

/// One place where credentials may be.
protocol CredentialProvider {
    func answer() -> ProviderAnswer
}
