internal import OutboxCore

/// One answer for all who ask for it at about the same time. To make it costs the loops time that accepting and delivering
/// need (P6): it is never made twice at once.
actor Shared<Value: Sendable> {
    private var latest: (value: Value, at: MonotonicTime)?
    private var underWay: Task<Value, any Error>?
    /// Answers that were begun so far.
    private var begun = 0

    /// An answer that was made `maxAge` ago at most. With zero it is begun after the question: who asks while one is being
    /// made shares the next.
    ///
    /// - Throws: what `make` throws, to all who share it; it isn't kept.
    func value(
        maxAge: Span,
        clock: any TimeSource,
        _ make: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let asked = begun
        while let underWay {
            if maxAge > .zero || begun > asked { return try await underWay.value }
            _ = await underWay.result
        }
        if let latest, clock.now().monotonic.since(latest.at) < maxAge { return latest.value }
        begun += 1
        let task = Task { try await make() }
        underWay = task
        let result = await task.result
        underWay = nil
        let value = try result.get()
        latest = maxAge > .zero ? (value, clock.now().monotonic) : nil
        return value
    }
}
