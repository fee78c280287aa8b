import Engine
import Foundation
package import OutboxCore
import TestSupport

/// One seed, from the first event to an empty queue.
package final class SeededRun<Store: EventStore & EventStoreUpkeep & ~Copyable> {
    private let record: Record
    private let backing: Backing<Store>
    private let oracle: Oracle
    private let lambda: LambdaModel
    private let keys: Keys
    private let clients: Clients
    private let operators: Operators
    private let clock: ClockTrouble
    private let faults: StoreFaults
    private let files: TemporaryDirectory
    private var random: Seeded
    private var life: Life<Store>?
    private var boot = 0
    private var commitWakesAt: Int64 = 0
    private var policies: PolicyTable
    /// How many rounds have begun at the same instant.
    private var still = (at: Int64.min, rounds: 0)
    private var isStopping = false
    /// The delivery side of the process has ended in order.
    private var isDrained = false

    package convenience init(seed: UInt64, backing: Backing<Store>, trace: ((String) -> Void)? = nil) throws {
        try self.init(plan: Plan(seed: seed), backing: backing, trace: trace)
    }

    init(plan: Plan, backing: Backing<Store>, trace: ((String) -> Void)? = nil) throws {
        record = Record(plan: plan)
        record.trace = trace
        self.backing = backing
        backing.view.join(record)
        files = try TemporaryDirectory(inMemory: true)
        random = plan.random
        oracle = Oracle(record)
        keys = Keys(record)
        clock = ClockTrouble(record: record, oracle: oracle)
        lambda = LambdaModel(record, keys: keys, random: random.split())
        clients = Clients(record, oracle: oracle, random: random.split()) { [lambda] in lambda.curse($0) }
        operators = Operators(record, oracle: oracle, keys: keys, random: random.split())
        faults = StoreFaults(record, random: random.split())
        policies = plan.policies
        wire()
    }

    private func wire() {
        let (record, oracle, lambda, clients) = (record, oracle, lambda, clients)
        faults.committed = { oracle.committed($0, $1, $2) }
        faults.refused = { oracle.refused($0) }
        faults.counted = { oracle.checkTotals($0) }
        keys.reloaded = { _ in oracle.scopes.bringAllForward(at: record.nanoseconds) }
        record.world.ended = { oracle.ended($0, $1) }
        record.world.judge = { attempt in
            let function = oracle.index(of: attempt.event.function)
            oracle.startsToBeChecked(attempt, function: function)
            let message = Int(attempt.event.payloadDigest.words.0)
            let defect = clients.defects.contains(message)
            let (cause, answer) = lambda.judge(attempt, function: function, message: message, defect: defect)
            oracle.started(
                attempt.event,
                function: function,
                cause: cause,
                retryAfter: lambda.retryAfter(of: cause, function: function)
            )
            return answer
        }
        record.notePlan()
    }

    /// Parts that know each other would never be given back: a hundred thousand runs are one process's.
    private func unwire() {
        faults.committed = { _, _, _ in }
        faults.refused = { _ in }
        faults.counted = { _ in }
        keys.reloaded = nil
        record.world.ended = nil
        record.world.judge = nil
        record.world.toDelivery = []
        record.world.toCommit = []
        record.forget()
    }

    // MARK: The run

    /// Once.
    package func run() -> RunResult {
        defer { unwire() }
        record.trace?("\(record.plan.limits)")
        start()
        while record.violation == nil, record.step < record.plan.stepsMax,
            record.step < record.plan.stepsMin || record.nanoseconds < record.plan.troubleEndsAt
        {
            disturb()
            // A start that never came leaves no process to go on with.
            if record.violation == nil { round() }
        }
        if record.violation == nil { calm() }
        return RunResult(
            violation: record.violation,
            occurrences: record.occurrences,
            steps: record.step,
            span: .milliseconds(record.nanoseconds / 1_000_000),
            fingerprint: record.fingerprint
        )
    }

    private func start() {
        for _ in 0..<20 {
            do throws(StoreError) {
                keys.restart()
                life = try Life.start(
                    record,
                    backing: backing,
                    boot: boot,
                    files: files,
                    policies: policies,
                    oracle: oracle,
                    faults: faults,
                    keys: keys,
                    random: random.split()
                )
                commitWakesAt = record.nanoseconds
                return
            } catch {
                // systemd tries again.
                record.world.warnings.append("\(error)")
                life = nil
                failedToStart()
                record.world.advance(.seconds(5))
            }
        }
        record.violated("P12", expected: "a start within 20 tries", found: "none")
    }

    /// What the disk makes of a start that failed.
    private func failedToStart() {
        let hasLostPower = backing.view.hasLostPower
        if hasLostPower {
            boot += 1
            oracle.lostPowerAtStart()
        }
        settle(sameBoot: !hasLostPower)
    }

    /// Learns what is on the disk of a commit that had failed.
    private func settle(sameBoot: Bool) {
        guard let commit = backing.view.settle(sameBoot: sameBoot) else { return }
        oracle.settled(commit)
    }

    /// One round of each side.
    private func round() {
        record.step += 1
        let world = record.world
        record.release()
        let now = record.nanoseconds
        let isCommitting = record.commitEndsAt > now
        var orders: [CommitMessage] = []
        var items: [IntakeItem] = []
        if !isCommitting {
            items = clients.requests(now: now)
            orders = operators.orders()
            if !items.isEmpty || !orders.isEmpty || !world.toCommit.isEmpty || now >= commitWakesAt {
                if random.oneIn(16) { orders.append(report()) }
                let commands = world.toCommit + orders
                world.toCommit = []
                if let trace = record.trace {
                    for command in commands { trace("\(record.step)   asked \(command.short)") }
                }
                record.commitEndsAt = now + faults.delay()
                guard life!.commit(items, commands, world) else {
                    record.note(7, text: "the store has failed")
                    record.release()
                    return crash(reboot: backing.view.hasLostPower)
                }
                let (wait, overflow) = life!.wait(now: world.now).milliseconds.multipliedReportingOverflow(
                    by: 1_000_000
                )
                commitWakesAt = overflow ? .max : max(now, record.commitEndsAt) + wait
            }
        }
        if record.violation != nil { return }
        deliver()
        checkStill()
        oracle.checkTexts()
    }

    private func report() -> CommitMessage {
        // Called back within the round, on this thread.
        nonisolated(unsafe) let oracle = oracle
        return .report { report in if let report { oracle.check(report) } }
    }

    /// - Returns: false: drained.
    @discardableResult
    private func deliver() -> Bool {
        let world = record.world
        var messages = world.toDelivery
        world.toDelivery = []
        messages += operators.takeMessages()
        for message in messages {
            oracle.told(message)
            if let trace = record.trace { trace("\(record.step)   told \(message.short)") }
            if case .reconfigure(let directory) = message, let table = directory as? SimulatedDirectory {
                oracle.policies = table.policies
                policies = table.policies
                oracle.turnsConfigured(isStart: false)
                for index in oracle.starts.indices {
                    oracle.starts[index].forget()
                    oracle.drains[index].forget()
                }
            }
        }
        if random.oneIn(16), record.commitEndsAt <= record.nanoseconds { messages.append(snapshot()) }
        oracle.turnBegins()
        world.wakeAt = nextEvent()
        world.isCommitting = record.commitEndsAt > record.nanoseconds
        let posted = world.toCommit.count
        let goesOn = life!.deliver(messages, world)
        oracle.decided(world.toCommit[posted...])
        for change in world.changes { oracle.changed(change) }
        world.changes = []
        for notice in world.clockNotices where notice.isCorrected { record.happened(.clockCorrected) }
        world.clockNotices = []
        oracle.checkProgress()
        return goesOn
    }

    /// Asks the delivery side for its account, behind all that it is told.
    private func snapshot() -> DeliveryMessage {
        // Called back within the round, on this thread.
        nonisolated(unsafe) let oracle = oracle
        return .snapshot { report in if let report { oracle.check(report) } }
    }

    /// When something happens that is no attempt's end. Nanoseconds.
    private func nextEvent() -> Int64 {
        let now = record.nanoseconds
        if isStopping { return max(record.commitEndsAt, now + 50_000_000) }
        if record.commitEndsAt > now { return min(record.commitEndsAt, commitWakesAt) }
        return max(now, min(commitWakesAt, clients.nextAt))
    }

    private func checkStill() {
        still = still.at == record.nanoseconds ? (still.at, still.rounds + 1) : (record.nanoseconds, 0)
        if still.rounds > 3_000 {
            record.violated("P9", expected: "time goes on", found: "3,000 rounds at one instant")
        }
    }

    // MARK: Trouble

    private func disturb() {
        let weights = record.plan.weights
        let world = record.world
        if record.plan.stopAt == record.step { return stop() }
        if random.oneIn(weights.crash) { return crash(reboot: random.oneIn(4)) }
        if random.oneIn(weights.crash * 2) { return stop() }
        if random.oneIn(weights.credentials) { keys.disturb(&random) }
        if random.oneIn(weights.clock) { clock.step(&random) }
        if random.oneIn(weights.clock * 2) {
            world.isSynchronised.toggle()
            if !world.isSynchronised { record.happened(.clockUnsynchronised) }
        }
    }

    private func crash(reboot: Bool) {
        record.happened(reboot ? .reboot : .crash)
        if reboot {
            boot += 1
            if random.oneIn(2) { try? FileManager.default.removeItem(atPath: files.file("flight")) }
        }
        gone(sameBoot: !reboot)
        record.world.advance(.milliseconds(Int64(random.int(100...8_000))))
        start()
    }

    /// An orderly stop, as the daemon does it, and a start.
    private func stop() {
        record.happened(.stop)
        isStopping = true
        defer {
            isStopping = false
            isDrained = false
        }
        let world = record.world
        let deadline = world.now.monotonic.advanced(by: .seconds(Int64(random.int(0...20))))
        world.toDelivery.append(.drain(deadline: deadline) {})
        world.toCommit.append(.stopWaiting)
        for _ in 0..<10_000 where !isDrained {
            guard turnBoth() else { return crash(reboot: backing.view.hasLostPower) }
        }
        // The commit side takes what is left in its lane.
        while record.commitEndsAt > record.nanoseconds { world.advance(.milliseconds(1)) }
        record.release()
        let commands = world.toCommit
        world.toCommit = []
        guard life!.commit([], commands, world) else {
            return crash(reboot: backing.view.hasLostPower)
        }
        let ended = life.take()!
        _ = ended.close(backing)
        if backing.view.hasLostPower { boot += 1 }
        gone(sameBoot: !backing.view.hasLostPower)
        world.advance(.milliseconds(Int64(random.int(100...3_000))))
        start()
    }

    /// A round of both sides while nothing new comes in; false: the store has failed.
    private func turnBoth() -> Bool {
        let world = record.world
        record.step += 1
        record.release()
        if record.commitEndsAt <= record.nanoseconds {
            let commands = world.toCommit
            world.toCommit = []
            record.commitEndsAt = record.nanoseconds + faults.delay()
            guard life!.commit([], commands, world) else { return false }
        }
        isDrained = !deliver()
        return true
    }

    private func gone(sameBoot: Bool) {
        life = nil
        settle(sameBoot: sameBoot)
        record.forget()
        record.world.toCommit = []
        record.world.toDelivery = []
        record.world.changes = []
        record.world.clockNotices = []
        oracle.crashed(sameBoot: sameBoot, wasClean: isDrained)
        clients.disconnected()
        operators.disconnected()
        oracle.checkContents(of: backing.view)
    }

    // MARK: The end

    /// Faults stop, operators undo their pauses: everything goes, within the time computed (I6).
    private func calm() {
        lambda.isCalm = true
        faults.isCalm = true
        clients.isCalm = true
        operators.isCalm = true
        keys.mend()
        backing.view.calm()
        let world = record.world
        clock.setRight()
        world.isSynchronised = true
        world.toCommit.append(operators.resumeAll())
        oracle.checkContents(of: backing.view)
        let began = record.nanoseconds
        var isFreed = false
        var deadline = began
        while record.violation == nil {
            if oracle.queued == 0, oracle.flights.isEmpty, clients.isQuiet, operators.pending == 0 { break }
            if !isFreed, clients.isQuiet, operators.pending == 0 {
                isFreed = true
                freeFuture()
            }
            deadline = max(deadline, began + oracle.drainTime())
            if record.nanoseconds > deadline {
                oracle.checkEnd()
                break
            }
            round()
        }
        guard record.violation == nil else { return }
        oracle.checkContents(of: backing.view)
        oracle.checkEnd()
        oracle.checkHandedOver(lambda.queue)
        clients.checkEnd()
    }

    /// Times that producers asked for while the clock was ahead lie in a far future for a clock that is right: an operator
    /// sees them, and sends what is meant at once. What was put off otherwise has to come by itself.
    private func freeFuture() {
        let horizon = record.world.now.wall.advanced(by: .seconds(240))
        let ids = oracle.entries.values.filter { entry in
            entry.state == .queued && entry.dueAt == entry.promisedAt && entry.dueAt.map { $0 > horizon } ?? false
        }
        guard !ids.isEmpty else { return }
        record.world.toCommit.append(operators.free(ids.map(\.id).sorted()))
    }
}
