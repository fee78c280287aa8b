/// Looks one setting up in the places that AWS SDKs know, first hit first.
struct SettingReader {
    let environment: AWSEnvironment
    let profiles: SharedProfiles
    let profile: String
    let locations: SharedFileLocations

    func property(_ name: String) -> Sourced<String>? {
        guard let property = profiles.profiles[profile]?[name], !property.value.isEmpty else { return nil }
        return Sourced(property.value, source(of: property))
    }

    func source(of property: SharedProfiles.Property) -> SettingSource {
        let location = property.file == .config ? locations.config : locations.credentials
        return .sharedFile(path: location?.value ?? "", line: property.line)
    }

    /// `true` or `false` in any case; another word must not pass for false.
    func flag(_ variable: String, property name: String) throws(AWSProblem) -> Bool {
        guard let setting = environment.first(of: variable) ?? property(name) else { return false }
        switch setting.value.lowercased() {
        case "true": return true
        case "false": return false
        default: throw AWSProblem(setting.source, "neither true nor false", meant: "write true or false")
        }
    }

    func region(_ settings: AWSSettings) throws(AWSProblem) -> Sourced<String>? {
        let region =
            settings.region.map { Sourced($0, settings.source("region")) }
            ?? environment.first(of: "AWS_REGION", "AWS_DEFAULT_REGION") ?? property("region")
        if let region, !isRegionName(region.value) {
            throw AWSProblem(region.source, "not the name of a region", meant: "write one such as eu-central-1")
        }
        return region
    }

    func endpoint(_ settings: AWSSettings) throws(AWSProblem) -> Sourced<EndpointURL>? {
        guard let found = try endpointText(settings) else { return nil }
        do throws(EndpointURL.Fault) {
            return Sourced(try EndpointURL(found.value), found.source)
        } catch {
            throw AWSProblem(found.source, error.what, meant: error.meant)
        }
    }

    private func endpointText(_ settings: AWSSettings) throws(AWSProblem) -> Sourced<String>? {
        if let url = settings.endpointURL { return Sourced(url, settings.source("endpoint_url")) }
        if try flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", property: "ignore_configured_endpoint_urls") { return nil }
        if let url = environment.first(of: "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL") { return url }
        if let url = try serviceEndpoint() { return url }
        return property("endpoint_url")
    }

    /// `services = X` in the profile, and in `[services X]` `lambda =` with an indented `endpoint_url = …`.
    private func serviceEndpoint() throws(AWSProblem) -> Sourced<String>? {
        guard let name = property("services") else { return nil }
        guard let services = profiles.services[name.value] else {
            throw AWSProblem(
                name.source,
                "the profile names a services section that the config file doesn't have",
                meant: "add [services \(name.value)], or remove services from the profile"
            )
        }
        guard let lambda = services["lambda"], let url = lambda.subProperty("endpoint_url"), !url.isEmpty else {
            return nil
        }
        return Sourced(url, source(of: lambda))
    }

    /// A proxy of the environment isn't used for an endpoint on loopback.
    func proxy(_ settings: AWSSettings, endpoint: EndpointURL?) throws(AWSProblem) -> Sourced<ProxyURL>? {
        if let proxy = settings.proxy { return Sourced(proxy, settings.source("proxy")) }
        if let endpoint, reachesLoopback(endpoint.host) { return nil }
        guard let found = environment.first(of: "HTTPS_PROXY", "https_proxy") else { return nil }
        guard let proxy = ProxyURL(found.value) else {
            throw AWSProblem(found.source, "not the address of a proxy", meant: "write it as http://HOST:PORT")
        }
        return Sourced(proxy, found.source)
    }

    func noProxy(_ settings: AWSSettings) -> [String] {
        if !settings.noProxy.isEmpty { return settings.noProxy }
        let list = environment.first(of: "NO_PROXY", "no_proxy")?.value ?? ""
        return list.split(separator: ",").map { String($0.trimmed) }.filter { !$0.isEmpty }
    }
}
