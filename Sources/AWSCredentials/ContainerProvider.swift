/// The container endpoint's variables: seen, so that they aren't passed over in silence, and refused.
struct ContainerProvider: CredentialProvider {
    let environment: AWSEnvironment

    func answer() -> ProviderAnswer {
        let names = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        guard let name = names.first(where: { environment[$0] != nil }) else {
            return .nothing("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        }
        return .problem("\(name) (container endpoint): not in this version; \(staticKeysAdvice)")
    }
}
