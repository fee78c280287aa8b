import AdminAPI
import ArgumentParser
import Client

/// `dead redrive`: put dead letters back into the queue, under the same ids.
struct DeadRedrive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Put dead letters back into the queue: same id and history, attempts and age begin anew.",
        usage: "lambda-outbox dead redrive [<id> ...] [<options>]",
        discussion: """
            What could touch more than was meant shows the count and asks; without a terminal it wants --yes. A letter \
            that fails again is a dead letter again, with both histories. A hard expiry that has passed is dropped; \
            --plan says how many would be, --keep-expiry leaves those letters alone.

            EXAMPLES:
              lambda-outbox dead redrive 01890a5d-ac96-774b-bcce-b302099a8057
              lambda-outbox dead redrive --function 'orders*' --condition exhausted
              lambda-outbox dead redrive --all --plan
              lambda-outbox dead redrive --all --yes
            """
    )

    @OptionGroup var selection: SelectionOptions

    @Flag(help: "Don't ask.")
    var yes = false

    @Flag(help: "Say what would be redriven, and do nothing.")
    var plan = false

    @Flag(help: "Leave letters alone whose hard expiry has passed.")
    var keepExpiry = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let client = admin.client()
        if plan { return try printPlan(client) }
        try selection.confirm("redrive", yes: yes, client: client)
        var total = RedriveResult(count: 0, ids: [])
        try forEachSelection(client) { portion in
            let result = try client.redrive(portion)
            total.count += result.count
            total.ids += result.ids.prefix(Selection.idsMax - total.ids.count)
        }
        if format.json { try Output.standard.json(total) } else { Output.standard.line("redriven \(total.count)") }
        if !keepExpiry { try selection.checkAllFound(total.count) }
    }

    private func forEachSelection(_ client: AdminClient, _ body: (Selection) throws -> Void) throws {
        try selection.forEachSelection(client: client) { portion in
            var portion = portion
            if keepExpiry { portion.keepExpiry = true }
            try body(portion)
        }
    }

    private func printPlan(_ client: AdminClient) throws {
        var total = RedrivePlan()
        try forEachSelection(client) { total.add(try client.plan($0)) }
        if format.json { return try Output.standard.json(total) }
        let size = Wording.size(Int64(total.bytes))
        Output.standard.line("would redrive \(Wording.count(total.count, "dead letter")), \(size)")
        if total.expiriesDropped > 0 {
            Output.standard.line("would drop \(total.expiriesDropped) hard expiries that have passed")
        }
        if total.kept > 0 { Output.standard.line("would leave \(total.kept) whose hard expiry has passed") }
        for function in total.functions {
            Output.standard.line("  \(Printable.line(function.function)): \(function.count)")
        }
    }
}

extension RedrivePlan {
    mutating func add(_ other: RedrivePlan) {
        count += other.count
        bytes += other.bytes
        expiriesDropped += other.expiriesDropped
        kept += other.kept
        var counts = Dictionary(uniqueKeysWithValues: functions.map { ($0.function, $0.count) })
        for function in other.functions { counts[function.function, default: 0] += function.count }
        functions = counts.map { Function(function: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.function) < ($0.count, $1.function) }
    }
}
