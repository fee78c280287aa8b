import Foundation
import LambdaTransport
import OutboxCore
import TestSupport
import Testing

@Suite(
    "Proxies",
    .timeLimit(.minutes(2)),
    .enabled(if: opensslCommand != nil, "the openssl command is not installed")
)
struct ProxyTests {
    @Test func `an attempt goes through the tunnel, and TLS is verified inside of it (P11)`() throws {
        let server = try TLSServer(address: "DNS:lambda.example")
        let proxy = try TunnelProxy(to: server.port)
        var network = RouteNetwork(
            proxy: "http://sales:s3cret%20word@127.0.0.1:\(proxy.port)",
            caBundle: server.certificate.path
        )
        var transport = try LambdaTransport.open(testOptions())
        let target = route(port: 443, scheme: "https", host: "lambda.example", network: network)
        #expect(transport.outcome(of: attempt(1, to: target))?.answer?.requestID == "over-tls")
        let head = try #require(proxy.heads.first)
        #expect(head.hasPrefix("CONNECT lambda.example:443 HTTP/1.1\r\n"))
        let password = Data("sales:s3cret word".utf8).base64EncodedString()
        #expect(head.contains("Proxy-Authorization: Basic \(password)\r\n"))
        #expect(!head.contains("AWS4-HMAC-SHA256") && !head.contains("X-Amz"))

        network.caBundle = nil
        // The server takes one connection after the other: the kept one has to go.
        transport = try LambdaTransport.open(testOptions())
        let untrusted = route(port: 443, scheme: "https", host: "lambda.example", network: network)
        let failure = transport.outcome(of: attempt(2, to: untrusted))?.failure
        #expect(failure?.kind == .tls)
        #expect(failure?.sent == false)
        #expect(server.requests == 1)
    }

    @Test(arguments: ["127.0.0.1", "elsewhere.example,127.0.0.1", "*"])
    func `hosts of no_proxy are reached without it`(noProxy: String) throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let network = RouteNetwork(proxy: "http://127.0.0.1:1", noProxy: noProxy)
        let outcome = transport.outcome(of: attempt(1, to: route(port: lambda.port, network: network)))
        #expect(outcome?.answer?.status == 202)
    }

    @Test func `routes of one transport each have their own proxy`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let direct = route(port: lambda.port)
        let through = route(port: lambda.port, network: RouteNetwork(proxy: "http://127.0.0.1:1"))
        #expect(transport.outcome(of: attempt(1, to: direct))?.answer?.status == 202)
        #expect(transport.outcome(of: attempt(2, to: through))?.failure?.sent == false)
        #expect(transport.outcome(of: attempt(3, to: direct))?.answer?.status == 202)
    }

    @Test(arguments: ["http://u:s3cret@127.0.0.1:1", "http://u:s3cret@nonexistent.invalid:3128"])
    func `a password stands neither in a failure nor in a description (P11)`(proxy: String) throws {
        var transport = try LambdaTransport.open(testOptions())
        let target = route(port: 443, scheme: "https", network: RouteNetwork(proxy: proxy))
        let failure = try #require(transport.outcome(of: attempt(1, to: target))?.failure)
        #expect(!"\(failure)".contains("s3cret"))
        var dumped = ""
        dump(target, to: &dumped)
        for text in ["\(target)", String(reflecting: target), dumped] { #expect(!text.contains("s3cret")) }
    }
}
