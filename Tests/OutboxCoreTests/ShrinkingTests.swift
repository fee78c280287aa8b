import OutboxCore
import Testing

/// When a file shrinks by itself, how far, and in what slices.
struct ShrinkingTests {
    private static let mebibyte = 1 << 20

    private func at(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    /// Looks once a second, from one time to the other.
    private func look(
        _ shrinking: inout Shrinking,
        used: Int,
        file: Int,
        goal: Shrinking.Goal = .roomForUse,
        from: Int64 = 0,
        through: Int64
    ) {
        for second in from...through {
            shrinking.look(
                used: used * Self.mebibyte,
                file: file * Self.mebibyte,
                goal: goal,
                now: at(second * 1_000)
            )
        }
    }

    @Test func `what was in use a minute ago is kept, and given back two minutes later at most`() {
        var shrinking = Shrinking()
        look(&shrinking, used: 2_000, file: 2_048, through: 30)
        look(&shrinking, used: 1, file: 2_048, from: 31, through: 89)
        #expect(!shrinking.isUnderWay)
        look(&shrinking, used: 1, file: 2_048, from: 90, through: 152)
        #expect(shrinking.isUnderWay)
    }

    @Test func `a slice that stood still for hours is followed by another within ten seconds`() {
        var shrinking = Shrinking()
        look(&shrinking, used: 1, file: 2_048, goal: .order, through: 1)
        shrinking.sliced(took: 8 * 3_600_000_000_000, at: at(1_000))
        shrinking.checkpointed(took: 8 * 3_600_000_000_000)
        #expect(shrinking.wait(isIdle: true, now: at(1_000)) ?? .hours(1) <= .seconds(10))
        #expect(shrinking.wait(isIdle: false, now: at(1_000)) ?? .hours(1) <= .seconds(10))
    }

    @Test func `a queue that fills and drains every minute pays nothing`() {
        var shrinking = Shrinking()
        for second in Int64(0)..<1_000 {
            let used = second % 60 < 5 ? 400 : 1
            shrinking.look(used: used << 20, file: 410 << 20, goal: .roomForUse, now: at(second * 1_000))
            #expect(!shrinking.isUnderWay, "second \(second)")
        }
    }

    @Test func `a file isn't shrunk while its queue is drained, until little is left that would be moved`() {
        var shrinking = Shrinking()
        for second in Int64(0)..<550 {
            let used = 2_048 - Int(second) * 3
            shrinking.look(used: used << 20, file: 2_048 << 20, goal: .roomForUse, now: at(second * 1_000))
            #expect(!shrinking.isUnderWay, "second \(second), \(used) MiB in use")
        }
        look(&shrinking, used: 300, file: 2_048, from: 550, through: 620)
        #expect(shrinking.isUnderWay)
    }

    @Test func `ups and downs of a small queue keep no big file big`() {
        var shrinking = Shrinking()
        for second in Int64(0)..<30 {
            let used = second % 2 == 0 ? 60 : 1
            shrinking.look(used: used << 20, file: 2_048 << 20, goal: .roomForUse, now: at(second * 1_000))
            #expect(shrinking.isUnderWay)
        }
    }

    @Test(arguments: [(used: 1, left: 33), (used: 100, left: 132), (used: 1_000, left: 1_125)])
    func `a slack stays`(_ row: (used: Int, left: Int)) {
        var shrinking = Shrinking()
        look(&shrinking, used: row.used, file: row.left + 9, through: 1)
        #expect(shrinking.isUnderWay)
        look(&shrinking, used: row.used, file: row.left + 1, from: 2, through: 2)
        #expect(shrinking.isUnderWay, "once begun it goes on to the end")
        look(&shrinking, used: row.used, file: row.left, from: 3, through: 3)
        #expect(!shrinking.isUnderWay)
    }

    @Test func `a little isn't worth it`() {
        var shrinking = Shrinking()
        look(&shrinking, used: 1, file: 33 + 8, through: 10)
        #expect(!shrinking.isUnderWay)
    }

    @Test func `a short disk gets all but half a mebibyte at once`() {
        var shrinking = Shrinking()
        shrinking.look(used: 100 << 20, file: 101 << 20, goal: .shortDisk, now: at(0))
        #expect(shrinking.isUnderWay)
        shrinking.look(used: 100 << 20, file: (100 << 20) + (512 << 10), goal: .shortDisk, now: at(1))
        #expect(!shrinking.isUnderWay)
    }

    @Test func `an order gives everything back`() {
        var shrinking = Shrinking()
        shrinking.look(used: 100 << 20, file: (100 << 20) + 4_096, goal: .order, now: at(0))
        #expect(shrinking.isUnderWay)
        shrinking.look(used: 100 << 20, file: 100 << 20, goal: .order, now: at(1))
        #expect(!shrinking.isUnderWay)
    }

    @Test func `slices are short where there are commits, and rounds without one come first`() {
        var shrinking = Shrinking()
        shrinking.look(used: 0, file: 1 << 30, goal: .order, now: at(0))
        #expect(shrinking.slice(isIdle: true, now: at(0))?.nanosecondsMax == 2_000_000)
        shrinking.committed(at: at(10))
        shrinking.sliced(took: 500_000, at: at(10))
        #expect(shrinking.slice(isIdle: false, now: at(59)) == nil)
        #expect(shrinking.slice(isIdle: true, now: at(19)) == nil)
        #expect(shrinking.slice(isIdle: true, now: at(20))?.nanosecondsMax == 500_000)
        #expect(shrinking.slice(isIdle: false, now: at(60))?.nanosecondsMax == 500_000)
    }

    @Test(arguments: [(Int64(2), false), (2, true), (30, false), (30, true)])
    func `slices take a tenth of the time beside commits, a quarter or so otherwise`(_ took: Int64, _ isQuiet: Bool) {
        var shrinking = Shrinking()
        shrinking.look(used: 0, file: 1 << 30, goal: .order, now: at(0))
        var busy: Int64 = 0
        var now: Int64 = 0
        while now < 60_000 {
            if !isQuiet { shrinking.committed(at: at(now)) }
            if shrinking.slice(isIdle: true, now: at(now)) != nil {
                now += took
                busy += took
                shrinking.sliced(took: took * 1_000_000, at: at(now))
            } else {
                now += 1
            }
        }
        #expect(busy <= now / (isQuiet ? 3 : 5))
        #expect(busy > now / 50)
    }

    @Test func `no slice is due where nothing is to be given back`() {
        var shrinking = Shrinking()
        shrinking.look(used: 1 << 20, file: 20 << 20, goal: .roomForUse, now: at(0))
        #expect(shrinking.slice(isIdle: true, now: at(100_000)) == nil)
        #expect(shrinking.wait(isIdle: true, now: at(100_000)) == nil)
    }

    @Test func `a peak counts for one period at least and two at most`() {
        var peak = RecentPeak(period: .seconds(60))
        peak.note(7, at: at(1_000))
        peak.note(1, at: at(60_999))
        #expect(peak.value == 7)
        peak.note(1, at: at(61_000))
        #expect(peak.value == 7)
        peak.note(1, at: at(121_000))
        #expect(peak.value == 1)
        peak.note(9, at: at(122_000))
        peak.note(2, at: at(900_000))
        #expect(peak.value == 2)
    }
}
