internal import Engine
internal import Logging
internal import OutboxCore

/// A log line for each attempt, at level debug.
enum AttemptLog {
    /// nil where the level is off: then an attempt costs nothing.
    static func writer(to logger: Logger) -> ((AttemptReport) -> Void)? {
        guard logger.logLevel <= .debug else { return nil }
        return { report in
            var metadata: Logger.Metadata = [
                "event": "\(report.id)", "function": "\(report.function)",
                "duration_ms": "\(report.duration.milliseconds)",
            ]
            guard let blame = report.blame else {
                logger.debug("handed over", metadata: metadata)
                return
            }
            metadata["blame"] = "\(blame.rawValue)"
            metadata["outcome"] = "\(report.outcome)"
            metadata["charged"] = "\(report.charged)"
            metadata["uncertain"] = "\(report.uncertain)"
            if let status = report.status { metadata["status"] = "\(status)" }
            if let code = report.code { metadata["code"] = "\(code)" }
            logger.debug("attempt failed", metadata: metadata)
        }
    }
}
