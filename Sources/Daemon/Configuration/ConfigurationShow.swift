import AWSCredentials
import OutboxCore

extension LoadedConfiguration {
    /// The effective configuration as YAML, each value with where it came from. Secrets are masked.
    package func show() -> String {
        var lines: [String] = []
        var section: [String] = []
        for key in ConfigurationKeys.settings {
            Self.open(key.path.dropLast(), from: &section, into: &lines)
            let shown = awsValue(key.name) ?? (key.write(values), "\(sources[key.name] ?? .builtIn)")
            lines.append("\(Self.indent(section.count))\(key.path[section.count]): \(shown.0)  # \(shown.1)")
        }
        return (lines + functionLines).joined(separator: "\n") + "\n"
    }

    /// Prints the headings that lead from one section to the next.
    private static func open(_ path: ArraySlice<String>, from section: inout [String], into lines: inout [String]) {
        let path = Array(path)
        var shared = 0
        while shared < min(path.count, section.count), path[shared] == section[shared] { shared += 1 }
        for depth in shared..<max(shared, path.count) { lines.append("\(indent(depth))\(path[depth]):") }
        section = path
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    /// Only what a rule itself says; the rest is `defaults`'.
    private var functionLines: [String] {
        if values.functions.isEmpty { return ["functions: []  # default"] }
        var lines = ["functions:"]
        for (index, rule) in values.functions.enumerated() {
            let match = ValueKind<GlobPattern>.pattern.write(rule.match)
            lines.append("  - match: \(match)  # \(sources["functions[\(index)].match"] ?? .builtIn)")
            var section: [String] = []
            for key in ConfigurationKeys.policy {
                guard let source = sources["functions[\(index)].\(key.name)"] else { continue }
                var headings: [String] = []
                Self.open(key.path.dropLast(), from: &section, into: &headings)
                lines += headings.map { "    \($0)" }
                let indent = "    " + Self.indent(section.count)
                lines.append("\(indent)\(key.path[section.count]): \(key.write(rule.policy))  # \(source)")
            }
        }
        return lines
    }

    /// What the environment and the shared files decide where the configuration says nothing.
    private func awsValue(_ key: String) -> (String, String)? {
        switch key {
        case "aws.region": return shown(aws.region)
        case "aws.endpoint_url":
            if let endpoint = aws.endpoint {
                return (yamlText("\(endpoint.value)"), source(endpoint.source))
            }
            return aws.region.map { ("null", "default: https://\(aws.target(region: $0.value).authority)") }
        case "aws.profile": return shown(aws.profile)
        case "aws.credentials_file": return shown(aws.credentialsFile)
        case "aws.config_file": return shown(aws.configFile)
        case "aws.proxy": return aws.proxy.map { (yamlText($0.value.masked), source($0.source)) }
        case "aws.no_proxy":
            if !values.aws.noProxy.isEmpty || aws.noProxy.isEmpty { return nil }
            return ("[\(aws.noProxy.map(yamlText).joined(separator: ", "))]", "environment NO_PROXY")
        case "aws.ca_bundle": return shown(aws.caBundle)
        default: return nil
        }
    }

    private func shown(_ setting: Sourced<String>?) -> (String, String)? {
        setting.map { (yamlText($0.value), source($0.source)) }
    }

    private func source(_ source: SettingSource) -> String {
        if case .configuration(let key) = source { return "\(sources[key] ?? .builtIn)" }
        return source.description
    }
}
