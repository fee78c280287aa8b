import SigV4
import Testing

struct SignerTests {
    static let credentials = SigningCredentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    )
    static let noon = SigningTime("20260310T120000Z")!

    static func request(
        path: String = "/2015-03-31/functions/orders/invocations",
        query: String = "",
        headers: [(name: String, value: String)] = []
    ) -> SigningRequest {
        SigningRequest(
            method: "POST",
            path: path,
            query: query,
            headers: [("Host", "lambda.eu-central-1.amazonaws.com")] + headers,
            payloadHash: .body(Array("{}".utf8))
        )
    }

    /// The canonical request's lines.
    static func lines(_ request: SigningRequest, normalizesPath: Bool = true) -> [Substring] {
        var signer = Signer(region: "eu-central-1", service: "lambda", normalizesPath: normalizesPath)
        _ = signer.sign(request, credentials: credentials, time: noon)
        return signer.canonicalRequest.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test func `an invocation of a function by its ARN is signed as AWS does it`() throws {
        let arn = percentEncode("arn:aws:lambda:us-west-2:892717189312:function:my-rusty-fun")
        var signer = Signer(region: "us-east-2", service: "lambda")
        let signed = signer.sign(
            SigningRequest(
                method: "POST",
                path: "/2015-03-31/functions/\(arn)/invocations",
                headers: [("Host", "lambda.us-east-2.amazonaws.com")],
                payloadHash: .empty
            ),
            credentials: Self.credentials,
            time: try #require(SigningTime("20210511T154045Z"))
        )
        #expect(
            signer.stringToSign == """
                AWS4-HMAC-SHA256
                20210511T154045Z
                20210511/us-east-2/lambda/aws4_request
                684dbb3c92a8b6b1e452e23e523c1ea941c713a4c13500bb9f3bdad1e19afaf7
                """
        )
        #expect(
            signed.authorization == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20210511/us-east-2/lambda/aws4_request, "
                + "SignedHeaders=host;x-amz-date, "
                + "Signature=4b93abbcc68be32bd64c18e2c71150660ab4c29bbd6c32a383a7517a88fc1804"
        )
        #expect(signed.date == "20210511T154045Z")
        #expect(signed.securityToken == nil)
    }

    @Test(arguments: [
        ("/2015-03-31/functions/orders%3Alive/invocations", "/2015-03-31/functions/orders%253Alive/invocations"),
        ("", "/"), ("/", "/"), ("//", "/"), ("/a/../..", "/"), ("/a/b/..", "/a"), ("/a/./b//c/", "/a/b/c/"),
        ("/../x", "/x"), ("/a b", "/a%20b"), ("/ü", "/%C3%BC"), ("/a/..b/...", "/a/..b/..."), ("x", "/x"),
    ])
    func `the path is normalised and encoded a second time`(path: String, canonical: String) {
        #expect(Self.lines(Self.request(path: path))[1] == canonical)
    }

    @Test func `a path that is not to be normalised is encoded only`() {
        #expect(Self.lines(Self.request(path: "/a//../b%20/"), normalizesPath: false)[1] == "/a//../b%2520/")
    }

    @Test(arguments: [
        ("Qualifier=%24LATEST", "Qualifier=%24LATEST"), ("Qualifier=$LATEST", "Qualifier=%24LATEST"),
        ("b=2&a=2&a=1&a=", "a=&a=1&a=2&b=2"), ("flag", "flag="), ("a=b=c", "a=b%3Dc"), ("a=1+1", "a=1%2B1"),
        ("a=%2f", "a=%2F"), ("a=%zz", "a=%25zz"), ("a=%4", "a=%254"), ("%61=1", "a=1"),
    ])
    func `the query is encoded strictly and sorted`(query: String, canonical: String) {
        #expect(Self.lines(Self.request(query: query))[2] == canonical)
    }

    @Test func `headers are lower-cased, trimmed, joined and sorted`() {
        let lines = Self.lines(
            Self.request(headers: [
                ("X-Amz-Tenant-Id", "  acme/eu   1 "), ("Content-Type", "application/json"), ("B", "2"), ("b", "1"),
                ("X-Amz-Invocation-Type", "Event"),
            ])
        )
        #expect(
            lines[3..<9] == [
                "b:2,1", "content-type:application/json", "host:lambda.eu-central-1.amazonaws.com",
                "x-amz-date:20260310T120000Z", "x-amz-invocation-type:Event", "x-amz-tenant-id:acme/eu 1",
            ]
        )
        #expect(lines[9] == "")
        #expect(lines[10] == "b;content-type;host;x-amz-date;x-amz-invocation-type;x-amz-tenant-id")
    }

    @Test func `headers that proxies may touch are not signed`() {
        let unsigned = [
            "Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
            "Transfer-Encoding", "Upgrade", "User-Agent", "X-Amzn-Trace-Id", "Authorization",
        ]
        let lines = Self.lines(Self.request(headers: unsigned.map { ($0, "x") }))
        #expect(lines[lines.count - 2] == "host;x-amz-date")
    }

    @Test func `a session token is signed, and replaces what the request had`() {
        var signer = Signer(region: "eu-central-1", service: "lambda")
        var credentials = Self.credentials
        credentials.sessionToken = "token+/="
        let request = Self.request(headers: [("X-Amz-Security-Token", "old"), ("X-Amz-Date", "20000101T000000Z")])
        let signed = signer.sign(request, credentials: credentials, time: Self.noon)
        #expect(signed.securityToken == "token+/=")
        #expect(signer.canonicalRequest.contains("\nx-amz-date:20260310T120000Z\nx-amz-security-token:token+/=\n\n"))
        #expect(signed.authorization.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"))
    }

    @Test func `body, digest and digits of the hash give one signature`() {
        let body = Array(#"{"order":17}"#.utf8)
        var request = Self.request()
        var signer = Signer(region: "eu-central-1", service: "lambda")
        let signatures = [.body(body), .digest(SHA256.digest(body)), .hex(SHA256.hex(body))].map {
            (hash: PayloadHash) in
            request.payloadHash = hash
            return signer.sign(request, credentials: Self.credentials, time: Self.noon).authorization
        }
        #expect(Set(signatures).count == 1)
    }

    @Test func `long requests are signed like short ones`() {
        // Longer than every buffer is at first.
        let value = String(repeating: "x ", count: 10_000)
        let request = Self.request(query: "q=" + value, headers: [("X-Amz-Long", value)])
        let lines = Self.lines(request)
        #expect(lines[2].utf8.count == 2 + 40_000)
        #expect(lines[5].utf8.count == "x-amz-long:".utf8.count + 19_999)
    }
}

struct SigningKeyTests {
    private static func signature(_ signer: inout Signer, _ credentials: SigningCredentials, _ time: String) -> String {
        let signed = signer.sign(SignerTests.request(), credentials: credentials, time: SigningTime(time)!)
        return signed.authorization
    }

    /// With a signer that has no key yet.
    private static func fresh(_ credentials: SigningCredentials, _ time: String) -> String {
        var signer = Signer(region: "eu-central-1", service: "lambda")
        return signature(&signer, credentials, time)
    }

    @Test func `the key is derived once a day`() {
        var signer = Signer(region: "eu-central-1", service: "lambda")
        for time in ["20260310T000000Z", "20260310T120000Z", "20260310T235959Z"] {
            let signature = Self.signature(&signer, SignerTests.credentials, time)
            #expect(signature == Self.fresh(SignerTests.credentials, time))
        }
        #expect(signer.keyDerivations == 1)
    }

    @Test func `midnight UTC changes key and scope together`() {
        var signer = Signer(region: "eu-central-1", service: "lambda")
        for time in ["20260310T235959Z", "20260311T000000Z", "20260310T235959Z"] {
            let signature = Self.signature(&signer, SignerTests.credentials, time)
            #expect(signature == Self.fresh(SignerTests.credentials, time))
            #expect(signature.contains("/\(time.prefix(8))/eu-central-1/lambda/aws4_request"))
        }
        #expect(signer.keyDerivations == 2)
    }

    @Test func `a changed secret under the same access key id makes a new key`() {
        var signer = Signer(region: "eu-central-1", service: "lambda")
        var rotated = SignerTests.credentials
        rotated.secretAccessKey += "2"
        for credentials in [SignerTests.credentials, rotated, SignerTests.credentials] {
            let signature = Self.signature(&signer, credentials, "20260310T120000Z")
            #expect(signature == Self.fresh(credentials, "20260310T120000Z"))
        }
        #expect(signer.keyDerivations == 2)
    }

    @Test func `more credentials than the cache holds are still signed rightly`() {
        var signer = Signer(region: "eu-central-1", service: "lambda")
        for round in 0..<2 {
            for number in 0..<40 {
                let credentials = SigningCredentials(accessKeyID: "AK\(number)", secretAccessKey: "secret\(number)")
                let signature = Self.signature(&signer, credentials, "20260310T120000Z")
                #expect(signature == Self.fresh(credentials, "20260310T120000Z"), "round \(round), key \(number)")
            }
        }
    }

    @Test func `credentials never show their secret`() {
        var credentials = SignerTests.credentials
        credentials.sessionToken = "token-in-secret"
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in [credentials.description, credentials.debugDescription, dumped, "\(Optional(credentials) as Any)"] {
            #expect(text.contains("AKIDEXAMPLE"))
            #expect(!text.contains("wJalr") && !text.contains("token-in-secret"))
        }
    }
}
