import OutboxCore
import TestSupport
import Testing

/// What is read from the store while other things happen: no row is left there for good.
struct ReadingTests {
    private struct Directory: DispatchDirectory {
        func policy(for function: FunctionIdentity) -> FunctionPolicy { FunctionPolicy() }
        func route(for function: FunctionIdentity) -> RouteKey { RouteKey(0) }
        var routeNames: [String] { ["r"] }
    }

    private let now = Moment(
        wall: WallTime(milliseconds: 1_800_000_000_000),
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000)
    )

    private func event(_ sequence: Int64, dueAt: WallTime? = nil) -> QueuedEvent {
        QueuedEvent(
            sequence: sequence,
            id: EventID(high: 1, low: UInt64(sequence)),
            functionKey: FunctionKey(1),
            function: FunctionIdentity(partition: "aws", account: "-", region: "r", name: "f", qualifier: "-"),
            payload: [],
            payloadDigest: Digest256(words: (0, 0, 0, 0)),
            acceptedAt: now.wall,
            dueAt: dueAt,
            ageFrom: now.wall
        )
    }

    /// A store of fresh rows answers.
    private func page(_ claim: ClaimRequest, _ rows: [Int64]) -> ClaimPage {
        var page = ClaimPage(
            request: claim,
            events: [],
            throughSequence: 0,
            throughDue: nil,
            skipped: [:],
            damaged: [],
            exhausted: true
        )
        guard case .fresh(let after, let through, _) = claim.lane else { return page }
        let wanted = rows.filter { $0 > after && $0 <= through && !claim.held.contains($0) }
        if claim.skip.contains(FunctionKey(1)) {
            if let first = wanted.first, let last = wanted.last {
                page.skipped[FunctionKey(1)] = .init(first: first, last: last, count: wanted.count)
            }
        } else {
            page.events = wanted.map { event($0) }
        }
        page.throughSequence = max(after, rows.max() ?? 0)
        return page
    }

    /// Page after page of rows that are due.
    private func readDue(_ dispatcher: inout Dispatcher, _ row: QueuedEvent) {
        while let claim = dispatcher.nextClaim(now: now) {
            var page = page(claim, [])
            if case .due(let after, _, _) = claim.lane, after.map({ $0.dueAt < row.dueAt! }) ?? true,
                !claim.held.contains(row.sequence)
            {
                page.events = [row]
            }
            dispatcher.claimed(page, nextDue: nil)
        }
    }

    /// The next page that reads accepted rows; answers all others.
    private func freshClaim(_ dispatcher: inout Dispatcher, _ rows: [Int64]) throws -> ClaimRequest {
        while true {
            let next = dispatcher.nextClaim(now: now)
            let claim = try #require(next)
            if case .fresh = claim.lane { return claim }
            dispatcher.claimed(page(claim, rows), nextDue: nil)
        }
    }

    private func readAll(_ dispatcher: inout Dispatcher, _ rows: [Int64]) {
        while let claim = dispatcher.nextClaim(now: now) { dispatcher.claimed(page(claim, rows), nextDue: nil) }
    }

    @Test func `an event given back while a page without it is on its way is read again (P9)`() throws {
        let rows: [Int64] = [1, 2]
        var dispatcher = Dispatcher(limits: DispatchLimits(), directory: Directory(), lastSequence: 2, nextDue: nil)
        readAll(&dispatcher, rows)
        // An order that fails: the place in the store goes back to the first row, while the second is in memory.
        #expect(dispatcher.withdraw([1]).isEmpty)
        dispatcher.returned(gone: [], kept: [1])
        let claim = try freshClaim(&dispatcher, rows)
        #expect(claim.held == [2])
        // The same for the second, before the page comes.
        #expect(dispatcher.withdraw([2]).isEmpty)
        dispatcher.returned(gone: [], kept: [2])
        dispatcher.claimed(page(claim, rows), nextDue: nil)
        readAll(&dispatcher, rows)
        let started = dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event.sequence)
        #expect(started.sorted() == rows)
    }

    @Test func `rows passed over for a function that is forgotten before the page comes are read again (P9)`() throws {
        var limits = DispatchLimits()
        limits.functionEventsMax = 1
        var random = Seeded(state: 1)
        var dispatcher = Dispatcher(limits: limits, directory: Directory(), lastSequence: 1, nextDue: nil)
        readAll(&dispatcher, [1])
        #expect(dispatcher.wake(now: now, clockTrusted: true).starts.count == 1)
        dispatcher.accepted([], lastSequence: 2, complete: false)
        let claim = try freshClaim(&dispatcher, [2])
        #expect(claim.skip == [FunctionKey(1)])
        let completion = AttemptCompletion(
            sequence: 1,
            outcome: .answered(Answer(status: 202, requestID: "r")),
            duration: .milliseconds(5)
        )
        _ = dispatcher.completed(completion, now: now, clockTrusted: true, using: &random)
        dispatcher.committed([1])
        dispatcher.claimed(page(claim, [2]), nextDue: nil)
        readAll(&dispatcher, [2])
        #expect(dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event.sequence) == [2])
    }

    @Test func `retries passed over for a function that is forgotten before the page comes are read again (P9)`() throws
    {
        var limits = DispatchLimits()
        limits.functionEventsMax = 1
        var random = Seeded(state: 1)
        var dispatcher = Dispatcher(limits: limits, directory: Directory(), lastSequence: 1, nextDue: nil)
        readAll(&dispatcher, [1])
        #expect(dispatcher.wake(now: now, clockTrusted: true).starts.count == 1)
        let retry = event(2, dueAt: now.wall)
        dispatcher.dueChanged(now.wall)
        let next = dispatcher.nextClaim(now: now)
        let claim = try #require(next)
        #expect(claim.skip == [FunctionKey(1)])
        let completion = AttemptCompletion(
            sequence: 1,
            outcome: .answered(Answer(status: 202, requestID: "r")),
            duration: .milliseconds(5)
        )
        _ = dispatcher.completed(completion, now: now, clockTrusted: true, using: &random)
        dispatcher.committed([1])
        var passedOver = page(claim, [])
        passedOver.skipped[FunctionKey(1)] = .init(first: 2, last: 2, count: 1)
        dispatcher.claimed(passedOver, nextDue: nil)
        readDue(&dispatcher, retry)
        #expect(dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event.sequence) == [2])
    }
}
