internal import CLinux
internal import Glibc
package import OutboxCore

/// The machine's clocks. The only place that reads them for the loops.
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> Moment {
        Moment(
            wall: WallTime(milliseconds: clinux_realtime_ms()),
            monotonic: MonotonicTime(nanoseconds: clinux_boottime_ns())
        )
    }

    /// Whether the kernel says that its clock is synchronised.
    ///
    /// Where a service may not ask the kernel (ProtectClock=), systemd-timesyncd's mark tells
    /// (systemd-time-wait-sync.service(8)).
    package static var isSynchronised: Bool {
        clinux_clock_is_synchronised() || access("/run/systemd/timesync/synchronized", F_OK) == 0
    }
}
