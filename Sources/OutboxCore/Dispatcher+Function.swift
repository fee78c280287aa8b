/// What an attempt means for its function.
extension Dispatcher {
    /// A hand-over. While suspended only a probe's counts: an attempt that began before says nothing about now.
    mutating func functionWorks(_ key: FunctionKey, wasProbe: Bool, _ changes: inout [StateChange]) {
        guard functions[known: key].suspension == nil || wasProbe else { return }
        functions[known: key].consecutiveFailures = 0
        functions[known: key].rejections.handedOver()
        if functions[known: key].suspension != nil {
            functions[known: key].suspension = nil
            if !Planted.noSlowStart { functions[known: key].limit.restart() }
            suspendedFunctions.remove(key)
            changes.append(StateChange(subject: .function(key, functions[known: key].identity), suspension: nil))
        }
        list(key)
    }

    mutating func functionFailed(
        _ key: FunctionKey,
        _ verdict: Verdict,
        wasProbe: Bool,
        now: Moment,
        _ changes: inout [StateChange],
        using random: inout some RandomNumberGenerator
    ) {
        functions[known: key].consecutiveFailures += 1
        let function = functions[known: key]
        let suspended = function.suspension != nil
        let begins = verdict.suspendsAtOnce || function.consecutiveFailures >= FunctionState.failuresToSuspend
        guard suspended ? wasProbe : begins else { return }
        suspendFunction(key, reason: verdict.reason, probeFailed: wasProbe, now: now, &changes, using: &random)
    }

    mutating func suspendFunction(
        _ key: FunctionKey,
        reason: String,
        probeFailed: Bool,
        now: Moment,
        _ changes: inout [StateChange],
        using random: inout some RandomNumberGenerator
    ) {
        let before = functions[known: key].suspension?.reason
        functions[known: key].suspend(reason: reason, probeFailed: probeFailed, now: now, using: &random)
        functions[known: key].rejections.acquit()
        suspendedFunctions.insert(key)
        scheduleProbe(of: key)
        evict(key)
        changes.append(
            StateChange(
                subject: .function(key, functions[known: key].identity),
                suspension: functions[known: key].suspension,
                isNews: before != reason
            )
        )
    }

    /// Its trouble has turned out to be the route's: it is active again, behind a suspended route.
    mutating func liftSuspension(of key: FunctionKey, _ changes: inout [StateChange]) {
        functions[known: key].suspension = nil
        functions[known: key].consecutiveFailures = 0
        functions[known: key].limit.restart()
        suspendedFunctions.remove(key)
        probes.leave(key)
        changes.append(StateChange(subject: .function(key, functions[known: key].identity), suspension: nil))
    }

    /// A probe that said nothing about the function: the next one soon, the interval as it was.
    mutating func probeAgain(_ key: FunctionKey, now: Moment, using random: inout some RandomNumberGenerator) {
        guard let reason = functions[known: key].suspension?.reason else { return }
        functions[known: key].suspend(reason: reason, probeFailed: false, now: now, using: &random)
        scheduleProbe(of: key)
    }
}
