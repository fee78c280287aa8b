import OutboxCore

extension Oracle {
    /// How long the queue may take to empty once nothing is wrong. Nanoseconds from the end of the trouble.
    func drainTime() -> Int64 {
        var seconds = 900.0 + 300 + 30 + 240 + 600
        for (index, function) in record.plan.functions.enumerated() {
            let policy = policy(index)
            let waiting = Double(queuedByFunction[index])
            let rate = min(policy.rate ?? 1e9, policy.drainRate ?? 1e9)
            seconds += waiting / rate + waiting * Double(function.latency.upperBound) / 1000
            seconds += Double(policy.maxDelay.milliseconds) / 1000
        }
        return Int64(seconds * 1e9)
    }
}
