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
        // The first time it is news; a failed probe is the same news again.
        if suspension.failedProbes == 0 {
            logger.warning("\(what) suspended", metadata: metadata)
        } else {
            logger.info("\(what) still suspended", metadata: metadata)
        }
    }
}
