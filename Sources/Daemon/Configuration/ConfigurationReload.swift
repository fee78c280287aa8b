import OutboxCore

/// What reading the configuration again came to.
package struct ConfigurationReload: Sendable {
    /// What the daemon runs by from now on, and is compared with at the next reload: the new values of keys that take
    /// effect at once, the old ones of all others.
    package var running: LoadedConfiguration
    /// Everything in which the new configuration differs from what the daemon ran by, also what an earlier reload
    /// found and no restart has brought into effect since.
    package var changes: [ConfigurationChange]
}

extension LoadedConfiguration {
    /// Reads the same file again, as at the start. Changes nothing: whoever calls it puts `running` into effect.
    ///
    /// If what takes effect at once can't stand together with what stays until a restart, all of it waits for the restart.
    ///
    /// - Parameter environment: the process's, captured once at its start.
    /// - Throws: every mistake; then all stays as it is.
    package func reloaded(environment: [String: String]) throws(ConfigurationErrors) -> ConfigurationReload {
        let new = try Configuration.load(path: path, directory: directory, environment: environment)
        if let file, new.file == nil {
            throw ConfigurationErrors([
                ConfigurationProblem(place: file, what: "no longer there", meant: "put it back, or restart without it")
            ])
        }
        var changes = changes(to: new)
        let mixed = taking(liveValuesOf: new)
        if ConfigurationChecks(values: mixed.values, sources: mixed.sources, failed: []).problems.isEmpty {
            return ConfigurationReload(running: mixed, changes: changes)
        }
        for index in changes.indices { changes[index].applies = .atRestart }
        return ConfigurationReload(running: self, changes: changes)
    }

    private func taking(liveValuesOf new: LoadedConfiguration) -> LoadedConfiguration {
        var result = self
        result.file = new.file
        result.warnings = new.warnings
        for key in ConfigurationKeys.settings where key.applies == .now {
            key.copy(new.values, &result.values)
            result.sources[key.name] = new.sources[key.name]
        }
        // The rules of `routes` wait for a restart.
        result.values.functions = new.values.functions
        result.sources = result.sources.filter { !$0.key.hasPrefix("functions[") }
        result.sources.merge(new.sources.filter { $0.key.hasPrefix("functions[") }) { $1 }
        return result
    }
}
