import OutboxCore

extension EventStoreConformance {
    /// Names of functions: when they are forgotten, and what keeps them.
    static let forgetting: [Behaviour] = [
        Behaviour("a function that nothing names is forgotten, and comes back under another key") { bench in
            let first = try bench.accept(StoreBench.event("a"))
            try bench.accept(StoreBench.event("last"))
            try bench.resolve(first, .handedOver)
            try expectEqual(try bench.forget(), [], "while the history names it")
            bench.wait(.hours(1))
            _ = try bench.trim(bench.now, 0, 100)
            try expect(bench.store.knows(StoreBench.function("a")), "known")
            try expectEqual(try bench.forget(), [first.functionKey.rawValue], "forgotten")
            try expect(!bench.store.knows(StoreBench.function("a")), "not known")
            try expectEqual(bench.store.names.functions, 1, "functions")
            let again = try bench.accept(StoreBench.event("a"))
            try expect(again.functionKey > first.functionKey, "another key: \(again.functionKey)")
            try expectEqual(bench.store.names.functions, 2, "functions")
            try expectEqual(try bench.fresh(only: [again.functionKey: 9]).events.map(\.sequence), [3], "claimed")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("the function seen last stays: no key is given twice") { bench in
            let event = try bench.accept(StoreBench.event("a"))
            try bench.resolve(event, .handedOver)
            bench.wait(.hours(1))
            _ = try bench.trim(bench.now, 0, 100)
            try expectEqual(try bench.forget(), [], "forgotten")
            let next = try bench.accept(StoreBench.event("b"))
            try expect(next.functionKey > event.functionKey, "a key of its own")
            try bench.resolve(next, .handedOver)
            try expectEqual(try bench.forget(), [event.functionKey.rawValue], "forgotten once it is not the last")
        },
        Behaviour("queued events and dead letters keep their function, and keys need none (P4, P8)") { bench in
            try bench.accept(StoreBench.event("queued"))
            try bench.deadLetter(StoreBench.event("dead"))
            let keyed = try bench.accept(StoreBench.event("keyed", key: StoreBench.key()))
            try bench.accept(StoreBench.event("last"))
            try bench.resolve(keyed, .handedOver)
            bench.wait(.hours(23))
            _ = try bench.trim(bench.now, 0, 100)
            try expectEqual(try bench.forget(), [keyed.functionKey.rawValue], "forgotten")
            let repeated = try bench.commit(.accept(StoreBench.event("keyed", key: StoreBench.key())))[0]
            try expectEqual(repeated.short, "repeated 3 handed-over", "repeat")
            bench.wait(.hours(2))
            _ = try bench.trim(bench.now, 0, 100)
            let again = try bench.commit(.accept(StoreBench.event("keyed", key: StoreBench.key())))[0]
            try expectEqual(again.short, "accepted 5", "once the window has passed")
            try bench.commit(.purge(.all, limit: 9))
            try expectEqual(try bench.forget(), [2], "once its letters are purged")
        },
        Behaviour("a function's state is forgotten a time after its trouble, if nothing of it is queued") { bench in
            let events = try ["waits", "idle", "letter", "last"].map { try bench.accept(StoreBench.event($0)) }
            for event in events.prefix(3) {
                let state = SavedState(reason: "gone", since: bench.now, failedProbes: 1)
                try bench.commit(.saveFunctionState(event.functionKey, state))
            }
            try bench.resolve(events[1], .handedOver)
            try bench.resolve(events[2], .dead(.rejected, reason: "refused"))
            _ = try bench.trim(bench.now.advanced(by: .hours(1)), 0, 100)
            bench.wait(.hours(23))
            try expectEqual(try bench.forget(), [], "before its time")
            bench.wait(.hours(2))
            try expectEqual(try bench.forget(), [2, 3], "after it")
            let states = try bench.store.functions().map { "\($0.function.name) \($0.state?.reason ?? "-")" }
            try expectEqual(states, ["waits gone", "letter -", "last -"], "states")
        },
    ]
}

extension StoreBench {
    /// Forgets functions, with the daemon's time after trouble; the keys.
    func forget() throws -> [Int64] {
        let before = now.advanced(by: .hours(-24))
        guard case .forgotten(let keys) = try commit(.forgetFunctions(troubleBefore: before, limit: 1_000))[0] else {
            throw ConformanceFailure(description: "forgetFunctions was answered with something else")
        }
        return keys.map(\.rawValue)
    }
}
