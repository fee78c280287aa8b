/// Why the door refuses a request: a code that clients know, and a text for people that says what to do.
///
/// The text holds nothing of a payload; parts of names and options are quoted, since the producer sent them himself.
package struct Refusal: Error, Hashable, Sendable {
    /// The error code, as it stands in `x-amzn-ErrorType`.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case badRequest = "BadRequestException"
        case invalidRequestContent = "InvalidRequestContentException"
        case validation = "ValidationException"
        case invalidParameterValue = "InvalidParameterValueException"
        case loop = "OutboxLoopException"
        case accessDenied = "AccessDeniedException"
        case unknownOperation = "UnknownOperationException"
        case resourceNotFound = "ResourceNotFoundException"
        case requestTimeout = "RequestTimeoutException"
        case idempotentParameterMismatch = "IdempotentParameterMismatchException"
        case requestEntityTooLarge = "RequestEntityTooLargeException"
        case tooManyRequests = "TooManyRequestsException"
        case headersTooLarge = "RequestHeaderFieldsTooLargeException"
        case serviceUnavailable = "ServiceUnavailableException"

        /// The HTTP status that goes with it.
        package var status: Int {
            switch self {
            case .badRequest, .invalidRequestContent, .validation, .invalidParameterValue, .loop: 400
            case .accessDenied: 403
            case .unknownOperation, .resourceNotFound: 404
            case .requestTimeout: 408
            case .idempotentParameterMismatch: 409
            case .requestEntityTooLarge: 413
            case .tooManyRequests: 429
            case .headersTooLarge: 431
            case .serviceUnavailable: 503
            }
        }

        /// Whose fault it is, in AWS's words: the `Type` of the body.
        package var type: String { status >= 500 ? "Service" : "User" }
    }

    package var code: Code
    package var message: String
    /// When to come back; for 429 and 503.
    package var retryAfter: Span?

    package init(_ code: Code, _ message: String, retryAfter: Span? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}
