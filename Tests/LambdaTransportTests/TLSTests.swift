import Foundation
import LambdaTransport
import OutboxCore
import TestSupport
import Testing

// Needs the `openssl` command for a server with a certificate of its own; each Debian with the project's libraries has it.
@Suite(
    "TLS",
    .timeLimit(.minutes(2)),
    .enabled(if: opensslCommand != nil, "the openssl command is not installed")
)
struct TLSTests {
    private func trusted(_ server: TLSServer) -> RouteTarget {
        route(port: server.port, scheme: "https", network: RouteNetwork(caBundle: server.certificate.path))
    }

    @Test func `a certificate of the CA bundle is trusted`() throws {
        let server = try TLSServer()
        var transport = try LambdaTransport.open(testOptions())
        let answer = transport.outcome(of: attempt(1, to: trusted(server)))?.answer
        #expect(answer?.requestID == "over-tls")
        #expect(server.requests == 1)
    }

    @Test func `a self-signed certificate is refused, and nothing is sent (P11)`() throws {
        let server = try TLSServer()
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: server.port, scheme: "https")))?.failure
        #expect(failure?.kind == .tls)
        #expect(failure?.sent == false)
        #expect(failure?.message.contains("self-signed") == true, "\(failure?.message ?? "")")
        #expect(server.requests == 0)
    }

    @Test func `a certificate for another host is refused`() throws {
        let server = try TLSServer(address: "DNS:elsewhere.example")
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: trusted(server)))?.failure
        #expect(failure?.kind == .tls)
        #expect(failure?.sent == false)
        #expect(failure?.message.hasPrefix("the certificate is for another host") == true, "\(failure!.message)")
        #expect(server.requests == 0)
    }

    @Test(arguments: [("20000101000000Z", "20010101000000Z"), ("20980101000000Z", "20990101000000Z")])
    func `a certificate out of its dates says clock or certificate`(start: String, end: String) throws {
        let server = try TLSServer(dates: (start, end))
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: trusted(server)))?.failure
        #expect(failure == .certificateDate)
        #expect(server.requests == 0)
    }

    @Test func `a CA bundle that isn't there fails each attempt, not the opening`() throws {
        let server = try TLSServer()
        var transport = try LambdaTransport.open(testOptions())
        let nobody = route(port: server.port, scheme: "https", network: RouteNetwork(caBundle: "/nonexistent/ca.pem"))
        let failure = transport.outcome(of: attempt(1, to: nobody))?.failure
        #expect(failure?.kind == .tls)
        #expect(failure?.sent == false)
    }

    @Test func `each route trusts its own authorities only, also over kept connections`() throws {
        let (mine, other) = (try TLSServer(), try TLSServer())
        // The server takes one connection after the other: a second one waits behind the kept one.
        var transport = try LambdaTransport.open(testOptions(connect: .milliseconds(300)))
        let wrong = route(port: mine.port, scheme: "https", network: RouteNetwork(caBundle: other.certificate.path))
        #expect(transport.outcome(of: attempt(1, to: trusted(mine)))?.answer?.status == 202)
        #expect(transport.outcome(of: attempt(2, to: wrong))?.failure?.sent == false)
        #expect(transport.outcome(of: attempt(3, to: trusted(mine)))?.answer?.status == 202)
        #expect(mine.requests == 2)
    }

    @Test func `TLS older than 1.2 is refused`() throws {
        let server = try TLSServer(options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: trusted(server)))?.failure
        #expect(failure?.kind == .tls)
        #expect(failure?.sent == false)
    }

    @Test func `a server that doesn't speak TLS is no endpoint`() throws {
        let lambda = try FakeLambda(script: { _ in .cut }, greeting: { _ in .close })
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port, scheme: "https")))?.failure
        #expect(failure?.kind == .tls)
        #expect(failure?.sent == false)
    }

    @Test func `a handshake that never ends is a slow connect`() throws {
        let lambda = try FakeLambda(greeting: { _ in .ignore })
        var transport = try LambdaTransport.open(testOptions(connect: .milliseconds(200)))
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port, scheme: "https")))?.failure
        #expect(failure?.kind == .connect)
        #expect(failure?.sent == false)
    }
}
