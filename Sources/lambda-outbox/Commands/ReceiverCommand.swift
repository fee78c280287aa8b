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
            them: a status or error code, :0.3 for a share of the requests, *2 for the first two, @2s to wait before \
            it. PUT /receiver/answers changes them while it runs.

            EXAMPLES:
              lambda-outbox receiver
              lambda-outbox receiver --answer 'orders=429:0.3,billing=404,first=500*2,slow=202@2s'
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
            discussion: "Made with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or with AWS's documentation key."
        )
    )
    var verifySignatures = false

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
    }

    func run() async throws {
        var configuration = ReceiverConfiguration()
        configuration.port = port
        if let answer { configuration.answers = try AnswerRules(parsing: answer) }
        if let latency, let duration = Amounts.parseDuration(latency) {
            configuration.latencyMilliseconds =
                duration.components.seconds * 1000
                + duration.components.attoseconds / 1_000_000_000_000_000
        }
        if verifySignatures {
            configuration.acceptedKeys = ReceiverConfiguration.acceptedKeys(
                environment: ProcessInfo.processInfo.environment
            )
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
}
