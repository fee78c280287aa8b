internal import CLinux
internal import Glibc

/// An eventfd: any thread signals, the owning thread polls and drains it.
package final class WakeSignal: Sendable {
    package let descriptor: Int32

    package init() {
        descriptor = clinux_eventfd()
        precondition(descriptor >= 0, "no descriptor for an eventfd: errno \(errno)")
    }

    deinit {
        close(descriptor)
    }

    /// Any thread; several signals before one drain are one wake-up.
    package func signal() {
        clinux_eventfd_signal(descriptor)
    }

    /// Owner only: takes the pending wake-ups away.
    package func drain() {
        clinux_eventfd_drain(descriptor)
    }

    /// Waits until signalled, at most `milliseconds` (negative: for ever).
    package func wait(milliseconds: Int64) {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&poller, 1, Int32(clamping: milliseconds))
    }

    /// Waits until signalled, at most `nanoseconds`.
    package func wait(nanoseconds: Int64) {
        clinux_poll(descriptor, nanoseconds)
    }
}
