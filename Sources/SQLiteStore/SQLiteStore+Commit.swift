import CSQLite
package import OutboxCore

extension SQLiteStore {
    package mutating func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply] {
        if let broken { throw .failed("a commit failed before, and only a new start tells what is there: \(broken)") }
        if commands.isEmpty { return [] }
        // Nobody else writes the file by right, but an operator's shell may hold its lock: nothing is done then.
        do {
            if Planted.answersBeforeCommit, !connection.isAutocommit { try transaction.commit() }
            try transaction.begin()
        } catch {
            throw error.code == SQLITE_BUSY ? noted(error) : undo(error, counters: counters)
        }
        let before = counters
        do {
            var replies: [StoreReply] = []
            replies.reserveCapacity(commands.count)
            #if PLANTED_BUGS
                for (digest, holder) in lateKeys {
                    let standing = try standing(of: digest)
                    if standing.holder == nil { try take(standing, for: holder, now: now) }
                }
                lateKeys = []
            #endif
            for command in commands { replies.append(try carryOut(command, now: now)) }
            try keys.slice(now: now, entries: commands.count, living, events, deadLetters)
            try keys.flush(now: now)
            counters.keys = keys.countAfter
            try functionTable.save()
            if counters != before { try meta.save(counters) }
            if !Planted.answersBeforeCommit {
                unsettled = replies
                try transaction.commit()
                unsettled = nil
            }
            if settlesDiskError { OwnerLock.note(nil, Self.lockPath(path)) }
            settlesDiskError = false
            functionTable.committed()
            producers.committed()
            keys.committed()
            hasBegun = hasBegun || isBeginning
            isBeginning = false
            return replies
        } catch {
            throw undo(error, counters: before)
        }
    }

    /// Takes back what the failed transaction changed in memory, and says what is known about the file.
    mutating func undo(_ error: SQLiteError, counters before: Counters) -> StoreError {
        let isRolledBack = transaction.rollBack(connection)
        counters = before
        functionTable.rolledBack()
        sweptThrough = nil
        isBeginning = false
        producers.rolledBack()
        keys.rolledBack()
        // It may have been the last of them that the transaction moved.
        hasOldKeys = hadOldKeys
        if error.code == SQLITE_FULL, isRolledBack { return .full(error.description) }
        broken = error.description
        note(error)
        return error.isOfDamage ? .damaged(error.description) : .failed(error.description)
    }

    private mutating func carryOut(_ command: StoreCommand, now: WallTime) throws(SQLiteError) -> StoreReply {
        switch command {
        case .accept(let event): return try accept(event, now: now)
        case .resolve(let resolution): return try resolve(resolution, now: now)
        case .markUncertain(let ids): return try markUncertain(ids)
        case .redrive(let selection, let limit, let keepExpiry):
            return try redrive(selection, limit: limit, keepExpiry: keepExpiry, now: now)
        case .purge(let selection, let limit): return try purge(selection, limit: limit, now: now)
        case .bury(let sequence, let condition, let reason):
            return try bury(sequence, condition, reason: reason, now: now)
        case .saveFunctionState(let key, let state):
            try functionTable.setState(key, state, now: now)
            return .done
        case .saveRouteState(let name, let state):
            if state == nil { try cutOffTable.outageEnded(name, at: now) }
            try routeTable.setState(name, state)
            return .done
        case .saveClock(let record):
            try clockTable.save(record)
            return .done
        case .begin(let record):
            if let record { try clockTable.save(record) }
            try MetaTable.markOpen(connection, bootID: bootID)
            isBeginning = true
            return .done
        case .pause(let rule): return try pauseTable.add(rule) ? .done : .notFound
        case .resume(let pattern):
            let ended = try pauseTable.remove(matching: pattern)
            if !ended.isEmpty { try cutOffTable.pausesEnded(ended.map(\.pattern), at: now) }
            return .resumed(ended)
        case .cancel(let ids): return try cancel(ids, now: now)
        case .sendNow(let ids, _): return try sendNow(ids, now: now)
        case .bringForward(let sequences):
            for sequence in sequences { try events.bringForward(sequence, now: now) }
            return .done
        case .trim(let historyBefore, let historyMax, let limit):
            return try trim(historyBefore: historyBefore, historyMax: historyMax, limit: limit, now: now)
        case .forgetFunctions(let troubleBefore, let limit):
            return try forgetFunctions(troubleBefore: troubleBefore, limit: limit, now: now)
        case .bringIn(let records, let room, let isTrial):
            return try bringIn(records, room: room, isTrial: isTrial, now: now)
        }
    }
}
