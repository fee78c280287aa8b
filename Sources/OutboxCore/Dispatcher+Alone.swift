/// Events that go out one at a time: those that are suspect on their route, and those that a crash left in flight.
extension Dispatcher {
    /// Takes up what crashes before this start say.
    package mutating func restore(crashed: CrashSuspects) {
        self.crashed = crashed
    }

    /// Whether another like it is in flight; it is then set aside until that one's outcome is on disk.
    mutating func isHeldBack(_ sequence: Int64) -> Bool {
        let event = window[known: sequence].event
        let route = functions[known: event.functionKey].route.rawValue
        let afterCrash = !Planted.crashSuspectsTogether && crashed.contains(event.id)
        let onRoute = PoisonWatch.isSuspect(event.routeFailures)
        if (afterCrash && aloneAfterCrash != nil) || (onRoute && routes[route].alone != nil) {
            setAside.insert(sequence)
            functions[known: event.functionKey].aside += 1
            return true
        }
        if afterCrash { aloneAfterCrash = sequence }
        if onRoute { routes[route].alone = sequence }
        return false
    }

    /// An attempt's outcome is on disk: if it went alone, the next may.
    mutating func endAlone(_ sequence: Int64) {
        var isFree = false
        if aloneAfterCrash == sequence {
            aloneAfterCrash = nil
            isFree = true
        }
        for index in routes.indices where routes[index].alone == sequence {
            routes[index].alone = nil
            isFree = true
        }
        guard isFree, !setAside.isEmpty else { return }
        for other in setAside.sorted(by: >) {
            let key = window[known: other].event.functionKey
            functions[known: key].aside -= 1
            functions[known: key][keyPath: FunctionState.path(window[known: other].line)].prepend(other)
            if isBlocked(functions[known: key]) { evict(key) }
            list(key)
        }
        setAside = []
    }
}
