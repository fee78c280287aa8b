internal import CLinux
internal import Glibc

/// A thread of our own, for work that blocks. What the body creates never leaves it.
package final class OwnedThread: Sendable {
    private let handle: pthread_t

    /// Starts at once. - Parameter name: at most 15 bytes.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        final class Box {
            let name: String
            let body: @Sendable () -> Void
            init(_ name: String, _ body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }
        var handle = pthread_t()
        let box = Unmanaged.passRetained(Box(name, body))
        let error = pthread_create(
            &handle,
            nil,
            { raw in
                let box = Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue()
                clinux_name_thread(box.name)
                box.body()
                return nil
            },
            box.toOpaque()
        )
        precondition(error == 0, "can't start a thread: error \(error)")
        self.handle = handle
    }

    /// Waits for its end; once only.
    package func join() {
        pthread_join(handle, nil)
    }
}
