import LambdaTransport
import OutboxCore
import TestSupport
import Testing

/// What a connection can do to an attempt. Each outcome says whether the request may have reached Lambda (P3).
@Suite("Connections that break", .timeLimit(.minutes(2)))
struct CutTests {
    /// libcurl 7.88 repeats a POST by itself on a fresh connection when a kept-alive one dies before the answer begins.
    /// Only a warmed connection shows it.
    @Test(arguments: [FakeLambda.Step.cut, .reset])
    func `a warmed connection cut after the request was read: one request on the wire, uncertain (P3)`(
        cut: FakeLambda.Step
    ) throws {
        let lambda = try FakeLambda { $0.number == 1 ? cut : .answer(.handedOver(for: $0)) }
        var transport = try LambdaTransport.open(testOptions())
        #expect(transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.answer?.status == 202)

        let failure = transport.outcome(of: attempt(2, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .cut)
        #expect(failure?.sent == true)
        #expect(lambda.requests.count == 2)

        #expect(transport.outcome(of: attempt(3, to: route(port: lambda.port)))?.answer?.status == 202)
        #expect(lambda.requests.count == 3)
    }

    @Test func `a warmed connection cut under many requests at once: each is on the wire once`() throws {
        let lambda = try FakeLambda { $0.index == 1 ? .cut : .answer(.handedOver(for: $0)) }
        var transport = try LambdaTransport.open(testOptions())
        for round in 0..<2 {
            for n in 0..<20 {
                let sequence = Int64(round * 20 + n)
                transport.start(attempt(sequence, to: route(port: lambda.port), payload: Array("\(sequence)".utf8)))
            }
            for completion in transport.finishAll() {
                if let failure = completion.outcome.failure {
                    #expect(failure.kind == .cut)
                    #expect(failure.sent)
                }
            }
        }
        let bodies = lambda.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 40)
        #expect(Set(bodies).count == 40)
    }

    @Test(arguments: [FakeLambda.Step.cut, .reset])
    func `a fresh connection cut after the request was read is uncertain`(cut: FakeLambda.Step) throws {
        let lambda = try FakeLambda { _ in cut }
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .cut)
        #expect(failure?.sent == true)
        #expect(lambda.requests.count == 1)
    }

    @Test func `a connection closed before anything was read may have had the request`() throws {
        let lambda = try FakeLambda(greeting: { _ in .close })
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .cut)
        #expect(failure?.sent == true)
        #expect(lambda.connections == 1)
    }

    @Test(
        arguments: [
            "HTTP/1.1 202 Acc", "HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: r\r\n",
            "HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: r\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: r\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ]
    )
    func `half an answer is none`(half: String) throws {
        let lambda = try FakeLambda { _ in .bytes(Array(half.utf8)) }
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.sent == true)
        #expect(failure.map { [.cut, .garbled].contains($0.kind) } == true, "\(String(describing: failure))")
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\0\u{1}\u{2}garbage", "HTTP/9.9 202 Accepted\r\n\r\n"])
    func `an answer that isn't HTTP is garbled`(garbage: String) throws {
        let lambda = try FakeLambda { _ in .bytes(Array(garbage.utf8)) }
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .garbled)
        #expect(failure?.sent == true)
        #expect(failure?.message.contains("SSH") == false)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\n\r\n", "<html>"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nwaste"),
            ("HTTP/1.1 200 OK\r\n", "X-More: 0123456789\r\n"),
        ]
    )
    func `an endless answer is given up (P7)`(head: String, chunk: String) throws {
        let chunks = String(repeating: chunk.hasPrefix("4") ? "4\r\nmore\r\n" : chunk, count: 500)
        let lambda = try FakeLambda { _ in .endless(Array(head.utf8), chunk: Array(chunks.utf8)) }
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .garbled)
        #expect(failure?.sent == true)
    }

    @Test func `an answer of exactly the largest size is taken whole, one byte more isn't`() throws {
        let lambda = try FakeLambda { request in
            let body = String(repeating: "x", count: 65_536 + request.number)
            return .answer(FakeLambdaAnswer(status: 500, headers: [(name: "x-amzn-RequestId", value: "r")], body: body))
        }
        var transport = try LambdaTransport.open(testOptions())
        let whole = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.answer
        #expect(whole?.status == 500)
        #expect(whole?.message == String(repeating: "x", count: 500))
        #expect(transport.outcome(of: attempt(2, to: route(port: lambda.port)))?.failure?.kind == .garbled)
        #expect(transport.outcome(of: attempt(3, to: route(port: lambda.port)))?.failure?.kind == .garbled)
    }

    @Test func `no answer in time is a timeout, and uncertain`() throws {
        let lambda = try FakeLambda { _ in .silence }
        var transport = try LambdaTransport.open(testOptions(base: .milliseconds(200)))
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .timeout)
        #expect(failure?.sent == true)
    }

    @Test func `a stall ends an attempt long before its time is over`() throws {
        let lambda = try FakeLambda { _ in .silence }
        var transport = try LambdaTransport.open(testOptions(base: .seconds(600), stall: .seconds(1)))
        let failure = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure
        #expect(failure?.kind == .timeout)
        #expect(failure?.sent == true)
    }

    @Test func `more bytes get more time`() {
        let options = testOptions()
        #expect(options.totalTimeout(bodyBytes: 0) == .seconds(30))
        #expect(options.totalTimeout(bodyBytes: 1_048_576) == .seconds(158))
    }

    @Test func `shutdown gives up what runs, and says what may have arrived`() throws {
        let lambda = try FakeLambda { _ in .silence }
        var transport = try LambdaTransport.open(testOptions())
        transport.start(attempt(1, to: route(port: lambda.port)))
        while lambda.requests.isEmpty { _ = transport.poll(wait: .milliseconds(50), wakeDescriptor: -1) }
        let completions = transport.shutdown()
        #expect(completions.map(\.sequence) == [1])
        #expect(completions.first?.outcome.failure?.kind == .cut)
        #expect(completions.first?.outcome.failure?.sent == true)
        #expect(transport.activeCount == 0)
    }
}

@Suite("Connections that never come about", .timeLimit(.minutes(2)))
struct ConnectTests {
    @Test func `a refused connection sent nothing`() throws {
        let lambda = try FakeLambda()
        let port = lambda.port
        lambda.stop()
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(of: attempt(1, to: route(port: port)))?.failure
        #expect(failure?.kind == .connect)
        #expect(failure?.sent == false)
        #expect(failure?.message.contains("Connection refused") == true, "\(failure?.message ?? "")")
    }

    @Test func `an unknown host is a matter of DNS`() throws {
        var transport = try LambdaTransport.open(testOptions())
        let failure = transport.outcome(
            of: attempt(1, to: route(port: 443, scheme: "https", host: "nonexistent.invalid"))
        )?
        .failure
        #expect(failure?.kind == .dns)
        #expect(failure?.sent == false)
    }

    @Test func `a proxy that can't be reached, or refuses, is the proxy's fault`() throws {
        var transport = try LambdaTransport.open(testOptions())
        func over(_ proxy: String) -> RouteTarget {
            route(port: 443, scheme: "https", network: RouteNetwork(proxy: proxy))
        }
        let first = transport.outcome(of: attempt(1, to: over("http://nonexistent.invalid:3128")))?.failure
        #expect(first?.kind == .proxy)
        #expect(first?.sent == false)

        let proxy = try FakeLambda { _ in .answer(FakeLambdaAnswer(status: 407)) }
        let second = transport.outcome(of: attempt(2, to: over("http://127.0.0.1:\(proxy.port)")))?.failure
        #expect(second?.kind == .proxy)
        #expect(second?.sent == false)
        #expect(second?.message.hasPrefix("the proxy answered 407 to CONNECT") == true)
        #expect(proxy.requests.first?.method == "CONNECT")
    }
}
