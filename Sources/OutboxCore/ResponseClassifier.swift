/// Judges one attempt by its outcome alone: who is to blame, and what follows at once. Pure; the error code decides
/// first, the status only where the code is unknown (400 alone covers four of the five blames).
///
/// ```
/// answer                                              blame       besides
/// 202 with x-amzn-RequestId                           none        handed over
/// code OutboxLoopException, with or without id        route
/// 202 without x-amzn-RequestId                        route       uncertain: it may have passed Lambda's on
/// any other 2xx                                       route       uncertain
/// 3xx (never followed)                                route
/// anything without x-amzn-RequestId                   route       uncertain for 5xx: a gateway may have lost the answer
/// a code of `ErrorCodes`                              its entry   throttle scope, suspends, refreshes, clock
///   InvalidSignature with a date text                 route       clock
/// unknown code: 429                                   throttle    scope: function
///               407                                   route
///               408, 5xx                              function
///               other 4xx                             unknown
///
/// no answer
/// dns, connect, tls, proxy, credentials, local        route       not sent: no duplicate possible
/// cut, timeout, garbled (or any, once sent)           route       uncertain
/// corrupt (nothing was sent)                          event
/// ```
package enum ResponseClassifier {
    /// What the outcome of one attempt means. Its `reason` is made of our words, codes and statuses only (P11).
    package static func verdict(for outcome: AttemptOutcome) -> Verdict {
        switch outcome {
        case .answered(let answer): verdict(for: answer)
        case .failed(let failure): verdict(for: failure)
        }
    }

    private static func verdict(for answer: Answer) -> Verdict {
        if let code = answer.code, ErrorCodes.stem(of: code) == ErrorCodes.stem(of: ErrorCodes.loop) {
            return byCode(code, answer) ?? byStatus(answer)
        }
        switch answer.status {
        case 202 where answer.requestID != nil || Planted.anyAcceptedIsLambdas:
            return Verdict(blame: nil, reason: "handed over")
        case 202:
            return route(answer, "a 202 without x-amzn-RequestId: some proxy answered, not Lambda", uncertain: true)
        case 200..<300:
            return route(
                answer,
                "status \(answer.status) where Lambda answers 202: some proxy answered",
                uncertain: true
            )
        case 300..<400:
            return route(answer, "a redirect (status \(answer.status)): not Lambda, never followed")
        default:
            break
        }
        if answer.requestID == nil {
            return route(
                answer,
                answer.status == 407
                    ? "status 407: a proxy demands a user and password"
                    : "status \(answer.status) without x-amzn-RequestId: some proxy answered, not Lambda",
                uncertain: answer.status >= 500
            )
        }
        return answer.code.flatMap { byCode($0, answer) } ?? byStatus(answer)
    }

    private static func byCode(_ code: String, _ answer: Answer) -> Verdict? {
        guard let entry = ErrorCodes.entry(for: code) else { return nil }
        let isTooManyRequests = ErrorCodes.stem(of: code) == "TooManyRequests"
        let meaning = entry.clock && speaksOfDates(answer.message) ? "the clock is off" : entry.meaning
        return Verdict(
            blame: entry.blame,
            reason: "\(code) (\(answer.status)): \(meaning)",
            suspendsAtOnce: entry.suspendsAtOnce,
            canBeRoutes: entry.canBeRoutes,
            throttleScope: isTooManyRequests ? ErrorCodes.throttleScope(reason: answer.reason) : entry.scope,
            retryAfter: answer.retryAfter,
            refreshesCredentials: entry.refreshesCredentials,
            clock: entry.clock
        )
    }

    private static func byStatus(_ answer: Answer) -> Verdict {
        let blame: Blame =
            switch answer.status {
            case 429: .throttle
            case 407: .route
            case 408, 500...: .function
            case 400..<500: .unknown
            default: .route
            }
        let code = answer.code.flatMap { ErrorCodes.isPresentable($0) ? $0 : nil } ?? "HTTP-\(answer.status)"
        return Verdict(
            blame: blame,
            reason: "\(code) (\(answer.status)): a code that lambda-outbox doesn't know",
            canBeRoutes: true,
            retryAfter: answer.retryAfter
        )
    }

    private static func route(_ answer: Answer, _ reason: String, uncertain: Bool = false) -> Verdict {
        Verdict(
            blame: .route,
            reason: reason,
            uncertain: uncertain,
            isMidway: true,
            retryAfter: answer.retryAfter
        )
    }

    private static func verdict(for failure: TransportFailure) -> Verdict {
        Verdict(
            blame: failure.kind == .corrupt ? .event : .route,
            reason: "\(failure.kind.rawValue): \(failure.message)",
            uncertain: failure.sent,
            isMidway: failure.sent,
            sent: failure.sent,
            clock: failure.isCertificateDate
        )
    }

    /// The two texts AWS gives with a signature whose date is out of bounds. Decides about words only.
    private static func speaksOfDates(_ message: String?) -> Bool {
        guard let message else { return false }
        return message.hasPrefix("Signature expired") || message.hasPrefix("Signature not yet current")
    }
}

extension TransportFailure: Error {
    /// The peer's certificate isn't valid at this time: it has run out, or our clock is off. Which one can't be told
    /// from here, so the words name both.
    package static let certificateDate = TransportFailure(
        kind: .tls,
        sent: false,
        message: "clock or certificate: the server's certificate is not valid at this time"
    )

    /// Whether it is that one; the clock is worth a look then.
    package var isCertificateDate: Bool { self == .certificateDate }
}
