import OutboxCore
import Testing

@Suite struct `a histogram` {
    @Test func `counts a value at its bound within it, one above in the next`() {
        var histogram = Histogram(.counting)
        for value: Int64 in [1, 2, 3] { histogram.add(value) }
        #expect(Array(histogram.cumulative.prefix(4)) == [1, 2, 3, 3])
        #expect(histogram.cumulative.last == 3)
        #expect(histogram.sum == 6)
    }

    @Test func `keeps what is beyond all bounds, and takes negative values for 0`() {
        var histogram = Histogram(.attempting)
        histogram.add(3_600_000_000)
        histogram.add(-5)
        #expect(histogram.cumulative[0] == 1)
        #expect(histogram.cumulative[14] == 1)
        #expect(histogram.cumulative[15] == 2)
        #expect(histogram.sum == 3_600_000_000)
    }

    @Test(arguments: [Histogram.Scale.accepting, .attempting, .counting])
    func `has 15 bounds that grow`(_ scale: Histogram.Scale) {
        #expect(scale.bounds.count == 15)
        #expect(scale.bounds == Array(Set(scale.bounds)).sorted())
    }

    @Test func `two are added up`() {
        var a = Histogram(.counting)
        a.add(1, times: 2)
        var b = Histogram(.counting)
        b.add(4)
        #expect((a + b).cumulative.last == 3)
        #expect((a + b).sum == 6)
    }
}

@Suite struct `the rate of the last minute` {
    private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func `is 0 before anything was seen, and in the first second`() {
        var rate = RecentRate()
        #expect(rate.perSecond(5, at: at(0)) == 0)
        rate.sample(0, at: at(0))
        #expect(rate.perSecond(5, at: at(0)) == 0)
    }

    @Test func `is over as long as it has been counting, while that is less than a minute`() {
        var rate = RecentRate()
        rate.sample(100, at: at(1000))
        #expect(rate.perSecond(150, at: at(1010)) == 5)
    }

    @Test func `forgets what is older than a minute`() {
        var rate = RecentRate()
        // 1,000 a second for five minutes, then nothing.
        for second in 0...300 { rate.sample(second * 1000, at: at(Int64(second))) }
        #expect(rate.perSecond(300_000, at: at(300)) == 1000)
        for second in 301...370 { rate.sample(300_000, at: at(Int64(second))) }
        #expect(rate.perSecond(300_000, at: at(370)) == 0)
    }

    @Test func `a loop that didn't look for long tells the rate since it last did`() {
        var rate = RecentRate()
        rate.sample(0, at: at(0))
        #expect(rate.perSecond(600, at: at(600)) == 1)
    }
}

@Suite struct `each function's oldest event` {
    /// A queue in memory that counts the rows it was asked for.
    private struct Rows: WaitingRowReader {
        var rows: [WaitingRow] = []
        /// Of `rows`, those with a due time, in ascending order.
        var due: [Int64] = []
        var read = 0

        mutating func waitingRows(_ sequences: [Int64]) throws(StoreError) -> [WaitingRow] {
            read += sequences.count
            return rows.filter { sequences.contains($0.sequence) }
        }

        mutating func waitingRows(after: Int64, limit: Int) throws(StoreError) -> [WaitingRow] {
            let page = rows.filter { $0.sequence > after }.prefix(limit)
            read += page.count
            return Array(page)
        }

        mutating func dueRows(after: DuePlace?, limit: Int) throws(StoreError) -> [DueRow] {
            let all = due.map { sequence in
                let place = DuePlace(dueAt: WallTime(milliseconds: 1_000_000), sequence: sequence)
                return DueRow(place: place, functionKey: rows.first { $0.sequence == sequence }!.functionKey)
            }
            let page = all.filter { row in after.map { row.place > $0 } ?? true }.prefix(limit)
            read += page.count
            return Array(page)
        }

        mutating func put(_ sequences: ClosedRange<Int64>, _ function: Int64, ageFrom: Int64? = nil) {
            rows += sequences.map {
                WaitingRow(
                    sequence: $0,
                    functionKey: FunctionKey(function),
                    ageFrom: WallTime(milliseconds: ageFrom ?? $0)
                )
            }
            rows.sort { $0.sequence < $1.sequence }
        }
    }

    private let slow = FunctionKey(1)
    private let other = FunctionKey(2)

    @Test func `is found in a short queue at once`() throws {
        var rows = Rows()
        rows.put(1...3, 1)
        rows.put(4...5, 2)
        var oldest = OldestWaiting()
        let found = try oldest.look(waiting: [slow, other], hints: [], in: &rows)
        #expect(found[slow]?.sequence == 1)
        #expect(found[other]?.sequence == 4)
    }

    @Test func `behind a backlog is found by a hint at once, without one by and by, never by reading all (P7)`() throws
    {
        var rows = Rows()
        rows.put(1...10_000, 1)
        rows.put(10_001...10_001, 2)
        var oldest = OldestWaiting()
        #expect(try oldest.look(waiting: [slow, other], hints: [10_001], in: &rows)[other]?.sequence == 10_001)
        oldest = OldestWaiting()
        for look in 0..<6 {
            rows.read = 0
            let found = try oldest.look(waiting: [slow, other], hints: [], in: &rows)
            #expect(rows.read <= OldestWaiting.walkRows + 2)
            #expect(found[slow]?.sequence == 1)
            #expect((found[other] != nil) == (look == 5))
        }
    }

    @Test func `that was tried before is found by its due time at once, whatever lies before it`() throws {
        var rows = Rows()
        rows.put(1...10_000, 1)
        rows.put(10_001...10_003, 2)
        rows.due = [10_001, 10_002]
        var oldest = OldestWaiting()
        #expect(try oldest.look(waiting: [slow, other], hints: [], in: &rows)[other]?.sequence == 10_001)
    }

    @Test func `is remembered while it waits, and followed by the next once it has gone`() throws {
        var rows = Rows()
        rows.put(1...2, 1)
        var oldest = OldestWaiting()
        _ = try oldest.look(waiting: [slow], hints: [], in: &rows)
        rows.rows.removeFirst()
        #expect(try oldest.look(waiting: [slow], hints: [], in: &rows)[slow]?.sequence == 2)
    }

    @Test func `goes by age, not by row: a redriven event is young`() throws {
        var rows = Rows()
        rows.put(1...1, 1, ageFrom: 900)
        rows.put(5...5, 1, ageFrom: 5)
        var oldest = OldestWaiting()
        #expect(try oldest.look(waiting: [slow], hints: [], in: &rows)[slow]?.sequence == 5)
    }

    @Test func `of a function without events nothing is kept`() throws {
        var rows = Rows()
        rows.put(1...1, 1)
        var oldest = OldestWaiting()
        _ = try oldest.look(waiting: [slow], hints: [], in: &rows)
        #expect(try oldest.look(waiting: [], hints: [], in: &rows).isEmpty)
    }
}
