/// What an attempt means for its function.
extension Dispatcher {
    /// A hand-over. While suspended only a probe's counts: an attempt that began before says nothing about now.
    mutating func functionWorks(_ key: FunctionKey, wasProbe: Bool, _ changes: inout [StateChange]) {
        guard functions[key]!.suspension == nil || wasProbe else { return }
        functions[key]!.consecutiveFailures = 0
        if functions[key]!.suspension != nil {
            functions[key]!.suspension = nil
            functions[key]!.limit.restart()
            suspendedFunctions.remove(key)
            changes.append(StateChange(subject: .function(key, functions[key]!.identity), suspension: nil))
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
        functions[key]!.consecutiveFailures += 1
        let function = functions[key]!
        let suspended = function.suspension != nil
        let begins = verdict.suspendsAtOnce || function.consecutiveFailures >= FunctionState.failuresToSuspend
        guard suspended ? wasProbe : begins else { return }
        functions[key]!.suspend(reason: verdict.reason, probeFailed: wasProbe, now: now, using: &random)
        suspendedFunctions.insert(key)
        scheduleProbe(of: key)
        evict(key)
        changes.append(
            StateChange(subject: .function(key, function.identity), suspension: functions[key]!.suspension)
        )
    }

    /// A probe that said nothing about the function: the next one soon, the interval as it was.
    mutating func probeAgain(_ key: FunctionKey, now: Moment, using random: inout some RandomNumberGenerator) {
        guard let reason = functions[key]!.suspension?.reason else { return }
        functions[key]!.suspend(reason: reason, probeFailed: false, now: now, using: &random)
        scheduleProbe(of: key)
    }
}
