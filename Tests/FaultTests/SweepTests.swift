import Simulation
import Testing

/// Seeded runs of the engine over the real store on a disk that fails; the whole of it by `scripts/torture`.
struct SweepTests {
    @Test func `the sweep's run does what it is for`() throws {
        let (result, calls) = try FaultSweep().calm()
        #expect(result.violation == nil)
        for name in [
            "attempt: handed over", "client: told of a repeat", "event: with an expiry", "operator: redrive",
            "operator: purge", "operator: cancel", "stop",
        ] { #expect(result.occurrences[name] > 0, "\(name)") }
        for kind in DiskFault.Kind.allCases { #expect(calls[kind] ?? 0 > 50, "\(kind)") }
    }

    @Test(arguments: DiskFault.Kind.allCases)
    func `a fault at every so manieth call loses nothing (I1 to I7)`(kind: DiskFault.Kind) throws {
        let sweep = FaultSweep()
        let count = try sweep.calm().calls[kind] ?? 0
        var struck = 0
        for at in stride(from: 1, through: count, by: max(1, count / 15)) {
            let outcome = try sweep.run(DiskFault(kind, at: at))
            #expect(outcome.result.violation == nil, "\(kind.rawValue) at \(at)")
            if outcome.isStruck { struck += 1 }
        }
        #expect(struck >= 12)
    }

    @Test(arguments: 0..<8)
    func `a seeded run on a disk that fails and loses its power keeps every promise`(seed: Int) throws {
        let result = try FaultyDiskBacking(seed: UInt64(seed)).run(seed: UInt64(seed))
        #expect(result.violation == nil, "scripts/simulate --store fault --seed \(seed)")
    }

    @Test func `with synchronous=NORMAL the loss is found within 50 power cuts`() throws {
        var cuts = 0
        for seed in UInt64(0)..<50 where cuts < 50 {
            let result = try FaultyDiskBacking(seed: seed, syncsCommits: false).run(seed: seed)
            cuts += result.occurrences["disk: power lost"]
            if let violation = result.violation {
                #expect(violation.check == "P1")
                #expect(cuts <= 50)
                return
            }
        }
        Issue.record("\(cuts) power cuts, and nothing was found")
    }
}
