/// Tells who waits at a terminal, or reads a log, why nothing happens: producers wait while the daemon starts.
enum WaitingNote {
    /// Calls `say` once if `body` takes longer than `patience`, which is given up when `body` ends.
    static func saying<Value, Failure: Error>(
        after patience: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(5)) },
        _ say: @escaping @Sendable () -> Void,
        while body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let note = Task {
            do { try await patience() } catch { return }
            say()
        }
        defer { note.cancel() }
        return try body()
    }
}
