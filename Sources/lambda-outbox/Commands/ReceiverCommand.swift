import ArgumentParser
import FoundationEssentials
import Receiver

/// `receiver`: a stand-in for Lambda on loopback.
struct ReceiverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receiver",
        abstract: "Stand in for Lambda on loopback: answer 202, or as told, and print what arrives.",
        usage: "lambda-outbox receiver [<options>]",
        discussion: """
            Point the daemon at it with aws.endpoint_url. --answer takes rules FUNCTION=ANSWER with commas between \
            them: a status or error code, :0.3 for a share of the requests, *2 for the first two, >50 for what comes \
            above 50 a second, @2s to wait before it; 429 takes a reason and seconds for Retry-After after slashes. PUT \
            /receiver/answers changes them while it runs.

            With --verify-signatures it refuses as AWS does: a wrong secret, an unknown key or session token, a token \
            that has expired (AWS_CREDENTIAL_EXPIRATION), a signing time that is 15 minutes off. PUT /receiver/keys \
            replaces the keys while it runs: a line each with id, secret, session token and expiry, the last two where \
            there are any.

            EXAMPLES:
              lambda-outbox receiver
              lambda-outbox receiver --answer 'orders=429:0.3,billing=404,first=500*2,slow=202@2s'
              lambda-outbox receiver --answer '*=429/CallerRateLimitExceeded/1>50'
              lambda-outbox receiver --port 0 --verify-signatures --record requests.ndjson --quiet
              curl -X PUT --data orders=202 http://127.0.0.1:9102/receiver/answers
            """
    )

    @Option(help: ArgumentHelp("Port on 127.0.0.1; 0 for any free one.", valueName: "number"))
    var port = 9102

    @Option(help: ArgumentHelp("Which function gets which answer.", valueName: "rules"))
    var answer: String?

    @Option(help: ArgumentHelp("Wait before each answer.", valueName: "duration"))
    var latency: String?

    @Flag(
        help: ArgumentHelp(
            "Refuse requests whose signature isn't right.",
            discussion: "Made with the key of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if it is set, "
                + "AWS_SESSION_TOKEN; else with AWS's documentation key."
        )
    )
    var verifySignatures = false

    @Option(
        help: ArgumentHelp(
            "How far its clock is ahead of this machine's; --clock-offset=-20m for behind.",
            discussion: "What the Date of its answers says, and signatures are judged by.",
            valueName: "duration"
        )
    )
    var clockOffset: String?

    @Option(
        help: ArgumentHelp("Append each request to this file, as JSON, one a line.", valueName: "path"),
        completion: .file()
    )
    var record: String?

    @Flag(help: "Don't print what arrives.")
    var quiet = false

    @OptionGroup var format: FormatOptions

    func validate() throws {
        if quiet && format.json { throw ValidationError("give --quiet or --json, not both") }
        guard (0...65535).contains(port) else { throw ValidationError("--port: a number from 0 to 65535") }
        if let answer {
            do throws(AnswerSyntaxError) {
                _ = try AnswerRules(parsing: answer)
            } catch {
                throw ValidationError("--answer: \(error)")
            }
        }
        if let latency, Amounts.parseDuration(latency) == nil {
            throw ValidationError("--latency: '\(latency)' is no duration; write 50ms, with ms, s, m, h or d")
        }
        if let clockOffset, Self.milliseconds(signed: clockOffset) == nil {
            throw ValidationError("--clock-offset: '\(clockOffset)' is no duration; write 20m or -20m")
        }
    }

    func run() async throws {
        var configuration = ReceiverConfiguration()
        configuration.port = port
        if let answer { configuration.answers = try AnswerRules(parsing: answer) }
        if let latency, let duration = Amounts.parseDuration(latency) {
            configuration.latencyMilliseconds = Self.milliseconds(duration)
        }
        if verifySignatures {
            do {
                configuration.acceptedKeys = try AcceptedKey.keys(environment: ProcessInfo.processInfo.environment)
            } catch {
                throw CommandFailure(.invalid, "\(error)")
            }
        }
        if let offset = clockOffset.flatMap(Self.milliseconds(signed:)) {
            configuration.clock = { ReceiverConfiguration.wallClock() + offset }
        }
        configuration.recordPath = record
        let output = Output.standard
        if format.json {
            configuration.onRequest = { output.bytes(Printable.json(Array($0.record.utf8)) + [UInt8(ascii: "\n")]) }
        } else if !quiet {
            configuration.onRequest = { output.line(Printable.line($0.line)) }
        }
        configuration.onProblem = { Output.error.line("lambda-outbox: \(Printable.line($0))") }
        let server: ReceiverServer
        do {
            server = try await ReceiverServer.start(configuration)
        } catch let error as ReceiverError {
            throw CommandFailure(.failed, "\(error)")
        }
        (format.json ? Output.error : output).line("receiver listens on http://\(server.host):\(server.port)")
        // Until a signal ends the process: whatever was received is printed and recorded already.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        await server.stop()
    }

    /// Of `20m` or `-20m`.
    private static func milliseconds(signed text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        return Amounts.parseDuration(isNegative ? String(text.dropFirst()) : text)
            .map { isNegative ? -milliseconds($0) : milliseconds($0) }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
