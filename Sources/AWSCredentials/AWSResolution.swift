package import OutboxCore

/// Region, endpoint, proxy and CA bundle, found as AWS SDKs find them: the daemon's configuration, then the
/// environment, then the profile of the shared files. Credentials are `ChainCredentials`'s.
package struct AWSResolution: Hashable, Sendable {
    package var profile: Sourced<String>
    package var configFile: Sourced<String>?
    package var credentialsFile: Sourced<String>?
    /// nil: nothing says one; then `regionProblem` says where it was looked for.
    package var region: Sourced<String>?
    /// Further regions that an ARN may name.
    package var regions: [String]
    /// nil: Lambda's own endpoint of each region.
    package var endpoint: Sourced<EndpointURL>?
    package var usesFIPS: Bool
    package var usesDualStack: Bool
    package var caBundle: Sourced<String>?
    /// nil: none; also for an endpoint on loopback, unless the configuration names one.
    package var proxy: Sourced<ProxyURL>?
    /// Hosts that are reached without the proxy.
    package var noProxy: [String]

    /// Reads the shared files once.
    package init(settings: AWSSettings, environment: [String: String]) throws(AWSProblem) {
        let profile = ProfileChoice(settings: settings, environment: environment)
        let locations = try SharedFileLocations(settings: settings, environment: environment)
        let profiles = try Self.readProfiles(locations)
        let values = SettingReader(
            environment: AWSEnvironment(environment),
            profiles: profiles,
            profile: profile.name.value,
            locations: locations
        )

        self.profile = profile.name
        configFile = locations.config
        credentialsFile = locations.credentials
        region = try values.region(settings)
        regions = settings.regions
        endpoint = try values.endpoint(settings)
        usesFIPS = try values.flag("AWS_USE_FIPS_ENDPOINT", property: "use_fips_endpoint")
        usesDualStack = try values.flag("AWS_USE_DUALSTACK_ENDPOINT", property: "use_dualstack_endpoint")
        caBundle =
            settings.caBundle.map { Sourced($0, settings.source("ca_bundle")) }
            ?? values.environment.first(of: "AWS_CA_BUNDLE") ?? values.property("ca_bundle")
        proxy = try values.proxy(settings, endpoint: endpoint?.value)
        noProxy = values.noProxy(settings)
        if let endpoint, usesFIPS || usesDualStack {
            throw AWSProblem(
                endpoint.source,
                "a custom endpoint together with FIPS or dual-stack endpoints",
                meant: "remove the endpoint, or AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT"
            )
        }
    }

    /// Where invocations for functions of this region go.
    ///
    /// - Precondition: `isRegionName(region)`.
    package func target(region: String) -> RouteTarget {
        precondition(isRegionName(region), "not a region")
        let network = RouteNetwork(
            proxy: proxy?.value.text ?? "",
            noProxy: noProxy.joined(separator: ","),
            caBundle: caBundle?.value
        )
        if let endpoint = endpoint?.value {
            let (scheme, host, port) = (endpoint.scheme, endpoint.host, endpoint.port)
            return RouteTarget(scheme: scheme, host: host, port: port, region: region, network: network)
        }
        let host = Partition.of(region: region)
            .lambdaHost(region: region, fips: usesFIPS, dualStack: usesDualStack)
        return RouteTarget(scheme: "https", host: host, port: 443, region: region, network: network)
    }

    /// For people, where `region` is nil.
    package var regionProblem: String {
        let file = configFile.map { "profile \"\(profile.value)\" in \($0.value)" } ?? "no shared files (no HOME)"
        return "no region: looked at aws.region, AWS_REGION, AWS_DEFAULT_REGION and \(file); "
            + "set aws.region in the configuration"
    }

    /// A credentials file that can't be used is left out: whoever needs keys from it says why there are none. A config
    /// file that can't be used is an error: it may name the endpoint.
    private static func readProfiles(_ locations: SharedFileLocations) throws(AWSProblem) -> SharedProfiles {
        let config = try configText(locations.config)
        let credentials = locations.credentials.flatMap { readFile($0.value).text }
        let paths = (config: locations.config?.value ?? "", credentials: locations.credentials?.value ?? "")
        func profiles(_ credentials: String?) throws(SharedFileError) -> SharedProfiles {
            try SharedProfiles(
                config: config,
                configPath: paths.config,
                credentials: credentials,
                credentialsPath: paths.credentials
            )
        }
        if let both = try? profiles(credentials) { return both }
        do throws(SharedFileError) {
            return try profiles(nil)
        } catch {
            throw AWSProblem(.sharedFile(path: error.path, line: error.line), error.reason, meant: "correct the file")
        }
    }

    /// nil: there is none. In the usual place it may be missing or out of reach; one that was named must be readable,
    /// though AWS's own variable may name a file that isn't there.
    private static func configText(_ location: Sourced<String>?) throws(AWSProblem) -> String? {
        guard let location else { return nil }
        switch (readFile(location.value), location.source) {
        case (.text(let text, _), _): return text
        case (_, .builtIn), (.missing, .environment): return nil
        case (.missing, let source):
            throw AWSProblem(source, "no such file: \(location.value)", meant: "create it, or correct the path")
        case (.unreadable(let reason), let source):
            throw AWSProblem(source, "\(location.value): \(reason)", meant: "let the daemon's user read it")
        }
    }
}
