/// Checks the signature of requests that came in, as the AWS service of that name would.
///
/// Owned by one thread, as `Signer` is. Strict where AWS leaves room: `host`, `x-amz-date` and every `x-amz-*` header
/// that is present must be signed, and the body is always hashed, whatever `x-amz-content-sha256` says.
package struct SignatureVerifier: ~Copyable {
    package let service: String
    /// Any, where nil.
    package let region: String?
    private var canonical = CanonicalRequest(normalizesPath: true)
    private var stringToSign = ByteWriter(capacity: 256)
    private var computed = ByteWriter(capacity: 64)
    private var keys = SigningKeyCache()

    package init(service: String, region: String? = nil) {
        self.service = service
        self.region = region
    }

    /// The access key id that signed the request.
    ///
    /// - Parameters:
    ///   - now: the clock to judge the signing time by; ± 15 minutes are allowed.
    ///   - credentials: looks up an access key id. A session token is compared where the answer has one.
    package mutating func verify(
        _ request: SigningRequest,
        now: SigningTime,
        credentials: (_ accessKeyID: String) -> SigningCredentials?
    ) throws(SignatureProblem) -> String {
        guard let text = try onlyValue(of: "authorization", in: request) else { throw .missing }
        let authorization = try AuthorizationHeader(text)
        guard let date = try onlyValue(of: "x-amz-date", in: request) else {
            throw .incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
        }
        guard let signed = SigningTime(date) else {
            throw .incomplete("Date must be in ISO-8601 'basic format'.")
        }
        guard let known = credentials(authorization.accessKeyID) else { throw .unknownAccessKey }
        try checkScope(authorization, signed: signed)
        if signed < now.advanced(bySeconds: -SignatureProblem.clockToleranceSeconds) {
            throw .expired(signed: signed, now: now)
        }
        if signed > now.advanced(bySeconds: SignatureProblem.clockToleranceSeconds) {
            throw .notYetCurrent(signed: signed, now: now)
        }
        try checkSignedHeaders(authorization.signedHeaders, request)
        try checkPayloadHash(request)
        try checkSignature(authorization, request, signed: signed, credentials: known)
        if let token = known.sessionToken {
            let sent = try onlyValue(of: "x-amz-security-token", in: request) ?? ""
            guard equalInConstantTime(Array(sent.utf8), Array(token.utf8)) else { throw .unknownAccessKey }
        }
        return authorization.accessKeyID
    }

    private func checkScope(_ authorization: AuthorizationHeader, signed: SigningTime) throws(SignatureProblem) {
        guard authorization.date == signed.dateText else {
            throw .wrongScope(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
            )
        }
        guard authorization.service == service else {
            throw .wrongScope("Credential should be scoped to correct service: '\(service)'.")
        }
        guard region == nil || authorization.region == region else {
            throw .wrongScope("Credential should be scoped to a valid region.")
        }
    }

    private func checkSignedHeaders(_ names: [String], _ request: SigningRequest) throws(SignatureProblem) {
        for required in ["host", "x-amz-date"] where !names.contains(required) { throw .headerNotSigned(required) }
        for (name, _) in request.headers {
            let name = name.lowercased()
            if name.hasPrefix("x-amz-"), !names.contains(name) { throw .headerNotSigned(name) }
        }
    }

    /// A hash that is sent along is part of what is signed, so it has to be the body's.
    private func checkPayloadHash(_ request: SigningRequest) throws(SignatureProblem) {
        guard let sent = try onlyValue(of: "x-amz-content-sha256", in: request) else { return }
        var hash = ByteWriter(capacity: 64)
        hash.append(request.payloadHash)
        guard sent == hash.string(0..<hash.count) else { throw .mismatch }
    }

    private mutating func checkSignature(
        _ authorization: AuthorizationHeader,
        _ request: SigningRequest,
        signed: SigningTime,
        credentials: SigningCredentials
    ) throws(SignatureProblem) {
        canonical.headers.removeAll()
        var found: Set<String> = []
        for (name, value) in request.headers {
            let lower = name.lowercased()
            if authorization.signedHeaders.contains(lower) {
                canonical.headers.add(lower, value)
                found.insert(lower)
            }
        }
        // A header that was signed and is gone changes what was signed.
        guard found.count == authorization.signedHeaders.count else { throw .mismatch }
        canonical.write(request)
        let key = keys.key(time: signed, region: authorization.region, service: service, credentials: credentials)
        stringToSign.writeStringToSign(date: signed.description, scope: key.scope, canonicalRequest: canonical.text)
        computed.removeAll()
        computed.appendSignature(of: stringToSign, key: key)
        guard equalInConstantTime(computed.withBytes { Array($0) }, Array(authorization.signature.utf8)) else {
            throw .mismatch
        }
    }

    private func onlyValue(of name: String, in request: SigningRequest) throws(SignatureProblem) -> String? {
        var result: String?
        for header in request.headers where header.name.lowercased() == name {
            if result != nil { throw .incomplete("Header '\(name)' stands in the request twice.") }
            result = trimmed(header.value)
        }
        return result
    }
}

private func trimmed(_ text: String) -> String {
    var writer = ByteWriter(capacity: text.utf8.count)
    writer.appendTrimmed(text)
    return writer.string(0..<writer.count)
}
