import Glibc

/// State that several threads share in a test, and wait on.
// @unchecked: every access to `state` holds `mutex`.
package final class FakeLambdaMonitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    package init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Reads or changes the state, and wakes everyone who waits.
    @discardableResult
    package func with<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// Waits until the state is as asked; false if it isn't after so many seconds.
    @discardableResult
    package func wait(seconds: Int, until isReached: (State) -> Bool) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += seconds
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReached(state) {
            if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return isReached(state) }
        }
        return true
    }
}

/// Something a FakeLambda waits for, and a test opens. Opens by itself after a minute, so that no thread stays behind.
package final class FakeLambdaGate: Sendable {
    private let isOpen = FakeLambdaMonitor(false)

    package init() {}

    /// Lets everyone through from now on.
    package func open() { isOpen.with { $0 = true } }
    /// Until it is open.
    package func wait() { isOpen.wait(seconds: 60) { $0 } }
}
