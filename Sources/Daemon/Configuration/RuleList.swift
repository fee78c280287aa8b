import OutboxCore

/// A list of rules in the configuration file, of which the first that matches holds: `functions`, `routes`.
struct RuleList<Rule> {
    var name: String
    var rules: (Configuration) -> [Rule]
    /// Those of the match first.
    var keys: [SettingKey<Rule>]
    /// As changes name a rule: what stands between the brackets.
    var label: (Rule) -> String
    /// What a reload does with the rules.
    var applies: ConfigurationChange.Applies

    /// Those that the rule itself says, the match first; for the others something else holds.
    func givenKeys(_ index: Int, in loaded: LoadedConfiguration) -> [SettingKey<Rule>] {
        keys.filter { loaded.sources["\(name)[\(index)].\($0.name)"] != nil }
    }

    /// What the rules themselves say, in order.
    func settings(of loaded: LoadedConfiguration) -> [EffectiveSetting] {
        rules(loaded.values).indices.flatMap { settings($0, of: loaded) }
    }

    private func settings(_ index: Int, of loaded: LoadedConfiguration) -> [EffectiveSetting] {
        let rule = rules(loaded.values)[index]
        return givenKeys(index, in: loaded).map { key in
            let name = "\(name)[\(index)].\(key.name)"
            return EffectiveSetting(key: name, value: key.write(rule), source: loaded.source(of: name))
        }
    }

    /// The same as YAML.
    func lines(of loaded: LoadedConfiguration) -> [String] {
        let rules = rules(loaded.values)
        if rules.isEmpty { return ["\(name): []  # default"] }
        return ["\(name):"]
            + rules.indices.flatMap { index in
                var lines: [String] = []
                var section: [String] = []
                for (key, setting) in zip(givenKeys(index, in: loaded), settings(index, of: loaded)) {
                    LoadedConfiguration.open(key.path.dropLast(), from: &section, into: &lines)
                    lines.append(LoadedConfiguration.line(key.path, setting))
                }
                return lines.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
            }
    }

    /// What a later configuration changes. Rules are told apart by their labels: two with the same one never stand in a
    /// configuration.
    func changes(from old: LoadedConfiguration, to new: LoadedConfiguration) -> [ConfigurationChange] {
        let (olds, news) = (rules(old.values).map(label), rules(new.values).map(label))
        var changes: [ConfigurationChange] = []
        for (index, rule) in olds.enumerated() where !news.contains(rule) {
            changes.append(change(rule, text(index, of: old), "no rule"))
        }
        for (index, rule) in news.enumerated() {
            if let before = olds.firstIndex(of: rule) {
                changes += keyChanges(old, before, new, index)
            } else {
                changes.append(change(rule, "no rule", text(index, of: new)))
            }
        }
        let (kept, keptLater) = (olds.filter(news.contains), news.filter(olds.contains))
        if kept != keptLater {
            let texts = [kept, keptLater].map { "[\($0.joined(separator: ", "))]" }
            changes.append(
                ConfigurationChange(key: "\(name), in order", old: texts[0], new: texts[1], applies: applies)
            )
        }
        return changes
    }

    private func change(_ rule: String, _ old: String, _ new: String) -> ConfigurationChange {
        ConfigurationChange(key: "\(name)[\(rule)]", old: old, new: new, applies: applies)
    }

    private func text(_ index: Int, of loaded: LoadedConfiguration) -> String {
        let rule = rules(loaded.values)[index]
        return "{ \(givenKeys(index, in: loaded).map { "\($0.name): \($0.write(rule))" }.joined(separator: ", ")) }"
    }

    private func keyChanges(
        _ old: LoadedConfiguration,
        _ before: Int,
        _ new: LoadedConfiguration,
        _ after: Int
    ) -> [ConfigurationChange] {
        let (oldRule, newRule) = (rules(old.values)[before], rules(new.values)[after])
        let given = Set((givenKeys(before, in: old) + givenKeys(after, in: new)).map(\.name))
        return keys.filter { given.contains($0.name) && $0.differs(oldRule, newRule) }
            .map { key in
                ConfigurationChange(
                    key: "\(name)[\(label(oldRule))].\(key.name)",
                    old: "\(key.write(oldRule))",
                    new: "\(key.write(newRule))",
                    applies: applies
                )
            }
    }
}

extension RuleList<Configuration.FunctionRule> {
    static var functions: RuleList {
        RuleList(
            name: "functions",
            rules: \.functions,
            keys: [SettingKey("match", .now, \.match, .pattern)] + ConfigurationKeys.policy.map { $0.inside(\.policy) },
            label: { "\"\($0.match)\"" },
            applies: .now
        )
    }
}

extension RuleList<Configuration.RouteRule> {
    static var routes: RuleList {
        RuleList(
            name: "routes",
            rules: \.routes,
            keys: [
                SettingKey("match.account", .atRestart, \.match.account, ValueKind<GlobPattern>.accountPattern.orNull),
                SettingKey("match.region", .atRestart, \.match.region, ValueKind<GlobPattern>.regionPattern.orNull),
            ] + ConfigurationKeys.route.map { $0.inside(\.aws) },
            label: { "\($0.match)" },
            applies: .atRestart
        )
    }
}
