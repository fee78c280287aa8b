/// The parts of an `Authorization: AWS4-HMAC-SHA256 …` header. Untrusted.
struct AuthorizationHeader {
    var accessKeyID: String
    /// `YYYYMMDD`.
    var date: String
    var region: String
    var service: String
    /// In the order given.
    var signedHeaders: [String]
    var signature: String

    /// Clients sign a handful; each is searched for among all headers before anything is known to be genuine.
    private static let signedHeadersMax = 64

    /// `Credential`, `SignedHeaders` and `Signature`, in any order, separated by commas or spaces.
    init(_ text: String) throws(SignatureProblem) {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," })
        guard words.first == "AWS4-HMAC-SHA256" else {
            throw .incomplete("Authorization header requires the algorithm 'AWS4-HMAC-SHA256'.")
        }
        var parts: [Substring: Substring] = [:]
        for word in words.dropFirst() {
            guard let equalSign = word.firstIndex(of: "=") else {
                throw .incomplete("Authorization header has a part that is no 'key=value' pair.")
            }
            let repeated = parts.updateValue(word[word.index(after: equalSign)...], forKey: word[..<equalSign]) != nil
            if repeated { throw .incomplete("Authorization header has a parameter twice.") }
        }
        func part(_ name: Substring) throws(SignatureProblem) -> Substring {
            guard let value = parts[name], !value.isEmpty else {
                throw .incomplete("Authorization header requires '\(name)' parameter.")
            }
            return value
        }
        let credential = try part("Credential").split(separator: "/", omittingEmptySubsequences: false)
        guard credential.count == 5, credential.allSatisfy({ !$0.isEmpty }) else {
            throw .incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
            )
        }
        guard credential[4] == "aws4_request" else {
            throw .wrongScope("Credential should be scoped with a valid terminator: 'aws4_request'.")
        }
        accessKeyID = String(credential[0])
        date = String(credential[1])
        region = String(credential[2])
        service = String(credential[3])
        let names = try part("SignedHeaders").split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty && $0 == $0.lowercased() }), Set(names).count == names.count else {
            throw .incomplete("'SignedHeaders' must hold lower-case header names, once each, separated by ';'.")
        }
        guard names.count <= Self.signedHeadersMax else {
            throw .incomplete("'SignedHeaders' must not hold more than \(Self.signedHeadersMax) names.")
        }
        signedHeaders = names
        signature = String(try part("Signature"))
    }
}
