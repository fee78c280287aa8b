internal import Engine
internal import Glibc
internal import Logging
internal import OutboxCore
internal import SQLiteStore
internal import Systemd

/// What systemd is told while the daemon starts, serves and stops.
extension OutboxDaemon {
    /// How often the status line is renewed.
    private static var statusInterval: Duration { .seconds(5) }

    /// STATUS= for people who type `systemctl status`, and WATCHDOG= as long as all three loops answer.
    func reportToSystemd(_ notifier: Notifier) async {
        let watchdog = notifier.watchdogInterval.map { Duration.microseconds(Int64(clamping: $0)) }
        let interval = min(Self.statusInterval, watchdog ?? Self.statusInterval)
        while let state = await serviceState(), !Task.isCancelled {
            notifier.status(state.line)
            notifier.watchdog()
            try? await Task.sleep(for: interval)
        }
    }

    /// Asks the commit, the delivery and the read loop. It waits for one that hangs, and the watchdog is not fed meanwhile.
    private func serviceState() async -> ServiceState? {
        guard let commits = await commit.report(), let deliveries = await delivery.report() else { return nil }
        guard (try? await read.ask { (_: inout SQLiteReader) throws(StoreError) in () }) != nil else { return nil }
        let dispatch = deliveries.dispatch
        return ServiceState(
            queued: commits.totals.queued,
            inFlight: dispatch.inFlight,
            dead: commits.totals.dead,
            refusing: commits.refusing,
            routes: dispatch.routes.compactMap { route in route.suspension.map { (route.name, $0.reason) } },
            functions: dispatch.functions.count { $0.suspension != nil }
        )
    }

    /// Before a check of the whole database: systemd gives the start as much time as a slow disk needs to read it.
    func announceCheck(_ reason: CheckReason) {
        logger.notice("\(reason.line)")
        extend("checking the database")
    }

    func announceCopy() {
        logger.notice("copying the database before its schema is changed")
        extend("copying the database before an upgrade")
    }

    private func extend(_ doing: String) {
        var status = stat()
        let bytes = stat(files.database, &status) == 0 ? Int64(status.st_size) : 0
        Notifier().extend(doing, seconds: CheckTime.seconds(databaseBytes: bytes))
    }

    func report(_ upgrade: SchemaUpgrade) {
        let versions: Logger.Metadata = ["from": "\(upgrade.from)", "to": "\(upgrade.to)"]
        if let copy = upgrade.copy {
            logger.notice(
                "the database has a newer schema; the copy of before goes at a later start, after a stop in order",
                metadata: versions.merging(["copy": "\(copy)"]) { $1 }
            )
        } else {
            logger.warning(
                "the database has a newer schema; there was no room for a copy of before",
                metadata: versions
            )
        }
    }
}

/// How long a check of the database may take.
enum CheckTime {
    /// The slowest disk that is reckoned with.
    private static let bytesPerSecond: Int64 = 5 << 20

    static func seconds(databaseBytes: Int64) -> Int64 {
        90 + databaseBytes / bytesPerSecond
    }
}
