import OutboxCore

/// Lambda, and the way there: decides how each attempt ends, and knows why.
final class LambdaModel {
    private struct State {
        var mood: Mood = .healthy
        var moodEndsAt: Int64 = 0
        var bucket: Bucket?
        var reason: String?
        var retryAfter: Span?
        var code = ""
    }

    private let record: Record
    private let keys: Keys
    private var random: Seeded
    private var states: [State]
    private(set) var queue: LambdaQueue
    /// The account's limits, by route.
    private var accounts: [Bucket?]
    private var accountReasons: [(code: String, reason: String?, retryAfter: Span?)]
    /// By message: what something on the way does to it, always.
    private var cursed: [Int: Cause] = [:]
    private var requests = 0
    /// Nothing is wrong any more.
    var isCalm = false

    init(_ record: Record, keys: Keys, random: Seeded) {
        self.record = record
        self.keys = keys
        self.random = random
        states = record.plan.functions.map { _ in State() }
        queue = LambdaQueue(record.plan)
        accounts = record.plan.routes.map { _ in nil }
        accountReasons = record.plan.routes.map { _ in ("TooManyRequestsException", "CallerRateLimitExceeded", nil) }
        for index in accounts.indices where self.random.oneIn(4) {
            accounts[index] = Bucket(perSecond: Double(self.random.int(2...60)))
            accountReasons[index] = (
                self.random.oneIn(3) ? "ThrottlingException" : "TooManyRequestsException",
                self.random.oneIn(2) ? "CallerRateLimitExceeded" : "ConcurrentInvocationLimitExceeded",
                retryAfter()
            )
        }
    }

    /// Something between here and Lambda takes exception to this message's bytes, whenever it comes by.
    func curse(_ message: Int) {
        cursed[message] = random.oneIn(8) ? .corrupt : random.oneIn(2) ? .cutBefore : .htmlPage
        record.happened(.cursed)
    }

    /// - Parameter defect: the event itself is bad, and Lambda says so.
    func judge(_ attempt: AttemptRequest, function: Int, message: Int, defect: Bool) -> (Cause, SimulatedAnswer) {
        let plan = record.plan.functions[function]
        let cause = cause(attempt, function, message, defect)
        var after = Int64.random(in: plan.latency, using: &random)
        switch cause {
        case .dns, .connect, .tls, .proxy, .local, .noCredentials, .corrupt:
            after = Int64.random(in: 1...50, using: &random)
        case .timeout, .timeoutTaken: after = 30_000
        default:
            if states[function].mood == .slow, !isCalm { after = Int64.random(in: 10_000...29_000, using: &random) }
        }
        if cause.isTaken, queue.take(attempt.event.id, function, at: record.nanoseconds) {
            record.happened(.lostInLambda)
        }
        return (cause, answer(cause, function, after))
    }

    private func cause(_ attempt: AttemptRequest, _ function: Int, _ message: Int, _ defect: Bool) -> Cause {
        let plan = record.plan.functions[function]
        let now = record.nanoseconds
        if attempt.credentials == nil { return .noCredentials }
        if !isCalm {
            for outage in record.plan.outages
            where outage.route == plan.route && outage.function ?? function == function && outage.time.contains(now) {
                return outage.cause
            }
            if let cause = cursed[message] { return cause }
            let weights = record.plan.weights
            if random.oneIn(weights.cut) {
                return [Cause.cutBefore, .lostAnswer, .timeout, .timeoutTaken, .lostAnswer].randomElement(
                    using: &random
                )!
            }
            if random.oneIn(weights.odd) {
                return [Cause.garbled, .bare202, .other2xx, .redirect, .htmlPage, .gateway, .routeCode]
                    .randomElement(using: &random)!
            }
        }
        let skew = attempt.signingTime.since(record.world.serverTime).milliseconds
        if abs(skew) > 300_000 { return .wrongClock }
        if let problem = keys.judge(attempt.credentials!, route: plan.route) { return problem }
        if isCalm { return .handedOver }
        if let cause = throttle(function, plan.route, now: now) { return cause }
        if defect { return .eventCode }
        return mood(function, now: now)
    }

    private func throttle(_ function: Int, _ route: Int, now: Int64) -> Cause? {
        if accounts[route] != nil, !accounts[route]!.take(at: now) { return .routeThrottle }
        if states[function].bucket != nil, !states[function].bucket!.take(at: now) {
            return random.oneIn(6) ? .ec2Throttle : .functionThrottle
        }
        return nil
    }

    private func mood(_ function: Int, now: Int64) -> Cause {
        if now >= states[function].moodEndsAt { changeMood(function, now: now) }
        switch states[function].mood {
        case .healthy, .throttled, .slow, .storm: return .handedOver
        case .flaky: return random.oneIn(2) ? .functionCode : .handedOver
        case .failing: return random.oneIn(4) ? .unknown5xx : .functionCode
        case .misconfigured: return .configuration
        case .accessDenied: return .accessDenied
        case .serviceTrouble: return .serviceException
        case .unknownCode: return .unknown4xx
        case .refusing: return random.oneIn(3) ? .eventCode : .handedOver
        case .refusingAll: return .eventCode
        }
    }

    private func changeMood(_ function: Int, now: Int64) {
        let moods = record.plan.functions[function].moods
        let mood = moods.randomElement(using: &random)!
        states[function].mood = mood
        states[function].moodEndsAt = now + random.seconds(2...90)
        states[function].bucket = nil
        states[function].code = [
            "InvalidRequestContentException", "RequestTooLargeException", "DurableExecutionAlreadyStartedException",
            "RecursiveInvocationException", "InvalidParameterValueException", "ValidationException",
        ].randomElement(using: &random)!
        guard mood == .throttled || mood == .storm else { return }
        states[function].bucket = Bucket(perSecond: mood == .storm ? 0.5 : Double(random.int(1...80)))
        states[function].retryAfter = retryAfter()
        states[function].reason = [
            "ReservedFunctionConcurrentInvocationLimitExceeded", "ReservedFunctionInvocationRateLimitExceeded",
            "FunctionInvocationRateLimitExceeded", "SomethingNew", nil,
        ].randomElement(using: &random)!
    }

    private func retryAfter() -> Span? {
        random.oneIn(2) ? nil : random.oneIn(10) ? .seconds(1800) : .seconds(Int64(random.int(0...20)))
    }

    /// Retry-After of the throttles that a function has now.
    func retryAfter(of cause: Cause, function: Int) -> Span? {
        switch cause {
        case .routeThrottle: accountReasons[record.plan.functions[function].route].retryAfter
        case .functionThrottle: states[function].retryAfter
        default: nil
        }
    }

    // MARK: Words

    private func answer(_ cause: Cause, _ function: Int, _ after: Int64) -> SimulatedAnswer {
        func failed(_ kind: TransportFailure.Kind, sent: Bool) -> SimulatedAnswer {
            .failed(kind, sent: sent, after: after)
        }
        func aws(_ status: Int, _ code: String?, reason: String? = nil, retryAfter: Span? = nil) -> SimulatedAnswer {
            requests += 1
            return .answered(
                Answer(
                    status: status,
                    code: code,
                    message: code.map { _ in "simulated" },
                    requestID: "r-\(requests)",
                    reason: reason,
                    retryAfter: retryAfter,
                    date: record.world.serverTime
                ),
                after: after
            )
        }
        func proxy(_ status: Int) -> SimulatedAnswer {
            .answered(Answer(status: status, message: "<html>", date: WallTime(milliseconds: 1_000_000)), after: after)
        }
        switch cause {
        case .handedOver: return aws(202, nil)
        case .lostAnswer, .cutBefore: return failed(.cut, sent: true)
        case .timeout, .timeoutTaken: return failed(.timeout, sent: true)
        case .dns: return failed(.dns, sent: false)
        case .connect: return failed(.connect, sent: false)
        case .tls: return failed(.tls, sent: false)
        case .proxy: return failed(.proxy, sent: false)
        case .local: return failed(.local, sent: false)
        case .noCredentials: return failed(.credentials, sent: false)
        case .corrupt: return failed(.corrupt, sent: false)
        case .garbled: return failed(.garbled, sent: true)
        case .bare202: return proxy(202)
        case .other2xx: return proxy(random.oneIn(2) ? 200 : 204)
        case .redirect: return proxy(random.oneIn(2) ? 302 : 307)
        case .htmlPage: return proxy([403, 404, 407, 429].randomElement(using: &random)!)
        case .gateway: return proxy([500, 502, 503, 504].randomElement(using: &random)!)
        case .expiredToken: return aws(403, "ExpiredTokenException")
        case .unknownKey: return aws(403, "UnrecognizedClientException")
        case .badSignature, .wrongClock: return aws(403, "InvalidSignatureException")
        case .routeCode: return aws(503, "ServiceUnavailableException")
        case .routeThrottle:
            let words = accountReasons[record.plan.functions[function].route]
            return aws(429, words.code, reason: words.reason, retryAfter: words.retryAfter)
        case .functionThrottle:
            let state = states[function]
            return aws(429, "TooManyRequestsException", reason: state.reason, retryAfter: state.retryAfter)
        case .ec2Throttle: return aws(502, "EC2ThrottledException")
        case .eventCode:
            let code = states[function].code.isEmpty ? "InvalidRequestContentException" : states[function].code
            return aws(400, code)
        case .functionCode: return aws(502, random.oneIn(2) ? "ResourceNotReadyException" : "ResourceConflictException")
        case .configuration: return aws(404, random.oneIn(2) ? "ResourceNotFoundException" : "KMSAccessDeniedException")
        case .accessDenied: return aws(403, "AccessDeniedException")
        case .serviceException: return aws(500, "ServiceException")
        case .unknown4xx: return aws(418, "SomethingNewException")
        case .unknown5xx: return aws(599, "SomethingBrokenException")
        }
    }
}

/// A token bucket as a receiver has one: a second's worth of burst.
struct Bucket {
    var perSecond: Double
    private var tokens: Double
    private var at: Int64 = 0

    init(perSecond: Double) {
        self.perSecond = perSecond
        tokens = max(1, perSecond)
    }

    mutating func take(at now: Int64) -> Bool {
        tokens = min(max(1, perSecond), tokens + Double(now - at) / 1e9 * perSecond)
        at = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
