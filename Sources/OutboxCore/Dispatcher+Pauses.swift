/// Pause and resume (delivery: "Suspension and pause"): rules of operators, whose cost doesn't depend on what waits.
extension Dispatcher {
    /// The rules as they are now. Attempts in flight end; what waits is left in the store, uncharged.
    package mutating func paused(by rules: [PauseRule], now: Moment) {
        let kept = Set(rules.map(\.pattern))
        noteEnd(of: pauses.map(\.pattern).filter { !kept.contains($0) }, now: now.wall)
        pauses = rules
        for key in functions.keys.sorted() {
            let before = functions[known: key].pause
            let pause = pause(of: functions[known: key].identity)
            functions[known: key].pause = pause
            guard (pause == nil) != (before == nil) else { continue }
            // Whoever was to give the route's next probe may be stopped now, or may be the only one who can.
            routes[functions[known: key].route.rawValue].lacksCandidate = false
            if pause != nil {
                evict(key)
            } else {
                functions[known: key].pauseEnded = now.wall
                functions[known: key].pauseEndedAt = now.monotonic
                list(key)
                dropIfIdle(key)
            }
        }
    }

    /// The pause that holds for this function.
    func pause(of function: FunctionIdentity) -> PauseRule? { pauses.meaning(function) }

    /// Brings the probes of the functions meant forward, spread over 10 s; those of their routes come at once.
    package mutating func probeSoon(
        functions pattern: GlobPattern,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        for key in functions.keys.sorted() where pattern.matches(functions[known: key].identity) {
            routes[functions[known: key].route.rawValue].suspension?.nextProbe = now.monotonic
            guard functions[known: key].suspension != nil else { continue }
            functions[known: key].suspension?.nextProbe = Self.soon(now, using: &random)
            scheduleProbe(of: key)
        }
    }
}
