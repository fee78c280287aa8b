/// Signs requests with AWS Signature Version 4, by `Authorization` header, for one region and service.
///
/// Owned by one thread: it keeps buffers, the libcrypto contexts and the last signing keys. The key is derived once for
/// a UTC day and credentials; day and `X-Amz-Date` come from the same instant.
package struct Signer: ~Copyable {
    package let region: String
    package let service: String
    private var canonical: CanonicalRequest
    private var stringToSignText = ByteWriter(capacity: 256)
    private var keys = SigningKeyCache()
    private var lastTime: (time: SigningTime, text: String)?

    /// `normalizesPath` is false only for services like S3.
    package init(region: String, service: String, normalizesPath: Bool = true) {
        self.region = region
        self.service = service
        canonical = CanonicalRequest(normalizesPath: normalizesPath)
    }

    /// The headers to add to the request. Nothing else of it may change afterwards but headers that are never signed.
    ///
    /// - Precondition: `Host` is among the request's headers.
    package mutating func sign(
        _ request: SigningRequest,
        credentials: SigningCredentials,
        time: SigningTime
    ) -> SignedHeaders {
        let date = text(of: time)
        canonical.headers.removeAll()
        for (name, value) in request.headers { canonical.headers.addSignable(name, value) }
        precondition(canonical.headers.contains("host"), "a request is signed with its Host header")
        canonical.headers.add("x-amz-date", date)
        if let token = credentials.sessionToken { canonical.headers.add("x-amz-security-token", token) }
        canonical.write(request)

        let key = keys.key(time: time, region: region, service: service, credentials: credentials)
        stringToSignText.writeStringToSign(date: date, scope: key.scope, canonicalRequest: canonical.text)
        return SignedHeaders(
            date: date,
            authorization: authorization(key, accessKeyID: credentials.accessKeyID),
            securityToken: credentials.sessionToken
        )
    }

    /// Of the last `sign`: for tests and for finding out why a service disagrees. Holds the session token.
    package var canonicalRequest: String { canonical.text.string(0..<canonical.text.count) }

    /// Of the last `sign`.
    package var stringToSign: String { stringToSignText.string(0..<stringToSignText.count) }

    /// How many signing keys were derived so far.
    package var keyDerivations: Int { keys.derivations }

    private mutating func text(of time: SigningTime) -> String {
        if let last = lastTime, last.time == time { return last.text }
        let text = time.description
        lastTime = (time, text)
        return text
    }

    private var header = ByteWriter(capacity: 512)

    private mutating func authorization(_ key: SigningKey, accessKeyID: String) -> String {
        header.removeAll()
        header.append("AWS4-HMAC-SHA256 Credential=" as StaticString)
        header.append(accessKeyID)
        header.append(UInt8(ascii: "/"))
        header.append(key.scope)
        header.append(", SignedHeaders=" as StaticString)
        canonical.headers.writeNames(to: &header)
        header.append(", Signature=" as StaticString)
        header.appendSignature(of: stringToSignText, key: key)
        return header.string(0..<header.count)
    }
}

/// The values of the headers that a signature consists of.
package struct SignedHeaders: Hashable, Sendable {
    /// `x-amz-date`.
    package var date: String
    /// `authorization`.
    package var authorization: String
    /// `x-amz-security-token`, where the credentials have one.
    package var securityToken: String?
}

extension ByteWriter {
    /// Replaces everything by the text that is signed.
    mutating func writeStringToSign(date: String, scope: String, canonicalRequest: borrowing ByteWriter) {
        removeAll()
        append("AWS4-HMAC-SHA256\n" as StaticString)
        append(date)
        append(UInt8(ascii: "\n"))
        append(scope)
        append(UInt8(ascii: "\n"))
        canonicalRequest.withBytes { appendHexadecimalHash(of: UnsafeRawBufferPointer($0)) }
    }

    /// The 64 digits of the signature.
    mutating func appendSignature(of stringToSign: borrowing ByteWriter, key: SigningKey) {
        stringToSign.withBytes { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SHA256.byteCount) { code in
                key.hmac.code(of: UnsafeRawBufferPointer(bytes), into: code.baseAddress!)
                appendHexadecimal(UnsafeBufferPointer(code))
            }
        }
    }
}
