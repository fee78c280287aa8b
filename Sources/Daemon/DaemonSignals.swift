internal import UnixSignals

/// The signals that the daemon acts on, as a stream. Trapped from `init` on.
struct DaemonSignals: Sendable {
    enum Request: Sendable { case stop, reload }

    let requests: AsyncStream<Request>
    private let task: Task<Void, Never>
    private let continuation: AsyncStream<Request>.Continuation

    init() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let (stream, continuation) = AsyncStream.makeStream(of: Request.self)
        requests = stream
        self.continuation = continuation
        task = Task {
            for await signal in signals { continuation.yield(signal == .sighup ? .reload : .stop) }
        }
    }

    /// As if the signal to stop had come.
    func stop() {
        continuation.yield(.stop)
    }

    func end() {
        task.cancel()
        continuation.finish()
    }
}
