package import AdminAPI
import Hummingbird

/// A refusal that operators see, with the HTTP status that goes with it. The text is ours and holds no payload.
package struct AdminError: Error, Hashable, Sendable {
    /// For programs; the words of `ErrorBody.code`.
    package enum Code: String, Sendable {
        case invalid
        /// Not on this listener, or not by this Host.
        case forbidden
        case notFound = "not-found"
        case tooLarge = "too-large"
        /// The daemon can't do it now: shutting down, or the disk is full.
        case unavailable
        case internalError = "internal"
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var body: ErrorBody { ErrorBody(code: code.rawValue, message: message) }

    var status: HTTPResponse.Status {
        switch code {
        case .invalid: .badRequest
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .tooLarge: .contentTooLarge
        case .unavailable: .serviceUnavailable
        case .internalError: .internalServerError
        }
    }
}
