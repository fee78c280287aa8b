import AdminAPI
import ArgumentParser
import Client
import Glibc

/// `events cancel`: take queued events out for good.
struct EventsCancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Take events out of the queue for good: they are not sent any more.",
        usage: "lambda-outbox events cancel <id> ... [<options>]",
        discussion: """
            What is cancelled keeps a line in the history, so that events show can tell, and its idempotency key is free \
            again. An event in flight is left alone: the answer is "in flight" and the exit status 5. With --wait the \
            outcome of its attempt is awaited; it is cancelled if it comes back into the queue.

            EXAMPLES:
              lambda-outbox events cancel 01890a5d-ac96-774b-bcce-b302099a8057
              lambda-outbox events cancel 01890a5d-ac96-774b-bcce-b302099a8057 --wait
            """
    )

    @Argument(help: ArgumentHelp("Event ids.", valueName: "id"))
    var ids: [String]

    @Flag(help: "Wait for the outcome of attempts in flight, up to 10 minutes.")
    var wait = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    /// An attempt takes at most half a minute and the time that its bytes need.
    private static var waitMax: Duration { .seconds(600) }

    func run() throws {
        let client = admin.client()
        try EventOutcomes.run(ids, word: "cancelled", json: format.json) { portion in
            var results = try client.cancel(EventOrder(ids: portion)).results
            let end = ContinuousClock.now.advanced(by: Self.waitMax)
            while wait, results.contains(where: { $0.outcome == .inFlight }), ContinuousClock.now < end {
                usleep(200_000)
                let flying = results.filter { $0.outcome == .inFlight }.map(\.id)
                for new in try client.cancel(EventOrder(ids: flying)).results {
                    for index in results.indices where results[index].id == new.id { results[index] = new }
                }
            }
            return results
        }
    }
}

/// `events send-now`: clear delay and backoff.
struct EventsSendNow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send-now",
        abstract: "Clear an event's delay or backoff: it is due now.",
        usage: "lambda-outbox events send-now <id> ... [<options>]",
        discussion: """
            A suspension or a pause stays: events show says what else an event waits for. With --force it is the next \
            probe of its suspended function or route, at once; a pause stays all the same.

            EXAMPLES:
              lambda-outbox events send-now 01890a5d-ac96-774b-bcce-b302099a8057
              lambda-outbox events send-now 01890a5d-ac96-774b-bcce-b302099a8057 --force
            """
    )

    @Argument(help: ArgumentHelp("Event ids.", valueName: "id"))
    var ids: [String]

    @Flag(help: "Make it the next probe of its function or route; one id only.")
    var force = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if force && ids.count > 1 {
            throw ValidationError("--force takes one id: a function's next probe is one event")
        }
    }

    func run() throws {
        let client = admin.client()
        try EventOutcomes.run(ids, word: "due now", json: format.json) { portion in
            try client.sendNow(EventOrder(ids: portion, force: force ? true : nil)).results
        }
    }
}

/// What became of the events of an order, a line each, and the exit status.
enum EventOutcomes {
    /// - Parameter word: of what was done.
    static func run(
        _ ids: [String],
        word: String,
        json: Bool,
        _ order: ([String]) throws -> [EventResult]
    ) throws {
        var seen = Set<String>()
        let unique = ids.filter { seen.insert($0.lowercased()).inserted }
        var flying = 0
        var missing = 0
        for start in stride(from: 0, to: unique.count, by: Selection.idsMax) {
            let results = try order(Array(unique[start..<min(start + Selection.idsMax, unique.count)]))
            for result in results {
                if json {
                    try Output.standard.json(result)
                } else {
                    Output.standard.line(Printable.line("\(result.id) \(words(result, word))"))
                }
            }
            flying += results.count { $0.outcome == .inFlight }
            missing += results.count { $0.outcome == .notQueued || $0.outcome == .unknown }
        }
        if flying > 0 {
            let events = flying == 1 ? "1 event is" : "\(flying) events are"
            throw CommandFailure(.refusedForNow, "\(events) in flight: see what comes of it with events show")
        }
        if missing > 0 {
            throw CommandFailure(
                .notFound,
                missing == 1 ? "1 of the events is not in the queue" : "\(missing) of the events are not in the queue"
            )
        }
    }

    private static func words(_ result: EventResult, _ word: String) -> String {
        switch result.outcome {
        case .done: word
        case .inFlight: "in flight"
        case .notQueued: "not in the queue: \(result.state ?? "gone")"
        case .unknown: "unknown"
        }
    }
}
