import FoundationEssentials
package import SigV4

/// An access key whose signatures the receiver takes.
package struct AcceptedKey: Hashable, Sendable {
    /// A session token is compared where there is one.
    package var credentials: SigningCredentials
    /// Milliseconds since 1970, from when on it is refused as expired; nil: never.
    package var expiresAt: Int64?

    package init(_ credentials: SigningCredentials, expiresAt: Int64? = nil) {
        self.credentials = credentials
        self.expiresAt = expiresAt
    }

    /// The access key of AWS's documentation: what is taken where nobody says otherwise.
    package static let documentation = AcceptedKey(
        SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    )

    /// The key that an environment holds, in the variables of the AWS tools, else the documentation's.
    ///
    /// - Throws: `KeySyntaxError` for an expiry that is no time.
    package static func keys(environment: [String: String]) throws(KeySyntaxError) -> [AcceptedKey] {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard let id = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") else {
            return [documentation]
        }
        let token = value("AWS_SESSION_TOKEN")
        var key = AcceptedKey(SigningCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token))
        if let expiry = value("AWS_CREDENTIAL_EXPIRATION") {
            guard let time = milliseconds(expiry) else {
                throw KeySyntaxError("AWS_CREDENTIAL_EXPIRATION is no time such as 2026-03-01T12:00:00Z")
            }
            key.expiresAt = time
        }
        return [key]
    }

    /// Keys from lines `ID SECRET [TOKEN [EXPIRY]]`; empty lines are skipped.
    ///
    /// - Throws: `KeySyntaxError`, which quotes nothing of the lines.
    package static func keys(parsing text: String) throws(KeySyntaxError) -> [AcceptedKey] {
        var keys: [AcceptedKey] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.isEmpty { continue }
            guard (2...4).contains(words.count) else {
                throw KeySyntaxError("line \(index + 1) is not ID SECRET [TOKEN [EXPIRY]]")
            }
            var key = AcceptedKey(
                SigningCredentials(
                    accessKeyID: words[0],
                    secretAccessKey: words[1],
                    sessionToken: words.count > 2 ? words[2] : nil
                )
            )
            if words.count > 3 {
                guard let time = milliseconds(words[3]) else {
                    throw KeySyntaxError("line \(index + 1): the expiry is no time such as 2026-03-01T12:00:00Z")
                }
                key.expiresAt = time
            }
            keys.append(key)
        }
        return keys
    }

    private static func milliseconds(_ text: String) -> Int64? {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        return Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}

/// Why a text holds no access keys.
package struct KeySyntaxError: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
