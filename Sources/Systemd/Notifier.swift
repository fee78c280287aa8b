internal import CSystemd
internal import Glibc

/// Tells systemd how the daemon is (sd_notify(3)). Does nothing where systemd did not ask for it. Any thread.
package struct Notifier: Sendable {
    package init() {}

    /// The door serves.
    package func ready(_ status: String) { sd_notify(0, "READY=1\nSTATUS=\(LogText.line(status))") }
    /// The line that `systemctl status` shows.
    package func status(_ status: String) { sd_notify(0, "STATUS=\(LogText.line(status))") }
    /// The stop has begun, and may take so many seconds from now on, whatever the unit's TimeoutStopSec says.
    package func stopping(_ status: String, seconds: Int64) {
        sd_notify(0, "STOPPING=1\nSTATUS=\(LogText.line(status))\nEXTEND_TIMEOUT_USEC=\(seconds)000000")
    }
    /// A start or a stop under way may take so many seconds from now on. It never shortens what the unit allows.
    package func extend(_ status: String, seconds: Int64) {
        sd_notify(0, "STATUS=\(LogText.line(status))\nEXTEND_TIMEOUT_USEC=\(seconds)000000")
    }
    /// The work loops are alive; to be called only when all of them are.
    package func watchdog() { sd_notify(0, "WATCHDOG=1") }

    /// How often `watchdog` must be called at least, in microseconds: half of what systemd allows; nil: no watchdog.
    package var watchdogInterval: UInt64? {
        var limit: UInt64 = 0
        return sd_watchdog_enabled(0, &limit) > 0 ? limit / 2 : nil
    }
}

/// Listening sockets handed in by systemd (sd_listen_fds(3)).
package enum HandedInSockets {
    /// The first descriptor, or nil if none was handed in. To be called once: the environment is cleared.
    package static func take() -> Int32? {
        sd_listen_fds(1) > 0 ? 3 : nil
    }
}
