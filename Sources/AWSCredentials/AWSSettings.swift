/// What the daemon's configuration says about AWS (`aws:`); nil where it says nothing and the environment and the
/// shared files decide.
package struct AWSSettings: Hashable, Sendable {
    package var region: String?
    /// Further regions that an ARN may name.
    package var regions: [String] = []
    package var accountID: String?
    package var endpointURL: String?
    package var profile: String?
    /// Absolute, `~/…`, or a bare name under `$CREDENTIALS_DIRECTORY`.
    package var credentialsFile: String?
    /// As `credentialsFile`.
    package var configFile: String?
    package var proxy: ProxyURL?
    package var noProxy: [String] = []
    package var caBundle: String?
    /// Keys that don't stand under `aws:`, by their name there, with their full name: `routes[0].profile`.
    package var keyNames: [String: String] = [:]
    /// It says itself from which files keys come: then keys in the environment are passed over. So does a profile.
    package var choosesFiles = false

    /// Keys of a route that say where keys come from.
    package static let fileKeys: Set = ["profile", "credentials_file", "config_file"]

    package init() {}

    /// Whether both lead to the same credentials, whatever they say of the way to AWS.
    package func findsSameCredentials(as other: AWSSettings) -> Bool {
        profile == other.profile && credentialsFile == other.credentialsFile && configFile == other.configFile
            && choosesFiles == other.choosesFiles
    }

    /// Where the configuration says something.
    func source(_ key: String) -> SettingSource {
        .configuration(key: keyNames[key] ?? "aws.\(key)")
    }
}

/// Where a value came from.
package enum SettingSource: Hashable, Sendable, CustomStringConvertible {
    case builtIn
    /// A key of the daemon's configuration.
    case configuration(key: String)
    case environment(String)
    case sharedFile(path: String, line: Int)

    /// For people.
    package var description: String {
        switch self {
        case .builtIn: "default"
        case .configuration(let key): key
        case .environment(let name): "environment \(name)"
        case .sharedFile(let path, let line): "\(path):\(line)"
        }
    }
}

/// A value and where it came from.
package struct Sourced<Value: Hashable & Sendable>: Hashable, Sendable {
    package var value: Value
    package var source: SettingSource

    package init(_ value: Value, _ source: SettingSource) {
        self.value = value
        self.source = source
    }
}

/// An AWS setting that can't be used. Never holds a secret.
package struct AWSProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var source: SettingSource
    package var what: String
    package var meant: String

    package init(_ source: SettingSource, _ what: String, meant: String) {
        self.source = source
        self.what = what
        self.meant = meant
    }

    package var description: String { "\(source): \(what); \(meant)" }
}

/// The environment as it was at the start. An empty variable counts as unset.
struct AWSEnvironment: Sendable {
    let variables: [String: String]

    init(_ variables: [String: String]) {
        self.variables = variables
    }

    subscript(name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The first of these that is set.
    func first(of names: String...) -> Sourced<String>? {
        for name in names {
            if let value = self[name] { return Sourced(value, .environment(name)) }
        }
        return nil
    }
}
