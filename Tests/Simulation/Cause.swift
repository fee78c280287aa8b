import OutboxCore

/// What the model of Lambda and of the way to it does to one attempt, and whose fault that is by the specification. This is
/// the oracle's own table: it knows the cause, where the daemon has only the answer.
enum Cause: String, CaseIterable, Sendable {
    case handedOver = "handed over"
    case lostAnswer = "taken, answer cut"
    case cutBefore = "cut before it was taken"
    case timeout = "timeout"
    case timeoutTaken = "timeout, taken"
    case dns, connect, tls, proxy, local
    case noCredentials = "no credentials"
    case garbled
    case bare202 = "202 without a request id"
    case other2xx = "another 2xx"
    case redirect
    case htmlPage = "a proxy's page"
    case gateway = "a gateway's 5xx"
    case expiredToken = "expired token"
    case unknownKey = "unknown key"
    case badSignature = "bad signature"
    case wrongClock = "wrong clock"
    case routeCode = "service unavailable"
    case routeThrottle = "throttled, account"
    case functionThrottle = "throttled, function"
    case ec2Throttle = "throttled, EC2"
    case eventCode = "event refused"
    case functionCode = "function fails"
    case configuration = "function misconfigured"
    case accessDenied = "access denied"
    case serviceException = "service exception"
    case unknown4xx = "unknown 4xx"
    case unknown5xx = "unknown 5xx"
    case corrupt

    /// nil: handed over.
    var blame: Blame? {
        switch self {
        case .handedOver: nil
        case .routeThrottle, .functionThrottle, .ec2Throttle: .throttle
        case .eventCode, .corrupt: .event
        case .functionCode, .configuration, .accessDenied, .serviceException, .unknown5xx: .function
        case .unknown4xx: .unknown
        default: .route
        }
    }

    /// Whether Lambda got the event.
    var isTaken: Bool {
        switch self {
        case .handedOver, .lostAnswer, .timeoutTaken, .bare202: true
        default: false
        }
    }

    /// Whether the sender can't know that Lambda didn't get it.
    var isUncertain: Bool {
        switch self {
        case .lostAnswer, .cutBefore, .timeout, .timeoutTaken, .garbled, .bare202, .other2xx, .gateway: true
        default: false
        }
    }

    /// The route's fault, after something was sent: such failures make a suspect.
    var isMidway: Bool { blame == .route && !isUnsent }

    /// The failure came before anything was sent.
    var isUnsent: Bool {
        switch self {
        case .dns, .connect, .tls, .proxy, .local, .noCredentials: true
        default: false
        }
    }

    /// Where every function of a route has it, the route is to blame.
    var canBeShared: Bool {
        switch self {
        case .accessDenied, .serviceException, .unknown4xx, .unknown5xx: true
        default: false
        }
    }
}
