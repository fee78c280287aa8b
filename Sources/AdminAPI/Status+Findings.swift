extension Status {
    /// What is wrong and what to do about it, the worst first; empty: all is well. Pure: the same for the screen, for
    /// `--check` and for programs.
    package func findings(_ limits: FindingLimits = FindingLimits()) -> [Finding] {
        let all =
            doorFindings(limits) + damageFindings(limits) + routes.flatMap { routeFindings($0, limits) }
            + diskFindings(limits)
            + functionFindings(limits) + pauseFindings(limits) + ageFindings(limits) + letterFindings(limits)
        // The order above says what to look at first among equals.
        return Finding.Severity.allCases.reversed().flatMap { severity in all.filter { $0.severity == severity } }
    }

    // MARK: The door

    private func doorFindings(_ limits: FindingLimits) -> [Finding] {
        guard let reason = refusingBecause else { return [] }
        if accepting {
            return [
                Finding(
                    .warning,
                    .queue,
                    what: "Some events are refused: \(reason).",
                    whatToDo: hasRoomForKeys
                        ? "See below which function holds most; mend it, or raise its share in the configuration."
                        : "Shorten dedupe.window in the configuration, or raise queue.max_keys (three bytes of memory a key)."
                )
            ]
        }
        return [
            Finding(
                .critical,
                .door,
                what: "The door is closed: \(reason). Producers are refused and have to try again.",
                whatToDo: isShortOfDisk
                    ? diskAdvice
                    : "Nothing that was accepted is lost. Mend what keeps events from going out (below), deal with dead "
                        + "letters, or raise queue.max_events or queue.max_bytes."
            )
        ]
    }

    private var hasRoomForKeys: Bool { store.maxKeys.map { store.keys < $0 } ?? true }

    private var isShortOfDisk: Bool {
        guard let free = store.diskFreeBytes else { return false }
        return free < store.minFreeDiskBytes ?? 0 || (refusingBecause?.contains("disk") ?? false)
    }

    private var diskAdvice: String {
        "Free space on the disk of \(store.path): delete or move other files there, or make it larger. "
            + "Don't delete anything in the queue's own folder."
    }

    // MARK: Disk and budgets

    private func diskFindings(_ limits: FindingLimits) -> [Finding] {
        var findings: [Finding] = []
        if let free = store.diskFreeBytes, let floor = store.minFreeDiskBytes, accepting || !isShortOfDisk,
            free < floor * 2
        {
            findings.append(
                Finding(
                    .warning,
                    .disk,
                    what: "The disk is nearly full: \(Wording.size(free)) free. "
                        + "Below \(Wording.size(floor)) the door closes.",
                    whatToDo: diskAdvice
                )
            )
        }
        var fullest = (percent: 0, what: "")
        if let max = store.maxBytes, max > 0 {
            let percent = Int(Double(store.usedBytes) / Double(max) * 100)
            let what = "\(Wording.size(store.usedBytes)) of queue.max_bytes (\(Wording.size(max)))"
            fullest = (percent, what)
        }
        if let max = store.maxEvents, max > 0 {
            let percent = Int(Double(queued + dead) / Double(max) * 100)
            let what = "\(Wording.count(queued + dead)) of queue.max_events (\(Wording.count(max)))"
            if percent > fullest.percent { fullest = (percent, what) }
        }
        if accepting, fullest.percent >= limits.fullPercent {
            findings.append(
                Finding(
                    .warning,
                    .queue,
                    what: "The queue is \(fullest.percent)% full: \(fullest.what). When it is full, the door closes.",
                    whatToDo: "Mend what keeps events from going out (below), deal with dead letters, or raise the "
                        + "limit."
                )
            )
        }
        if let max = store.maxKeys, max > 0, store.keys < max,
            Double(store.keys) / Double(max) * 100 >= Double(limits.fullPercent)
        {
            findings.append(keysFinding(max))
        }
        return findings
    }

    private func keysFinding(_ max: Int) -> Finding {
        Finding(
            .warning,
            .queue,
            what:
                "\(Wording.count(store.keys)) of queue.max_keys (\(Wording.count(max))) idempotency keys are remembered. "
                + "Past that events with a key are refused.",
            whatToDo:
                "Shorten dedupe.window in the configuration, or raise queue.max_keys (three bytes of memory a key)."
        )
    }

    // MARK: Functions

    private func functionFindings(_ limits: FindingLimits) -> [Finding] {
        // Where nothing waits nobody is worse off; the state itself is in the status.
        let suspended = functions.filter { $0.state == "suspended" && $0.queued > 0 }
        var findings = suspended.prefix(limits.namedMax).map { function in
            let since = function.since.map { " for \(elapsed($0))" } ?? ""
            return Finding(
                (function.oldestAgeSeconds ?? 0) > limits.ageSecondsMax ? .critical : .warning,
                .function,
                what: "Function \(function.function) is suspended\(since): \(function.reason ?? "it keeps failing"). "
                    + "\(Wording.count(function.queued, "event")) \(function.queued == 1 ? "waits" : "wait").",
                whatToDo: Advice.function(function.reason ?? "", function.function)
            )
        }
        let more = suspended.count - findings.count
        if more > 0 {
            findings.append(
                Finding(
                    .warning,
                    .function,
                    what: "\(Wording.count(more, "more function")) \(more == 1 ? "is" : "are") suspended.",
                    whatToDo: "lambda-outbox status --json names all of them."
                )
            )
        }
        return findings
    }

    /// Unless the cause is told already, as badly.
    private func ageFindings(_ limits: FindingLimits) -> [Finding] {
        guard let oldest, isTooOld(limits), !routes.contains(where: { $0.state == "suspended" }) else { return [] }
        // What is paused is meant to wait; what else is too old must not hide behind it.
        if functions.contains(where: { $0.function == oldest.function && $0.state == "paused" }) {
            return unpausedAgeFindings(limits)
        }
        let named = functions.filter { $0.state == "suspended" }.prefix(limits.namedMax)
        let isTold = named.contains {
            $0.function == oldest.function && ($0.oldestAgeSeconds ?? 0) > limits.ageSecondsMax
        }
        if isTold { return [] }
        return [
            Finding(
                .critical,
                .age,
                what: "The oldest event has waited for \(Wording.duration(seconds: oldest.ageSeconds)), for function "
                    + "\(oldest.function).",
                whatToDo: "lambda-outbox events show \(oldest.id) says why it waits."
            )
        ]
    }

    private func isTooOld(_ limits: FindingLimits) -> Bool {
        oldest.map { $0.ageSeconds > limits.ageSecondsMax } ?? false
    }

    private func letterFindings(_ limits: FindingLimits) -> [Finding] {
        guard dead > limits.deadMax else { return [] }
        let groups = deadLetters.prefix(limits.namedMax).map { group in
            "\(Wording.count(group.count)) \(group.condition) for \(group.function)"
        }
        let rest = deadLettersTotalGroups - groups.count
        let which = groups.joined(separator: ", ") + (rest > 0 ? ", and \(Wording.count(rest, "more group"))" : "")
        let advice: String
        if let first = deadLetters.first {
            advice =
                "lambda-outbox dead show \(first.example) says why the newest died. Mend the cause, then "
                + "lambda-outbox dead redrive --function \(first.function)"
        } else {
            advice = "lambda-outbox dead list says which and why."
        }
        return [
            Finding(
                .warning,
                .deadLetters,
                what: "\(Wording.count(dead, "dead letter"))\(which.isEmpty ? "" : ": \(which)"). "
                    + "They are kept until somebody acts.",
                whatToDo: advice
            )
        ]
    }

    // MARK: Routes

    private func routeFindings(_ route: RouteStatus, _ limits: FindingLimits) -> [Finding] {
        var findings: [Finding] = []
        if route.state == "suspended" {
            let seconds = route.since.map { (at.milliseconds - $0.milliseconds) / 1000 } ?? 0
            let waiting =
                queued == 0 ? "Nothing waits." : "Nothing is lost: \(Wording.count(queued, "event")) in the queue."
            findings.append(
                Finding(
                    seconds > limits.outageSecondsMax || isTooOld(limits) ? .critical : .warning,
                    .route,
                    what: "Nothing has gone out to Lambda in \(route.region) for "
                        + "\(Wording.duration(seconds: seconds)): "
                        + "\(route.reason ?? "no reason is known"). \(waiting)",
                    whatToDo: Advice.route(route.reason ?? "", route)
                )
            )
        }
        findings += credentialFindings(route, limits)
        if let skew = route.clockSkewSeconds, abs(skew) > limits.skewSecondsMax {
            findings.append(
                Finding(
                    abs(skew) >= limits.skewSecondsCritical ? .critical : .warning,
                    .clock,
                    what: "This machine's clock is \(Wording.duration(seconds: abs(skew))) "
                        + "\(skew > 0 ? "behind" : "ahead of") AWS's. "
                        + (abs(skew) > limits.skewSecondsCorrected
                            ? "Requests are signed with AWS's time, so events go out; until it is right nothing expires, "
                                + "and times on show are wrong."
                            : "AWS takes no request that was signed with a time too far off."),
                    whatToDo: "Set the clock and keep it right: timedatectl status, chronyc tracking."
                )
            )
        }
        return findings
    }

    private func credentialFindings(_ route: RouteStatus, _ limits: FindingLimits) -> [Finding] {
        let source = route.credentials ?? "an unknown source"
        guard route.hasCredentials else {
            // A suspended route says the same already.
            if route.state == "suspended", route.reason?.hasPrefix("credentials") ?? false { return [] }
            return [
                Finding(
                    .critical,
                    .credentials,
                    what: "There are no AWS credentials for \(route.region): \(source).",
                    whatToDo: Advice.credentials
                )
            ]
        }
        guard let expiry = route.credentialsExpireAt else { return [] }
        let left = (expiry.milliseconds - at.milliseconds) / 1000
        guard left < limits.credentialsSecondsMin else { return [] }
        return [
            Finding(
                left <= 0 ? .critical : .warning,
                .credentials,
                what: left <= 0
                    ? "The AWS credentials for \(route.region) (\(source)) have expired."
                    : "The AWS credentials for \(route.region) (\(source)) expire in \(Wording.duration(seconds: left)). "
                        + "Then nothing is delivered any more.",
                whatToDo: Advice.credentials
            )
        ]
    }

    private func elapsed(_ since: Timestamp) -> String {
        Wording.duration(seconds: (at.milliseconds - since.milliseconds) / 1000)
    }
}
