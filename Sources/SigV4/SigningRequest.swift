/// A request to sign, or one that came in and is to be verified: everything as it stands on the wire.
package struct SigningRequest: Sendable {
    package var method: String
    /// Percent-encoded once, as sent; empty stands for `/`.
    package var path: String
    /// As sent, without the question mark.
    package var query: String
    /// In the order sent. `Host` must be among them. `Authorization` is never signed; when signing, `X-Amz-Date` and
    /// `X-Amz-Security-Token` are replaced by the signer's own.
    package var headers: [(name: String, value: String)]
    package var payloadHash: PayloadHash

    package init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)],
        payloadHash: PayloadHash
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.payloadHash = payloadHash
    }
}

/// The SHA-256 of the body, in the form that is at hand.
package enum PayloadHash: Sendable {
    /// The body itself; hashed while signing.
    case body([UInt8])
    /// 32 bytes.
    case digest([UInt8])
    /// 64 lower-case hexadecimal digits.
    case hex(String)

    /// The hash of no bytes.
    package static let empty = PayloadHash.hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
}

extension ByteWriter {
    mutating func append(_ hash: PayloadHash) {
        switch hash {
        case .body(let bytes):
            bytes.withUnsafeBytes { appendHexadecimalHash(of: $0) }
        case .digest(let digest):
            precondition(digest.count == SHA256.byteCount, "a SHA-256 has 32 bytes")
            digest.withUnsafeBufferPointer { appendHexadecimal($0) }
        case .hex(let text):
            append(text)
        }
    }

    /// The SHA-256 of some bytes as 64 digits.
    mutating func appendHexadecimalHash(of bytes: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SHA256.byteCount) { digest in
            SHA256.digest(bytes, into: digest.baseAddress!)
            appendHexadecimal(UnsafeBufferPointer(digest))
        }
    }
}
