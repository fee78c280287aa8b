import OutboxCore

/// Static keys in the chosen profile of the shared files. The order is that of AWS's own tools, so that a profile
/// never gives other keys here than there: what this version can't do ends the search where they would have used it.
struct ProfileProvider: CredentialProvider {
    let profile: ProfileChoice
    let files: SharedFilesState

    func answer() -> ProviderAnswer {
        if let problem = files.problem { return .problem(problem) }
        guard let properties = files.profiles.profiles[profile.name.value] else {
            let place = "profile \"\(profile.name.value)\" in \(files.places)"
            if profile.name.source == .builtIn { return .nothing(place) }
            return .problem("there is no \(place) (chosen by \(profile.name.source)); add it, or choose another")
        }
        if let key = ["role_arn", "web_identity_token_file"].first(where: { has(properties, $0) }) {
            return unsupported(key, properties, "assuming a role")
        }
        if let key = Self.ssoKeys.first(where: { has(properties, $0) }) {
            return unsupported(key, properties, "SSO, which needs a person at a browser,")
        }
        if let answer = staticKeys(properties, in: .credentials) { return answer }
        if has(properties, "login_session") { return unsupported("login_session", properties, "aws login") }
        if has(properties, "credential_process") {
            return unsupported("credential_process", properties, "running a command for credentials")
        }
        if let answer = staticKeys(properties, in: .config) { return answer }
        return .nothing("profile \"\(profile.name.value)\" in \(files.places) (it has no aws_access_key_id)")
    }

    private static let ssoKeys = ["sso_session", "sso_start_url", "sso_account_id", "sso_role_name"]

    private func has(_ properties: SharedProfiles.Properties, _ key: String) -> Bool {
        properties[key]?.value.isEmpty == false
    }

    private func unsupported(_ key: String, _ properties: SharedProfiles.Properties, _ what: String) -> ProviderAnswer {
        let file = properties[key]?.file ?? .config
        return .problem(
            "profile \"\(profile.name.value)\" in \(files.path(file)) has \(key): \(what) is not in this version; "
                + staticKeysAdvice
        )
    }

    /// nil: this file has none. Id, secret and token of one file belong together; those of two files don't.
    private func staticKeys(
        _ properties: SharedProfiles.Properties,
        in file: SharedProfiles.File
    ) -> ProviderAnswer? {
        guard let id = properties["aws_access_key_id"], id.file == file, !id.value.isEmpty else { return nil }
        let place = "profile \"\(profile.name.value)\" in \(files.path(file))"
        guard let secret = properties["aws_secret_access_key"], secret.file == file, !secret.value.isEmpty else {
            return .problem("\(place) has aws_access_key_id, but no aws_secret_access_key; write both into that file")
        }
        let token = properties["aws_session_token"].flatMap { $0.file == file && !$0.value.isEmpty ? $0.value : nil }
        return .checked(
            Credentials(
                accessKeyID: id.value,
                secretAccessKey: secret.value,
                sessionToken: token,
                source: place
            )
        )
    }
}
