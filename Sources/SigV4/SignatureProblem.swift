/// Why a request was not accepted as signed, with the code and the text that AWS uses. The texts quote nothing that the
/// client sent but times and header names.
package enum SignatureProblem: Error, Hashable, Sendable {
    /// No `Authorization` header.
    case missing
    /// The `Authorization` header, or `X-Amz-Date`, is not of the right form; the text says what is wrong.
    case incomplete(String)
    /// Nobody here has this access key, or not with this session token.
    case unknownAccessKey
    /// The session token is right and has run out.
    case expiredToken
    /// The credential scope is for another day, region or service; the text says which.
    case wrongScope(String)
    /// Signed too long ago.
    case expired(signed: SigningTime, now: SigningTime)
    /// Signed in the future.
    case notYetCurrent(signed: SigningTime, now: SigningTime)
    /// A header that has to be signed was not.
    case headerNotSigned(String)
    /// Computed with another secret, or over something else than what arrived.
    case mismatch

    /// How far the signing time may be off, either way, in seconds.
    package static let clockToleranceSeconds: Int64 = 900

    /// AWS's error code, as it stands in `x-amzn-ErrorType`.
    package var code: String {
        switch self {
        case .missing: "MissingAuthenticationTokenException"
        case .incomplete: "IncompleteSignatureException"
        case .unknownAccessKey: "UnrecognizedClientException"
        case .expiredToken: "ExpiredTokenException"
        case .wrongScope, .expired, .notYetCurrent, .headerNotSigned, .mismatch: "InvalidSignatureException"
        }
    }

    /// The HTTP status that goes with all of them.
    package var status: Int { 403 }

    /// For the client.
    package var message: String {
        switch self {
        case .missing: "Missing Authentication Token"
        case .incomplete(let what): what
        case .unknownAccessKey: "The security token included in the request is invalid."
        case .expiredToken: "The security token included in the request is expired"
        case .wrongScope(let what): what
        case .expired(let signed, let now):
            "Signature expired: \(signed) is now earlier than "
                + "\(now.advanced(bySeconds: -Self.clockToleranceSeconds)) (\(now) - 15 min.)"
        case .notYetCurrent(let signed, let now):
            "Signature not yet current: \(signed) is still later than "
                + "\(now.advanced(bySeconds: Self.clockToleranceSeconds)) (\(now) + 15 min.)"
        case .headerNotSigned(let name): "'\(name)' must be a 'SignedHeader' in the AWS Authorization."
        case .mismatch:
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                + "Access Key and signing method. Consult the service documentation for details."
        }
    }
}
