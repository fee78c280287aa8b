import Testing

@testable import AWSCredentials

@Suite("Endpoint URLs")
struct EndpointURLTests {
    @Test(
        "scheme, host and port",
        arguments: [
            ("https://lambda.example", "https", "lambda.example", 443),
            ("HTTPS://Lambda.Example/", "https", "lambda.example", 443),
            ("https://h:8443", "https", "h", 8443), ("http://127.0.0.1:9000", "http", "127.0.0.1", 9000),
            ("http://localhost", "http", "localhost", 80), ("http://[::1]:9000/", "http", "[::1]", 9000),
            ("http://127.8.9.10:1", "http", "127.8.9.10", 1), ("https://10.0.0.1", "https", "10.0.0.1", 443),
        ]
    )
    func parts(text: String, scheme: String, host: String, port: Int) throws {
        let url = try EndpointURL(text)
        #expect(url.scheme == scheme)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test(
        "what is refused, and why",
        arguments: [
            ("lambda.example", "not a URL"), ("", "not a URL"), ("ftp://h", "neither"),
            ("http://lambda.example", "plain http"),
            ("http://10.0.0.1", "plain http"), ("http://127.1", "plain http"), ("http://0x7f000001", "plain http"),
            ("http://0.0.0.0", "plain http"), ("http://localhost.evil.example", "plain http"),
            ("https://h/path", "path"), ("https://h//", "path"), ("https://h?x=1", "query"), ("https://h/#f", "query"),
            ("https://user:PASSWORD@h", "user name"), ("https://h:0", "port"), ("https://h:65536", "port"),
            ("https://h:", "port"), ("https://h:12x", "port"), ("https://h:+80", "port"), ("https://", "host"),
            ("https://a b", "host"), ("https://a..b", "host"), ("https://[::1", "port"), ("https://[zz]", "host"),
            ("https://[::1%lo]", "host"), ("https://h\u{0}x", "host"), ("https://h\r\nX: y", "port"),
            ("https://hé", "host"),
        ]
    )
    func refused(text: String, what: String) throws {
        let fault = try #require(throws: EndpointURL.Fault.self) { try EndpointURL(text) }
        #expect(fault.what.contains(what), "\(fault)")
        #expect(!"\(fault)".contains("PASSWORD"))
    }

    @Test(
        "hosts that end on this machine's listeners",
        arguments: [
            ("localhost", true), ("127.0.0.1", true), ("127.9.9.9", true), ("[::1]", true), ("::1", true),
            ("0.0.0.0", true),
            ("[::]", true), ("127.1", true), ("2130706433", true), ("0x7f.1", true), ("[::ffff:127.0.0.1]", true),
            ("localhost.", true), ("a.localhost", true), ("10.0.0.1", false), ("example", false), ("[::2]", false),
            ("128.0.0.1", false), ("[::ffff:10.0.0.1]", false),
        ]
    )
    func loopback(host: String, expected: Bool) {
        #expect(reachesLoopback(host) == expected)
    }

    @Test(
        "a proxy's password is never shown",
        arguments: [
            ("http://user:PASSWORD@proxy:3128", "http://***@proxy:3128"), ("proxy.example:3128", "proxy.example:3128"),
            ("http://proxy:3128/", "http://proxy:3128/"), ("user:PASS@WORD@proxy", "***@proxy"),
        ]
    )
    func masked(text: String, expected: String) throws {
        let proxy = try #require(ProxyURL(text))
        #expect(proxy.masked == expected)
        #expect("\(proxy)" == expected)
        #expect(!String(reflecting: proxy).contains("PASS"))
        #expect(proxy.text == text)
    }

    @Test(
        "no proxy",
        arguments: ["", "http://", "socks5://h:1", "ftp://u:p@h", "http://h:0", "http://h/path", "a b", "http://u@"]
    )
    func noProxy(text: String) {
        #expect(ProxyURL(text) == nil)
    }
}
