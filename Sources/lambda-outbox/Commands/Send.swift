import ArgumentParser
import Client
import FoundationEssentials
import Glibc

/// `send`: accept one event, or each line of stdin as one.
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Accept an event for a function, and print its id.",
        usage: "lambda-outbox send <function> [<options>]",
        discussion: """
            The payload is --payload, the file of --payload-file, or stdin; it must be JSON and is delivered byte for \
            byte. With exit status 0 the event is on disk: it is delivered as soon as Lambda takes it. Sending again \
            makes a second event, unless both have the same --idempotency-key.

            EXAMPLES:
              lambda-outbox send orders --payload '{"order": 17}'
              lambda-outbox send orders:live --payload-file 17.json --idempotency-key 17
              lambda-outbox send report --payload '{}' --delay 15m --expires-in 6h
              lambda-outbox send orders --payload '{}' --wait=1m && echo handed over
              jq -c '.[]' orders.json | lambda-outbox send orders --lines --output none
            """
    )

    @Argument(help: "Function name, name:qualifier, or ARN.")
    var function: String?

    @Option(help: ArgumentHelp("The payload itself; - for stdin.", valueName: "json"))
    var payload: String?

    @Option(help: ArgumentHelp("A file that holds the payload; - for stdin.", valueName: "path"), completion: .file())
    var payloadFile: String?

    @Flag(help: "Each line of stdin is the payload of an event of its own.")
    var lines = false

    @Option(help: ArgumentHelp("With --lines: connections in use at once, 1 to 64.", valueName: "number"))
    var connections = 32

    @Option(help: "Version or alias.")
    var qualifier: String?

    @Option(help: ArgumentHelp("Sending again with the same key makes no second event.", valueName: "key"))
    var idempotencyKey: String?

    @Option(
        help: ArgumentHelp("Deliver not before this has passed: digits and ms, s, m, h or d.", valueName: "duration")
    )
    var delay: String?

    @Option(help: ArgumentHelp("Becomes a dead letter if not handed over within this time.", valueName: "duration"))
    var expiresIn: String?

    @Option(
        name: [.customLong("durable-execution-name"), .customLong("durable-name")],
        help: ArgumentHelp("Name of the durable execution to start.", valueName: "name")
    )
    var durableExecutionName: String?

    @Option(
        name: [.customLong("tenant-id"), .customLong("tenant")],
        help: ArgumentHelp("Tenant of the function.", valueName: "id")
    )
    var tenantID: String?

    @Flag(help: "Check everything that an accept would check, and store nothing.")
    var dryRun = false

    @Option(
        defaultAsFlag: "30s",
        help: ArgumentHelp(
            "Wait until the event is handed over or dead, at most this long (--wait=1m).",
            valueName: "duration"
        )
    )
    var wait: String?

    @Option(help: ArgumentHelp("What to print: id, json or none.", valueName: "form"))
    var output: Form = .id

    @OptionGroup var door: DoorOptions
    @OptionGroup var habits: AWSHabits

    enum Form: String, ExpressibleByArgument, CaseIterable { case id, json, none }

    func validate() throws {
        if function != nil && habits.functionName != nil {
            throw ValidationError("give the function or --function-name, not both")
        }
        if function == nil && habits.functionName == nil {
            throw ValidationError("which function? lambda-outbox send FUNCTION --payload '{}'")
        }
        if payload != nil && payloadFile != nil { throw ValidationError("give --payload or --payload-file, not both") }
        if let wait, Amounts.parseDuration(wait) == nil {
            throw ValidationError("--wait: '\(wait)' is no duration; write --wait=30s, with ms, s, m, h or d")
        }
        if !(1...64).contains(connections) { throw ValidationError("--connections: a number from 1 to 64") }
        if lines {
            if payload != nil || payloadFile != nil { throw ValidationError("--lines reads stdin, not --payload") }
            if idempotencyKey != nil || durableExecutionName != nil {
                throw ValidationError("--lines: one key for all lines would make them one event")
            }
            if wait != nil || isDryRun { throw ValidationError("--lines goes neither with --wait nor with --dry-run") }
        }
    }

    private var isDryRun: Bool { dryRun || habits.invocationType == .dryRun }

    func run() async throws {
        if lines { return try sendLines() }
        let event = event(payload: try readPayload())
        let client = DoorClient(socketPath: door.path)
        let answer = try WaitingNote.saying {
            Output.error.line(
                "lambda-outbox: no answer yet; the event waits at the socket. Is the daemon starting? "
                    + "See systemctl status lambda-outbox"
            )
        } while: {
            try client.send(event, dryRun: isDryRun)
        }
        guard let id = answer.id else {
            if output == .json { try Output.standard.json(SendReport(dryRun: true)) }
            return
        }
        guard let wait, let limit = Amounts.parseDuration(wait) else {
            return try report(SendReport(answer: answer))
        }
        if output == .id { try report(SendReport(answer: answer)) }
        let waiter = Waiter(door: { seconds throws(ClientError) in try client.event(id, timeoutSeconds: seconds) })
        let result = await waiter.result(of: id, hasKey: event.hasKey, within: limit)
        if output == .json { try report(SendReport(answer: answer, state: result.state)) }
        if let failure = result.failure { throw failure }
    }

    private func event(payload: [UInt8]) -> OutgoingEvent {
        OutgoingEvent(
            function: function ?? habits.functionName ?? "",
            qualifier: qualifier,
            payload: payload,
            idempotencyKey: idempotencyKey,
            delay: delay,
            expiresIn: expiresIn,
            durableExecutionName: durableExecutionName,
            tenantID: tenantID
        )
    }

    private func readPayload() throws -> [UInt8] {
        let bytes: [UInt8]
        if let payload, payload != "-" {
            bytes = Array(payload.utf8)
        } else if let payloadFile, payloadFile != "-" {
            let descriptor = open(payloadFile, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw CommandFailure(.wrongUse, "--payload-file \(payloadFile): \(String(cString: strerror(errno)))")
            }
            defer { close(descriptor) }
            bytes = try FileBytes.readAll(descriptor, max: LineSource.lineBytesMax)
        } else {
            if isatty(0) == 1, payload == nil, payloadFile == nil {
                throw CommandFailure(.wrongUse, "no payload: give --payload or --payload-file, or pipe it in")
            }
            bytes = try FileBytes.readAll(0, max: LineSource.lineBytesMax)
        }
        guard !bytes.isEmpty else {
            throw CommandFailure(.invalid, "the payload is empty; an empty object is --payload '{}'")
        }
        return bytes
    }

    private func report(_ report: SendReport) throws {
        switch output {
        case .none: break
        case .json: try Output.standard.json(report)
        case .id:
            if let id = report.id { Output.standard.line(Printable.line(id)) }
            if let words = report.words { Output.error.line("lambda-outbox: \(Printable.line(words))") }
        }
    }

    private func sendLines() throws {
        let start = ContinuousClock.now
        try SendLines(
            sender: LineSender(socketPath: door.path, connections: connections, template: event(payload: [])),
            output: output,
            input: 0,
            clock: { ContinuousClock.now - start }
        ).run()
    }
}
