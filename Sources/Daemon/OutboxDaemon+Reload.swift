internal import AWSCredentials
internal import Door
internal import Engine
internal import Logging
internal import NIOConcurrencyHelpers
internal import OutboxCore

extension OutboxDaemon {
    /// SIGHUP: reads the configuration and the credentials again and brings probes forward. All or nothing: a mistake
    /// keeps what holds and is logged; what needs a restart is named.
    func reload(door: DoorServer, routes: RouteTable) {
        // Credentials have files of their own, which may have been mended: they don't wait for the configuration.
        delivery.mailbox.post(.reload)
        let result: ConfigurationReload
        do throws(ConfigurationErrors) {
            result = try loaded.reloaded(environment: environment)
        } catch {
            for problem in error.problems {
                logger.error(
                    "the configuration was not reloaded, the old one holds",
                    metadata: ["problem": "\(problem)"]
                )
            }
            return
        }
        running.withLockedValue { $0 = result.running }
        let policies = result.running.values.policies
        door.update(policies: policies)
        commit.mailbox.post(.reconfigure(CommitSettings(result.running.values)))
        delivery.mailbox.post(.reconfigure(routes.with(policies)))

        for warning in result.running.warnings { logger.warning("\(plainLine(warning))") }
        for change in result.changes { log(change) }
        let waiting = result.changes.count { $0.applies == .atRestart }
        logger.notice(
            "configuration reloaded",
            metadata: ["changed": "\(result.changes.count - waiting)", "needs_restart": "\(waiting)"]
        )
    }

    private func log(_ change: ConfigurationChange) {
        let metadata: Logger.Metadata = ["key": "\(change.key)", "old": "\(change.old)", "new": "\(change.new)"]
        switch change.applies {
        case .now: logger.notice("setting changed", metadata: metadata)
        case .atRestart: logger.warning("setting needs a restart; the old value holds", metadata: metadata)
        }
    }
}
