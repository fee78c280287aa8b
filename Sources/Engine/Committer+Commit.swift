import OutboxCore

/// What goes into one transaction, and who is told of it.
extension Committer where Store: ~Copyable {
    mutating func commit(_ outcomes: [StoreCommand], now: Moment) throws(StoreError) {
        let first = heldUp + outcomes
        if isLocked(now) { return setHeldUp(first) }
        let batch = first + admitted.map { .accept($0.item.event) }
        guard !batch.isEmpty else { return }
        do throws(StoreError) {
            let replies = try timed(batch, new: admitted.count, now: now)
            // Producers first: they wait.
            answerIntake(Array(replies.suffix(admitted.count)))
            setHeldUp([])
            announceOutcomes(first)
        } catch .busy {
            // Nothing was done: they wait as for room.
            waiting = admitted + waiting
            admitted = []
            setHeldUp(first)
            noteLock(now)
            try admit(now: now)
        } catch .full {
            // Rolled back, known not to be there (architecture: "Rules").
            nextMeasure = now.monotonic
            var answers: [(IntakeItem, AcceptAnswer)] = []
            for item in admitted.map(\.item) {
                if let known = try knownAnswer(item, now: now) {
                    answers.append((item, known))
                } else {
                    counts.refused += 1
                    tally(.refused, item)
                    answers.append((item, Obstacle.diskFull.answer))
                }
            }
            admitted = []
            answer(answers)
            try commitOutcomesOnly(first, now: now)
        }
    }

    /// - Parameter new: events among them whose producers wait.
    private mutating func timed(
        _ batch: [StoreCommand],
        new: Int = 0,
        now: Moment
    ) throws(StoreError) -> [StoreReply] {
        let began = stopwatch()
        let replies = try store.commit(batch, now: now.wall)
        let ended = stopwatch()
        measures.committed(batch.count, from: began, to: ended)
        pace(new, from: began, to: ended)
        counts.commits += 1
        checkpoints.committed()
        counts.commands += batch.count
        countDead(batch, replies)
        lockedUntil = nil
        return replies
    }

    /// Whatever they died of, once it is on disk.
    private mutating func countDead(_ batch: [StoreCommand], _ replies: [StoreReply]) {
        for (command, reply) in zip(batch, replies) {
            guard case .done = reply else { continue }
            switch command {
            case .resolve(let resolution): if case .dead = resolution.fate { counts.dead += 1 }
            case .bury: counts.dead += 1
            default: break
            }
        }
    }

    /// Outcomes alone, with the ballast's space if need be; what still doesn't fit waits, and nothing is started.
    mutating func commitOutcomesOnly(_ outcomes: [StoreCommand], now: Moment) throws(StoreError) {
        guard !outcomes.isEmpty else { return }
        for attempt in 0..<2 {
            do throws(StoreError) {
                _ = try timed(outcomes, now: now)
                setHeldUp([])
                announceOutcomes(outcomes)
                return
            } catch .busy {
                noteLock(now)
                break
            } catch .full {
                guard attempt == 0 else { continue }
                ballast.giveBack()
                // The log can begin anew once it is in the file.
                try tolerant(now: now) { (store: inout Store) throws(StoreError) in try store.checkpoint() }
            }
        }
        if Planted.refusedOutcomesForgotten { return announceOutcomes(outcomes) }
        setHeldUp(outcomes)
    }

    mutating func setHeldUp(_ outcomes: [StoreCommand]) {
        let isNews = heldUp.isEmpty != outcomes.isEmpty
        if isNews, !Planted.startsWhileDiskFull { tellDelivery(.diskBlocked(!outcomes.isEmpty)) }
        heldUp = outcomes
    }

    func announceOutcomes(_ commands: [StoreCommand]) {
        var sequences: [Int64] = []
        for command in commands {
            switch command {
            case .resolve(let resolution): sequences.append(resolution.sequence)
            case .bury(let sequence, _, _): sequences.append(sequence)
            default: break
            }
        }
        if !sequences.isEmpty { tellDelivery(.committed(sequences)) }
    }

    // MARK: Operators

    /// One order a round, in a transaction of its own: it costs no producer his place, whatever becomes of it.
    mutating func operate(now: Moment) throws(StoreError) {
        guard var operation = operations.first else { return }
        for index in operation.commands.indices {
            operation.commands[index] = withRoom(operation.commands[index], now: now)
        }
        do throws(StoreError) {
            let replies: [StoreReply]
            do throws(StoreError) {
                replies = try timed(operation.commands, now: now)
            } catch .full where !operation.isImport {
                // Purging needs a little space before it gives some.
                ballast.giveBack()
                try tolerant(now: now) { (store: inout Store) throws(StoreError) in try store.checkpoint() }
                replies = try timed(operation.commands, now: now)
            }
            operations.removeFirst()
            try announceOperation(operation, replies, now: now)
        } catch .full(let text) {
            operations.removeFirst()
            operation.done(.failure(.full(text)))
        } catch .busy {
            operations.removeFirst()
            noteLock(now)
            operation.done(.failure(.busy(Obstacle.locked.reason)))
        }
    }

    /// What the delivery side has to know of an order, before the operator is told. The order is on disk: an error here is
    /// none that it could be tried again for.
    private mutating func announceOperation(
        _ operation: Operation,
        _ replies: [StoreReply],
        now: Moment
    ) throws(StoreError) {
        let problem: StoreError
        do throws(StoreError) {
            try tellOfOrders(operation.commands, replies, now: now)
            return operation.done(.success(replies))
        } catch .damaged(let text) {
            problem = .damaged("an order is on disk, and what it changed can't be read: \(text)")
        } catch {
            problem = .failed("an order is on disk, and what it changed can't be read: \(error)")
        }
        operation.done(.failure(problem))
        throw problem
    }

    private mutating func tellOfOrders(
        _ commands: [StoreCommand],
        _ replies: [StoreReply],
        now: Moment
    ) throws(StoreError) {
        for (command, reply) in zip(commands, replies) {
            switch (command, reply) {
            case (.redrive, .moved(let ids)) where !ids.isEmpty: tellDelivery(.dueChanged(now.wall))
            case (.sendNow(_, let force), .found(let ids)) where !ids.isEmpty:
                tellDelivery(.dueChanged(now.wall))
                if force { for id in ids { if let event = try store.queued(id) { tellDelivery(.force(event)) } } }
            case (.bringIn(let records, _, let isTrial), .broughtIn(let outcomes)) where !isTrial:
                announceImport(records, outcomes, now: now)
            case (.pause, .done): tellDelivery(.pauses(try store.pauses(), resumed: nil))
            case (.resume(let pattern), _): tellDelivery(.pauses(try store.pauses(), resumed: pattern))
            default: break
            }
        }
    }

    // MARK: A locked database

    func isLocked(_ now: Moment) -> Bool {
        lockedUntil.map { now.monotonic < $0 } ?? false
    }

    /// Somebody else, an operator's shell perhaps, holds the lock: it is tried again, for as long as it takes.
    mutating func noteLock(_ now: Moment) {
        lockedUntil = now.monotonic.advanced(by: .milliseconds(200))
        guard now.monotonic >= nextLockWarning else { return }
        nextLockWarning = now.monotonic.advanced(by: .minutes(1))
        warn("another program has locked the database: nothing can be written until it lets go")
    }
}
