/// A web identity token named in the environment: seen, so that it isn't passed over in silence, and refused.
struct WebIdentityProvider: CredentialProvider {
    let environment: AWSEnvironment

    func answer() -> ProviderAnswer {
        guard environment["AWS_WEB_IDENTITY_TOKEN_FILE"] != nil, environment["AWS_ROLE_ARN"] != nil else {
            return .nothing("AWS_WEB_IDENTITY_TOKEN_FILE")
        }
        return .problem(
            "AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (web identity): not in this version; \(staticKeysAdvice)"
        )
    }
}

/// What to do instead of a way to credentials that this version doesn't have.
let staticKeysAdvice = "put aws_access_key_id and aws_secret_access_key into a profile of the credentials file"
