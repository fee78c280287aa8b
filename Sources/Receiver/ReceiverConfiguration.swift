import Glibc

/// What the stand-in for Lambda is to do. The defaults answer every well-formed invocation as Lambda would.
package struct ReceiverConfiguration: Sendable {
    /// A loopback address; any other is refused.
    package var host = "127.0.0.1"
    /// 0: any free one.
    package var port = 0
    package var answers = AnswerRules()
    /// Added before each answer that has no latency of its own.
    package var latencyMilliseconds: Int64 = 0
    /// Access keys whose signatures are accepted; nil: signatures aren't checked.
    package var acceptedKeys: [AcceptedKey]?
    /// Whether a body that is no JSON is answered 400, as Lambda does.
    package var checksJSON = true
    /// A file to which one JSON object a request is appended. Holds payloads: made readable for its owner only.
    package var recordPath: String?
    /// Makes probabilities and request ids the same in each run; nil: different each time.
    package var seed: UInt64?
    /// Milliseconds since 1970: what signatures are judged by and the `Date` of answers says.
    package var clock: @Sendable () -> Int64 = { ReceiverConfiguration.wallClock() }
    /// Told of each invocation once it is read whole and its answer decided, before the answer is sent. Called on the
    /// server's thread: must not block.
    package var onRequest: @Sendable (ReceivedRequest) -> Void = { _ in }
    /// Told, for people, when recording fails (it then ends). Called on the server's thread.
    package var onProblem: @Sendable (String) -> Void = { _ in }

    package init() {}

    /// This machine's clock.
    package static func wallClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
