import Engine
import OutboxCore

/// One small run of the whole engine over the real store (20 messages: accepts, repeats, hand-overs, deaths, redrives,
/// purges, expiries, history, checkpoints, an orderly stop and a start), again and again, each time with a fault at
/// another call: whichever call it is, nothing is lost.
package struct FaultSweep: Sendable {
    /// The seed of a run that does all that a sweep is for.
    package static let usualSeed: UInt64 = 11

    private let seed: UInt64

    package init(seed: UInt64 = FaultSweep.usualSeed) {
        self.seed = seed
    }

    /// What came of one run.
    package struct Outcome: Sendable {
        package var result: RunResult
        /// Whether the run came to the fault.
        package var isStruck: Bool
        /// How often a process had to begin anew because of it.
        package var restarts: Int { result.occurrences["crash"] + result.occurrences["reboot"] }
    }

    /// The run without a fault: what it shows, and how many calls of each kind it makes.
    package func calm() throws -> (result: RunResult, calls: [DiskFault.Kind: Int]) {
        let backing = try backing(nil)
        FaultMemory.arm(at: 0)
        let result = try backing.run(plan)
        let allocations = FaultMemory.calls
        let counts = DiskFault.Kind.allCases.map { ($0, $0 == .memory ? allocations : backing.count($0.calls)) }
        return (result, Dictionary(uniqueKeysWithValues: counts))
    }

    package func run(_ fault: DiskFault, trace: ((String) -> Void)? = nil) throws -> Outcome {
        let backing = try backing(fault)
        let result = try backing.run(plan, trace: trace)
        let isStruck = fault.kind == .memory ? FaultMemory.hasStruck : backing.struck > 0
        return Outcome(result: result, isStruck: isStruck)
    }

    private func backing(_ fault: DiskFault?) throws -> FaultyDiskBacking {
        try FaultyDiskBacking(script: .one(fault), random: Seeded(state: seed &+ UInt64(fault?.at ?? 0)))
    }

    private var plan: Plan {
        var plan = Plan(seed: seed)
        plan.stepsMin = 0
        plan.stepsMax = 120
        plan.messagesMax = 20
        plan.stopAt = 30
        plan.troubleEndsAt = 20_000_000_000
        plan.outages = []
        plan.budgets.eventsMax = 1_000
        plan.commitLimits.checkpoints = .init(idle: 60_000, busy: 60_000, most: 60_000, commitsMin: 0)
        plan.weights = Weights()
        plan.weights.operatorAct = 3
        plan.weights.key = 2
        plan.weights.delay = 6
        plan.weights.expiry = 4
        for never in [
            \Weights.crash, \.storeFault, \.slowCommit, \.clock, \.credentials, \.cut, \.odd, \.lostAnswer, \.cursed,
            \.defect,
        ] { plan.weights[keyPath: never] = 1_000_000_000 }
        return plan
    }
}
