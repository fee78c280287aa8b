/// Where the two shared files are looked for.
package struct SharedFileLocations: Hashable, Sendable {
    /// nil: nowhere, as no HOME is set and nothing else says where.
    package var config: Sourced<String>?
    package var credentials: Sourced<String>?

    package init(settings: AWSSettings, environment: [String: String]) throws(AWSProblem) {
        let variables = AWSEnvironment(environment)
        config = try Self.locate(
            settings.configFile,
            settings.source("config_file"),
            variable: "AWS_CONFIG_FILE",
            name: "config",
            variables
        )
        credentials = try Self.locate(
            settings.credentialsFile,
            settings.source("credentials_file"),
            variable: "AWS_SHARED_CREDENTIALS_FILE",
            name: "credentials",
            variables
        )
    }

    /// The configuration, then the variable, then `~/.aws`.
    private static func locate(
        _ configured: String?,
        _ source: SettingSource,
        variable: String,
        name: String,
        _ environment: AWSEnvironment
    ) throws(AWSProblem) -> Sourced<String>? {
        if let configured {
            if configured.hasPrefix("/") { return Sourced(configured, source) }
            if configured.hasPrefix("~/") { return Sourced(try expand(configured, source, environment), source) }
            guard let folder = environment["CREDENTIALS_DIRECTORY"] else {
                throw AWSProblem(
                    source,
                    "a relative path means a systemd credential, but CREDENTIALS_DIRECTORY is not set",
                    meant: "write an absolute path, or add LoadCredential= to the unit"
                )
            }
            return Sourced("\(folder)/\(configured)", source)
        }
        if let value = environment[variable] {
            let source = SettingSource.environment(variable)
            return Sourced(try expand(value, source, environment), source)
        }
        return environment["HOME"].map { Sourced("\($0)/.aws/\(name)", .builtIn) }
    }

    private static func expand(
        _ path: String,
        _ source: SettingSource,
        _ environment: AWSEnvironment
    ) throws(AWSProblem) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        guard let home = environment["HOME"] else {
            throw AWSProblem(source, "~ stands for HOME, which is not set", meant: "write an absolute path")
        }
        return home + path.dropFirst()
    }
}

/// Which profile of the shared files is used.
package struct ProfileChoice: Hashable, Sendable {
    package var name: Sourced<String>
    /// Chosen in the daemon's configuration, it or its files: then keys in the environment are passed over.
    package var isConfigured: Bool

    /// The configuration, then `AWS_PROFILE`, then `AWS_DEFAULT_PROFILE`, then `default`.
    package init(settings: AWSSettings, environment: [String: String]) {
        isConfigured = settings.profile != nil || settings.choosesFiles
        name =
            settings.profile.map { Sourced($0, settings.source("profile")) }
            ?? AWSEnvironment(environment).first(of: "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
            ?? Sourced("default", .builtIn)
    }
}
