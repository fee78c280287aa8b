import NIOConcurrencyHelpers
import OutboxCore
import Testing

@testable import Daemon

/// One answer for all who ask at about the same time.
@Suite(.timeLimit(.minutes(1))) struct `A shared answer` {
    /// Moved by hand.
    final class HandClock: TimeSource {
        private let seconds = NIOLockedValueBox(Int64(0))

        func pass(seconds more: Int64) { seconds.withLockedValue { $0 += more } }
        func now() -> Moment {
            Moment(
                wall: WallTime(milliseconds: 0),
                monotonic: MonotonicTime(nanoseconds: seconds.withLockedValue { $0 } * 1_000_000_000)
            )
        }
    }

    /// Makes numbers, each only when it is let through.
    final class Maker: Sendable {
        private let began: AsyncStream<Int>.Continuation
        private let gate: AsyncStream<Void>
        let opener: AsyncStream<Void>.Continuation
        let begun: AsyncStream<Int>
        private let count = NIOLockedValueBox(0)

        init() {
            (begun, began) = AsyncStream.makeStream(of: Int.self)
            (gate, opener) = AsyncStream.makeStream(of: Void.self)
        }

        func make() async -> Int {
            let number = count.withLockedValue {
                $0 += 1
                return $0
            }
            began.yield(number)
            for await _ in gate { break }
            return number
        }

        var made: Int { count.withLockedValue { $0 } }
    }

    struct Failed: Error {}

    @Test func `fifty who ask together cost one making`() async throws {
        let shared = Shared<Int>()
        let maker = Maker()
        let clock = HandClock()
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { try await shared.value(maxAge: .seconds(1), clock: clock) { await maker.make() } }
            }
            for await _ in maker.begun { break }
            maker.opener.yield()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: 1, count: 50))
        #expect(maker.made == 1)
    }

    @Test func `an answer is kept for its time, and no longer`() async throws {
        let shared = Shared<Int>()
        let clock = HandClock()
        let count = NIOLockedValueBox(0)
        func ask() async throws -> Int {
            try await shared.value(maxAge: .seconds(2), clock: clock) {
                count.withLockedValue {
                    $0 += 1
                    return $0
                }
            }
        }
        #expect(try await ask() == 1)
        clock.pass(seconds: 1)
        #expect(try await ask() == 1)
        clock.pass(seconds: 1)
        #expect(try await ask() == 2)
    }

    @Test func `with no age, who asks while one is made gets one that was begun later`() async throws {
        let shared = Shared<Int>()
        let maker = Maker()
        let clock = HandClock()
        @Sendable func ask() async throws -> Int {
            try await shared.value(maxAge: .zero, clock: clock) { await maker.make() }
        }
        var begun = maker.begun.makeAsyncIterator()
        async let first = ask()
        #expect(await begun.next() == 1)
        let late = Task { try await ask() }
        // The late one is on the actor, or comes when the first is done: either way its answer is the second.
        await Task.yield()
        maker.opener.yield()
        #expect(try await first == 1)
        #expect(await begun.next() == 2)
        maker.opener.yield()
        #expect(try await late.value == 2)
    }

    @Test func `a failure is told and not kept`() async throws {
        let shared = Shared<Int>()
        let clock = HandClock()
        await #expect(throws: Failed.self) {
            try await shared.value(maxAge: .seconds(1), clock: clock) { throw Failed() }
        }
        #expect(try await shared.value(maxAge: .seconds(1), clock: clock) { 7 } == 7)
    }
}
