import AWSCredentials
import OutboxCore

/// One key whose value differs between two configurations. Holds no secret.
package struct ConfigurationChange: Hashable, Sendable, Encodable {
    /// When a change takes effect.
    package enum Applies: String, Hashable, Sendable, Encodable {
        /// With the reload.
        case now
        /// Until the daemon starts again the old value holds.
        case atRestart = "at restart"
    }

    /// `queue.max_bytes`, `functions["orders-*"].max_age`; a whole rule, `functions["orders-*"]`.
    package var key: String
    /// As YAML; of a rule's key that fell back to `defaults`, the value there.
    package var old: String
    package var new: String
    package var applies: Applies

    package init(key: String, old: String, new: String, applies: Applies) {
        self.key = key
        self.old = old
        self.new = old == new ? "\(new) (another value, not shown)" : new
        self.applies = applies
    }
}

extension ConfigurationChange: CustomStringConvertible {
    package var description: String {
        "\(key): \(old) → \(new)" + (applies == .now ? "" : " (needs a restart)")
    }
}

extension LoadedConfiguration {
    /// What a later configuration changes, in the order in which keys are shown.
    func changes(to new: LoadedConfiguration) -> [ConfigurationChange] {
        ConfigurationKeys.settings.compactMap { key in
            guard differs(key, new) else { return nil }
            return ConfigurationChange(key: key.name, old: text(key), new: new.text(key), applies: key.applies)
        } + RuleList.functions.changes(from: self, to: new) + RuleList.routes.changes(from: self, to: new)
    }

    /// Also where the environment or the shared files say it, or only a secret in it is another.
    private func differs(_ key: SettingKey<Configuration>, _ new: LoadedConfiguration) -> Bool {
        if key.differs(values, new.values) || setting(key).value != new.setting(key).value { return true }
        switch key.name {
        case "aws.proxy": return aws.proxy?.value != new.aws.proxy?.value
        case "aws.endpoint_url":
            return aws.usesFIPS != new.aws.usesFIPS || aws.usesDualStack != new.aws.usesDualStack
        default: return false
        }
    }

    /// Lambda's own endpoint by its host: more than one setting decides it.
    private func text(_ key: SettingKey<Configuration>) -> String {
        let setting = setting(key)
        guard key.name == "aws.endpoint_url", setting.value == .none, let region = aws.region else {
            return "\(setting.value)"
        }
        return "https://\(aws.target(region: region.value).authority)"
    }
}
