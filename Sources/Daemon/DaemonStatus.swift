internal import Admin
internal import AdminAPI
internal import Engine
internal import OutboxCore
internal import SQLiteStore

/// `status`: everything on one screen.
extension DaemonService {
    func status() async throws -> Status {
        try await memory.status.value(maxAge: .zero, clock: clock) { status(of: try await readings()) }
    }

    func status(of readings: DaemonReadings) -> Status {
        let commits = readings.commits
        let deliveries = readings.deliveries
        let now = readings.now
        let functions = functionStatus(readings)
        let groups = readings.groups.sorted { $0.count > $1.count }
        var status = Status(
            at: Timestamp(now.wall),
            accepting: commits.refusing == nil || Admission.someReasons.contains(commits.refusing ?? ""),
            refusingBecause: commits.refusing,
            version: outboxVersion,
            instanceID: instanceID,
            uptimeSeconds: now.monotonic.since(startedAt).milliseconds / 1000,
            queued: commits.totals.queued,
            queuedBytes: commits.totals.queuedBytes,
            dead: commits.totals.dead,
            deadBytes: commits.totals.deadBytes,
            inFlight: deliveries.dispatch.inFlight,
            oldest: readings.oldest.map {
                OldestEvent(
                    id: $0.id.description,
                    function: $0.function.description,
                    ageSeconds: DaemonReadings.age($0.ageFrom, now)
                )
            },
            functions: Array(functions.prefix(AdminLimits.statusListMax)),
            functionsTotal: functions.count,
            pauses: deliveries.dispatch.pauses.map(Pause.init),
            routes: routeStatus(deliveries),
            deadLetters: groups.prefix(AdminLimits.statusListMax).map(LetterGroup.init),
            deadLettersTotalGroups: groups.count,
            rates: Rates(
                accepted: commits.measures.rate.perSecond(commits.accepted, at: now.monotonic),
                handedOver: deliveries.measures.rate.perSecond(
                    deliveries.dispatch.counters.handedOver,
                    at: now.monotonic
                )
            ),
            store: storeStatus(commits),
            counters: counters(commits, deliveries)
        )
        status.findings = status.findings()
        return status
    }

    private func storeStatus(_ commits: CommitReport) -> StoreStatus {
        StoreStatus(
            path: databasePath,
            bytes: Int64(commits.size.fileBytes),
            walBytes: Int64(commits.size.walBytes),
            diskFreeBytes: commits.freeDisk.map { Int64($0) },
            usedBytes: Int64(commits.size.usedBytes + commits.size.walBytes),
            maxBytes: Int64(commits.budgets.bytesMax),
            maxEvents: commits.budgets.eventsMax,
            keys: commits.keys,
            maxKeys: commits.budgets.keysMax,
            minFreeDiskBytes: Int64(commits.budgets.freeDiskMin),
            damagedFiles: DamagedFile.all(databasePath).map { DamagedDatabase(path: $0.path, bytes: $0.bytes) }
        )
    }

    private func counters(_ commits: CommitReport, _ deliveries: DeliveryReport) -> Counters {
        var counters = Counters()
        counters.accepted = commits.accepted
        counters.repeats = commits.repeats
        counters.refused = commits.refused
        counters.handedOver = deliveries.dispatch.counters.handedOver
        counters.deadLettered = commits.dead
        counters.attempts["none"] = deliveries.dispatch.counters.handedOver
        for (blame, count) in deliveries.dispatch.counters.failures { counters.attempts[blame.rawValue] = count }
        return counters
    }

    /// The worst first: suspended and paused ones, then those whose events have waited longest, then those with most dead
    /// letters.
    ///
    /// - Parameter pattern: only of these.
    func functionStatus(_ readings: DaemonReadings, of pattern: GlobPattern? = nil) -> [FunctionStatus] {
        let pauses = readings.deliveries.dispatch.pauses
        let routes = readings.deliveries.dispatch.routes
        let live = Dictionary(uniqueKeysWithValues: readings.deliveries.dispatch.functions.map { ($0.key, $0) })
        let functions = readings.commits.functions.compactMap { record -> FunctionStatus? in
            let dispatch = live[record.key]
            guard record.queued > 0 || record.dead > 0 || dispatch?.suspension != nil else { return nil }
            if let pattern, !pattern.matches(record.function) { return nil }
            let pause = pauses.meaning(record.function)
            let suspension = pause == nil ? dispatch?.suspension.map { Self.suspension($0, readings.now) } : nil
            return FunctionStatus(
                function: record.function.description,
                state: pause != nil ? "paused" : suspension == nil ? "active" : "suspended",
                reason: pause.map { "by an operator" + ($0.reason.map { ": \($0)" } ?? "") } ?? suspension?.reason,
                pausedBy: pause?.pattern.text,
                since: (pause?.since ?? suspension?.since).map(Timestamp.init),
                nextProbeAt: suspension?.nextProbeAt.map(Timestamp.init),
                queued: record.queued,
                dead: record.dead,
                inFlight: dispatch?.inFlight ?? 0,
                oldestAgeSeconds: record.queued > 0 ? readings.oldestAge(record.key) : nil,
                pace: record.queued > 0
                    ? dispatch.flatMap { Self.paceStatus(of: $0, queued: record.queued, on: routes, readings.now) }
                    : nil
            )
        }
        return functions.sorted { a, b in
            let (isDown, other) = (a.state != "active", b.state != "active")
            if isDown != other { return isDown }
            let (age, otherAge) = (a.oldestAgeSeconds ?? -1, b.oldestAgeSeconds ?? -1)
            return (age, a.queued, a.dead, b.function) > (otherAge, b.queued, b.dead, a.function)
        }
    }

    private func routeStatus(_ deliveries: DeliveryReport) -> [RouteStatus] {
        deliveries.dispatch.routes.map { route in
            let index = route.key.rawValue
            let target = routes.targets[index]
            let suspension = route.suspension.map { Self.suspension($0, deliveries.now) }
            var status = RouteStatus(
                name: route.name,
                endpoint: "\(target.scheme)://\(target.authority)",
                region: target.region,
                state: suspension == nil ? "active" : "suspended",
                reason: suspension?.reason,
                since: suspension.map { Timestamp($0.since) },
                nextProbeAt: suspension?.nextProbeAt.map(Timestamp.init),
                clockSkewSeconds: deliveries.measures.clockSkew[index].map { $0.milliseconds / 1000 },
                inFlight: route.inFlight
            )
            switch deliveries.credentials[index] {
            case .success(let used):
                status.credentials = used.source
                status.credentialsExpireAt = used.expiresAt.map(Timestamp.init)
            case .failure(let problem):
                status.credentials = "none: \(problem.reason)"
                status.hasCredentials = false
            }
            return status
        }
    }
}
