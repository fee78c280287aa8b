package import SigV4

/// One invocation that arrived, and what it was answered.
package struct ReceivedRequest: Sendable {
    /// Counts invocations from 1, over all connections.
    package var number: Int
    /// Counts connections from 1.
    package var connection: Int
    /// Counts invocations on this connection from 1.
    package var numberOnConnection: Int
    /// Milliseconds since 1970.
    package var time: Int64
    /// The bare name, also where a full ARN was given.
    package var function: String
    /// From the name or the query.
    package var qualifier: String?
    /// As it stood in the path, decoded: `orders`, `orders:live`, an ARN.
    package var target: String
    /// RequestResponse where the header says nothing or nothing that Lambda knows.
    package var invocationType: InvocationType
    package var body: [UInt8]
    /// SHA-256 of the body, 32 bytes.
    package var bodyHash: [UInt8]
    package var headers: [(name: String, value: String)]
    package var signature: SignatureVerdict
    package var answer: GivenAnswer

    /// The first value of a header, whatever the case of its name.
    package func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }

    /// `orders` or `orders:live`.
    package var qualifiedFunction: String { qualifier.map { "\(function):\($0)" } ?? function }
}

/// What the caller asked for, in the words of the `X-Amz-Invocation-Type` header.
package enum InvocationType: String, Sendable {
    case event = "Event"
    case requestResponse = "RequestResponse"
    case dryRun = "DryRun"
}

/// What became of the check of a request's signature.
package enum SignatureVerdict: Hashable, Sendable {
    /// The receiver was given no access keys to check against.
    case notChecked
    case valid(accessKeyID: String)
    case refused(SignatureProblem)
}

/// What was done about a request.
package struct GivenAnswer: Hashable, Sendable {
    /// The HTTP status; nil where the connection was cut before one was sent, or hangs.
    package var status: Int?
    /// What the answer was: `202`, an error code, `cut`, `half`, `hang`, `html`, `202-no-id`.
    package var name: String
    /// The `x-amzn-RequestId`, where one was sent.
    package var requestID: String?
    /// Whether the client may take it for a hand-over: a whole 202 with its request id, to an Event.
    package var isHandOver: Bool
}
