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
        } + ruleChanges(to: new)
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

    /// Rules are told apart by their patterns: two with the same one never stand in a configuration.
    private func ruleChanges(to new: LoadedConfiguration) -> [ConfigurationChange] {
        let applies = ConfigurationKeys.rulesApply
        let (olds, news) = (values.functions.map(\.match), new.values.functions.map(\.match))
        var changes: [ConfigurationChange] = []
        for (index, match) in olds.enumerated() where !news.contains(match) {
            changes.append(Self.change(match, ruleText(index), "no rule", applies))
        }
        for (index, match) in news.enumerated() {
            if let before = olds.firstIndex(of: match) {
                changes += keyChanges(before, to: new, index)
            } else {
                changes.append(Self.change(match, "no rule", new.ruleText(index), applies))
            }
        }
        let (kept, keptLater) = (olds.filter(news.contains), news.filter(olds.contains))
        if kept != keptLater {
            let texts = [kept, keptLater].map { list in "[\(list.map { yamlText($0.text) }.joined(separator: ", "))]" }
            changes.append(
                ConfigurationChange(key: "functions, in order", old: texts[0], new: texts[1], applies: applies)
            )
        }
        return changes
    }

    private static func change(
        _ match: GlobPattern,
        _ old: String,
        _ new: String,
        _ applies: ConfigurationChange.Applies
    ) -> ConfigurationChange {
        ConfigurationChange(key: "functions[\"\(match)\"]", old: old, new: new, applies: applies)
    }

    private func ruleText(_ index: Int) -> String {
        let texts = givenKeys(index).map { "\($0.name): \($0.write(values.functions[index].policy))" }
        return "{ \((["match: \(yamlText(values.functions[index].match.text))"] + texts).joined(separator: ", ")) }"
    }

    /// Those that the rule itself says; the others follow `defaults`.
    func givenKeys(_ index: Int) -> [SettingKey<FunctionPolicy>] {
        ConfigurationKeys.policy.filter { sources["functions[\(index)].\($0.name)"] != nil }
    }

    private func keyChanges(_ before: Int, to new: LoadedConfiguration, _ after: Int) -> [ConfigurationChange] {
        let (old, later) = (values.functions[before], new.values.functions[after])
        let given = Set((givenKeys(before) + new.givenKeys(after)).map(\.name))
        return ConfigurationKeys.policy.filter { given.contains($0.name) && $0.differs(old.policy, later.policy) }
            .map { key in
                ConfigurationChange(
                    key: "functions[\"\(old.match)\"].\(key.name)",
                    old: "\(key.write(old.policy))",
                    new: "\(key.write(later.policy))",
                    applies: key.applies
                )
            }
    }
}
