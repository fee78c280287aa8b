internal import Engine
internal import Logging
internal import OutboxCore

/// Log lines for changes of functions and routes. Reasons are our own words and error codes, never text from the network.
enum StateLog {
    static func write(_ change: StateChange, to logger: Logger) {
        var metadata: Logger.Metadata = [:]
        let what: String
        switch change.subject {
        case .function(_, let function):
            what = "function"
            metadata["function"] = "\(function)"
        case .route(let name):
            what = "route"
            metadata["route"] = "\(name)"
        }
        guard let suspension = change.suspension else {
            logger.notice("\(what) active again", metadata: metadata)
            return
        }
        metadata["reason"] = "\(suspension.reason)"
        if suspension.failedProbes > 0 { metadata["failed_probes"] = "\(suspension.failedProbes)" }
        // A failed probe is the same news again; another reason is not.
        if change.isNews {
            logger.warning("\(what) suspended", metadata: metadata)
        } else {
            logger.info("\(what) still suspended", metadata: metadata)
        }
    }

    /// Requests are signed with another time than the machine's, or no longer.
    static func write(_ notice: ClockNotice, to logger: Logger) {
        let seconds = notice.skew.milliseconds / 1000
        let metadata: Logger.Metadata = ["route": "\(notice.route)", "skew_seconds": "\(seconds)"]
        if notice.isCorrected {
            logger.warning(
                "this machine's clock is off: requests are signed with the time that AWS tells",
                metadata: metadata
            )
        } else {
            logger.notice("this machine's clock is right again: requests are signed with it", metadata: metadata)
        }
    }
}
