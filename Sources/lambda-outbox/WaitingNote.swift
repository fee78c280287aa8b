/// Tells who waits at a terminal, or reads a log, why nothing happens: producers wait while the daemon starts.
enum WaitingNote {
    /// Calls `say` once if `body` takes longer than `patience`.
    static func saying<Value>(
        after patience: Duration = .seconds(5),
        _ say: @escaping @Sendable () -> Void,
        while body: () throws -> Value
    ) rethrows -> Value {
        let note = Task {
            do { try await Task.sleep(for: patience) } catch { return }
            say()
        }
        defer { note.cancel() }
        return try body()
    }
}
