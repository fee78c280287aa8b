import OutboxCore

/// What one place has to say about credentials.
enum ProviderAnswer: Hashable {
    case found(Credentials)
    /// Nothing here; the text says what was looked at.
    case nothing(String)
    /// Something is here that can't be used: the search ends. The text says why and what to do.
    case problem(String)
}

/// One place where credentials may be.
protocol CredentialProvider {
    func answer() -> ProviderAnswer
}

extension ProviderAnswer {
    /// These, unless they hold what can't stand in a request's headers: a file cut in two, or two lines taken for one.
    static func checked(_ credentials: Credentials) -> ProviderAnswer {
        let word = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let visible = { (byte: UInt8) in (0x21...0x7E).contains(byte) }
        let wrong =
            if !credentials.accessKeyID.utf8.allSatisfy(word) {
                "access key id"
            } else if !credentials.secretAccessKey.utf8.allSatisfy(visible) {
                "secret access key"
            } else if credentials.sessionToken?.utf8.allSatisfy(visible) == false {
                "session token"
            } else {
                ""
            }
        if wrong.isEmpty { return .found(credentials) }
        return .problem(
            "the \(wrong) from \(credentials.source) has characters that none can have; write it anew, on one line"
        )
    }
}
