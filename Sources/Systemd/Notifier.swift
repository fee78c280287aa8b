internal import CSystemd
internal import Glibc

/// Tells systemd how the daemon is (sd_notify(3)). Does nothing where systemd did not ask for it. Any thread.
package struct Notifier: Sendable {
    package init() {}

    /// The door serves.
    package func ready(_ status: String) { sd_notify(0, "READY=1\nSTATUS=\(Self.line(status))") }
    package func status(_ status: String) { sd_notify(0, "STATUS=\(Self.line(status))") }
    package func stopping() { sd_notify(0, "STOPPING=1") }
    /// The work loops are alive; to be called only when all of them are.
    package func watchdog() { sd_notify(0, "WATCHDOG=1") }

    /// How often `watchdog` must be called at least, in microseconds: half of what systemd allows; nil: no watchdog.
    package var watchdogInterval: UInt64? {
        var limit: UInt64 = 0
        return sd_watchdog_enabled(0, &limit) > 0 ? limit / 2 : nil
    }

    private static func line(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}

/// Listening sockets handed in by systemd (sd_listen_fds(3)).
package enum HandedInSockets {
    /// The first descriptor, or nil if none was handed in. To be called once: the environment is cleared.
    package static func take() -> Int32? {
        sd_listen_fds(1) > 0 ? 3 : nil
    }
}
