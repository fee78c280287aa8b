import AWSCredentials
import OutboxCore

/// A key of the effective configuration. Holds no secret: those are masked.
package struct EffectiveSetting: Hashable, Sendable, Encodable {
    /// `queue.max_bytes`, `functions[0].match`.
    package var key: String
    package var value: EffectiveValue
    /// Where it came from, for people: `default`, `/etc/lambda-outbox/config.yaml:4`, `environment AWS_REGION`.
    package var source: String
}

extension LoadedConfiguration {
    /// The effective configuration: every key in the order of the documentation, then what each rule itself says; the
    /// rest of a rule is that of `defaults` or `aws`.
    package var settings: [EffectiveSetting] {
        ConfigurationKeys.settings.map(setting) + RuleList.functions.settings(of: self)
            + RuleList.routes.settings(of: self)
    }

    /// The same as YAML, each value with where it came from: itself a configuration that means the same, but for masked
    /// secrets.
    package func show() -> String {
        var lines: [String] = []
        var section: [String] = []
        for key in ConfigurationKeys.settings {
            Self.open(key.path.dropLast(), from: &section, into: &lines)
            lines.append(Self.line(key.path, setting(key)))
        }
        return (lines + RuleList.functions.lines(of: self) + RuleList.routes.lines(of: self)).joined(separator: "\n")
            + "\n"
    }

    func setting(_ key: SettingKey<Configuration>) -> EffectiveSetting {
        awsSetting(key.name)
            ?? EffectiveSetting(key: key.name, value: key.write(values), source: source(of: key.name))
    }

    func source(of key: String) -> String { "\(sources[key] ?? .builtIn)" }

    static func line(_ path: [String], _ setting: EffectiveSetting) -> String {
        "\(indent(path.count - 1))\(path[path.count - 1]): \(setting.value)  # \(setting.source)"
    }

    /// Prints the headings that lead from one section to the next.
    static func open(_ path: ArraySlice<String>, from section: inout [String], into lines: inout [String]) {
        let path = Array(path)
        var shared = 0
        while shared < min(path.count, section.count), path[shared] == section[shared] { shared += 1 }
        for depth in shared..<max(shared, path.count) { lines.append("\(indent(depth))\(path[depth]):") }
        section = path
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    /// What the environment and the shared files decide where the configuration says nothing.
    private func awsSetting(_ key: String) -> EffectiveSetting? {
        func setting(_ found: Sourced<String>?) -> EffectiveSetting? {
            found.map { EffectiveSetting(key: key, value: .text($0.value), source: source($0.source)) }
        }
        switch key {
        case "aws.region": return setting(aws.region)
        case "aws.endpoint_url":
            if let endpoint = aws.endpoint { return setting(Sourced("\(endpoint.value)", endpoint.source)) }
            return aws.region.map {
                let host = aws.target(region: $0.value).authority
                return EffectiveSetting(key: key, value: .none, source: "default: https://\(host)")
            }
        case "aws.profile": return setting(aws.profile)
        case "aws.credentials_file": return setting(aws.credentialsFile)
        case "aws.config_file": return setting(aws.configFile)
        case "aws.proxy": return setting(aws.proxy.map { Sourced($0.value.masked, $0.source) })
        case "aws.no_proxy":
            if !values.aws.noProxy.isEmpty || aws.noProxy.isEmpty { return nil }
            let hosts = aws.noProxy.map { EffectiveValue.text($0) }
            return EffectiveSetting(key: key, value: .list(hosts), source: "environment NO_PROXY")
        case "aws.ca_bundle": return setting(aws.caBundle)
        default: return nil
        }
    }

    private func source(_ source: SettingSource) -> String {
        if case .configuration(let key) = source { return self.source(of: key) }
        return source.description
    }
}
