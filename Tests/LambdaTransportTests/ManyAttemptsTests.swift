import Glibc
import LambdaTransport
import OutboxCore
import TestSupport
import Testing

@Suite("Many attempts on few connections", .timeLimit(.minutes(2)))
struct ManyAttemptsTests {
    @Test func `a connection is kept alive and used again`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        for sequence in 0..<50 {
            #expect(
                transport.outcome(of: attempt(Int64(sequence), to: route(port: lambda.port)))?.answer?.status == 202
            )
        }
        #expect(lambda.requests.count == 50)
        #expect(lambda.connections == 1)
    }

    @Test func `200 attempts at once, each with its own answer`() throws {
        let gate = FakeLambdaGate()
        let lambda = try FakeLambda { request in
            let id = String(decoding: request.body, as: UTF8.self)
            let answer = FakeLambdaAnswer(status: 202, headers: [(name: "x-amzn-RequestId", value: "for-\(id)")])
            return .hold(gate, then: .answer(answer))
        }
        var transport = try LambdaTransport.open(testOptions())
        for sequence in 0..<200 {
            transport.start(attempt(Int64(sequence), to: route(port: lambda.port), payload: Array("\(sequence)".utf8)))
        }
        #expect(transport.activeCount == 200)
        // All of them are with the server before it answers any.
        var early = 0
        while lambda.requests.count < 200 { early += transport.poll(wait: .milliseconds(20), wakeDescriptor: -1).count }
        #expect(early == 0)
        gate.open()
        let completions = transport.finishAll()
        #expect(Set(completions.map(\.sequence)) == Set(0..<200))
        for completion in completions {
            #expect(completion.outcome.answer?.requestID == "for-\(completion.sequence)")
        }
        #expect(transport.activeCount == 0)
        #expect(lambda.requests.count == 200)
    }

    @Test func `an idle connection is dropped on demand`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port)))
        transport.dropIdleConnections()
        _ = transport.outcome(of: attempt(2, to: route(port: lambda.port)))
        #expect(lambda.connections == 2)
    }

    @Test func `a connection in use is dropped when its attempt is over`() throws {
        let gate = FakeLambdaGate()
        let lambda = try FakeLambda { .hold(gate, then: .answer(.handedOver(for: $0))) }
        var transport = try LambdaTransport.open(testOptions())
        transport.start(attempt(1, to: route(port: lambda.port)))
        while lambda.requests.isEmpty { _ = transport.poll(wait: .milliseconds(20), wakeDescriptor: -1) }
        transport.dropIdleConnections()
        gate.open()
        #expect(transport.finishAll().first?.outcome.answer?.status == 202)
        #expect(transport.outcome(of: attempt(2, to: route(port: lambda.port)))?.answer?.status == 202)
        #expect(lambda.connections == 2)
    }

    @Test func `the wake descriptor ends a wait, and isn't read`() throws {
        let lambda = try FakeLambda { _ in .silence }
        var transport = try LambdaTransport.open(testOptions())
        transport.start(attempt(1, to: route(port: lambda.port)))
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        // With the request sent and nothing coming back, only the descriptor can end a long wait.
        while lambda.requests.isEmpty { _ = transport.poll(wait: .milliseconds(20), wakeDescriptor: ends[0]) }
        #expect(write(ends[1], "x", 1) == 1)
        let before = seconds()
        _ = transport.poll(wait: .seconds(60), wakeDescriptor: ends[0])
        #expect(seconds() - before < 30)
        var entry = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 0) == 1)
    }

    @Test func `a wait without attempts ends when its time is over`() throws {
        var transport = try LambdaTransport.open(testOptions())
        #expect(transport.poll(wait: .milliseconds(10), wakeDescriptor: -1).isEmpty)
    }

    private func seconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec
    }
}
