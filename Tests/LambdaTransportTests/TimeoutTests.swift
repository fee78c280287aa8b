import Glibc
import LambdaTransport
import OutboxCore
import TestSupport
import Testing

/// Peers that take their time. Every limit is a value, so that none of these waits for the real ones.
@Suite("Time limits", .timeLimit(.minutes(2)))
struct TimeoutTests {
    @Test func `a peer that stops reading a body is a stall, long before the time is over`() throws {
        let lambda = try FakeLambda(greeting: { _ in .ignore })
        var transport = try LambdaTransport.open(testOptions(base: .seconds(600), stall: .seconds(1)))
        // More than both sockets' buffers hold.
        let large = attempt(1, to: route(port: lambda.port), payload: digits(16 << 20))
        let failure = transport.outcome(of: large)?.failure
        // The kernel's own limit (TCP_USER_TIMEOUT) is as long as libcurl's: whichever is first.
        #expect([.timeout, .cut].contains(failure?.kind))
        #expect(failure?.sent == true)
    }

    @Test func `an answer that trickles in is ended by the time in total`() throws {
        let answer = Array("HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: r\r\nContent-Length: 0\r\n\r\n".utf8)
        let lambda = try FakeLambda { _ in .trickle(answer, milliseconds: 100) }
        var transport = try LambdaTransport.open(testOptions(base: .milliseconds(700), stall: .seconds(30)))
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .timeout)
        #expect(failure?.sent == true)
    }

    @Test func `a slow answer within its time is an answer`() throws {
        let answer = Array("HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: r\r\nContent-Length: 0\r\n\r\n".utf8)
        let lambda = try FakeLambda { _ in .trickle(answer, milliseconds: 20) }
        var transport = try LambdaTransport.open(testOptions(base: .seconds(20), stall: .seconds(1)))
        #expect(transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.answer?.requestID == "r")
    }

    @Test func `a peer that accepts and never answers is a timeout, and uncertain`() throws {
        let lambda = try FakeLambda(greeting: { _ in .ignore })
        var transport = try LambdaTransport.open(testOptions(base: .milliseconds(200)))
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .timeout)
        #expect(failure?.sent == true)
    }

    @Test func `a peer that drops what comes to it ends in the connect timeout, with nothing sent`() throws {
        let hole = try BlackHole()
        var transport = try LambdaTransport.open(testOptions(connect: .milliseconds(200)))
        let outcome = transport.outcome(of: attempt(1, to: route(port: hole.port)))
        #expect(outcome?.failure?.kind == .connect)
        #expect(outcome?.failure?.sent == false)
        #expect(outcome?.failure?.message == "connecting took too long")
    }

    @Test func `a connection that was idle for too long isn't used again`() throws {
        let lambda = try FakeLambda()
        var options = testOptions()
        options.idleConnectionAge = .seconds(1)
        var transport = try LambdaTransport.open(options)
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port)))
        _ = transport.outcome(of: attempt(2, to: route(port: lambda.port)))
        #expect(lambda.connections == 1)
        // libcurl counts whole seconds of its own clock, which no test can move.
        usleep(2_200_000)
        #expect(transport.outcome(of: attempt(3, to: route(port: lambda.port)))?.answer?.status == 202)
        #expect(lambda.connections == 2)
    }

    @Test func `the defaults are those that the manual names`() {
        let options = TransportOptions(version: "1", instanceID: "i")
        #expect(options.connectTimeout == .seconds(5))
        #expect(options.stallTimeout == .seconds(30))
        #expect(options.idleConnectionAge == .seconds(60))
        #expect(options.totalTimeout(bodyBytes: 8192) == .seconds(31))
    }

    @Test func `the kernel watches over idle and unacknowledged connections`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions(stall: .seconds(7)))
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port)))
        let socket = try #require(ownSocket(to: lambda.port))
        #expect(option(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 7000)
        #expect(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(socket, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 30)
        #expect(option(socket, Int32(IPPROTO_TCP), TCP_KEEPINTVL) == 10)
    }
}

/// A listening socket whose queue is full, so that the kernel drops every further SYN.
private final class BlackHole {
    let port: Int
    private var sockets: [Int32] = []

    struct Failed: Error {}

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        sockets.append(listener)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 0) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw Failed() }
        port = Int(UInt16(bigEndian: address.sin_port))
        for _ in 0..<4 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            sockets.append(filler)
            withUnsafePointer(to: &address) { pointer in
                _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(filler, $0, length) }
            }
        }
    }

    deinit {
        for socket in sockets { close(socket) }
    }
}

/// The descriptor of this process's connection to a port of 127.0.0.1.
private func ownSocket(to port: Int) -> Int32? {
    (Int32(3)..<1024).first { descriptor in
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        return code == 0 && address.sin_family == sa_family_t(AF_INET)
            && address.sin_port == in_port_t(port).bigEndian
    }
}

private func option(_ socket: Int32, _ level: Int32, _ name: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(socket, level, name, &value, &length) == 0 ? value : nil
}
