import ArgumentParser
import Client
import Daemon
import Glibc

/// The executable: parses the command line, runs one command, and turns how it ended into an exit status.
@main
struct LambdaOutbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lambda-outbox",
        abstract: "Hands events over to AWS Lambda: durably queued here, delivered when Lambda can be reached.",
        discussion: """
            EXAMPLES:
              lambda-outbox send orders --payload '{"order": 17}'
              lambda-outbox status
              lambda-outbox dead list
              lambda-outbox dead redrive --function orders

            EXIT STATUS:
              0   done
              1   failed, for any reason that has no number of its own
              2   wrong use of the command
              3   the daemon can't be reached
              4   refused as invalid: sending the same again won't help
              5   refused for now: the queue is full, or the daemon is stopping
              6   not found
              7   send --wait: the event is a dead letter
              8   send --wait: the event is accepted, but not handed over yet
              78  mistakes in the configuration (serve, config)
            """,
        version: outboxVersion,
        subcommands: [
            Serve.self, Send.self, StatusCommand.self, Events.self, Functions.self, Dead.self, ConfigCommand.self,
            BackupCommand.self, RestoreCommand.self, VerifyCommand.self, SalvageCommand.self, ImportCommand.self,
            CompactCommand.self, ReceiverCommand.self, Waiting.self,
        ]
    )

    static func main() async {
        Glibc.exit(await run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs one command to its end, and returns the exit status.
    static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return CommandStatus.done.rawValue
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let ending = Ending(error)
            if let text = ending.text { (ending.status == .done ? Output.standard : .error).line(text) }
            return ending.status.rawValue
        }
    }

    /// What an error means for the caller.
    struct Ending: Hashable {
        var status: CommandStatus
        /// One line, or what the argument parser has to say; on stdout for `done`.
        var text: String?

        init(_ error: any Error) {
            switch error {
            case let failure as CommandFailure:
                status = failure.status
                text = failure.message.map { "lambda-outbox: \(Printable.line($0))" }
            case let error as ClientError:
                status = CommandStatus(error)
                text = "lambda-outbox: \(Printable.line(error.description))"
            default:
                let message = LambdaOutbox.fullMessage(for: error)
                switch LambdaOutbox.exitCode(for: error) {
                case .success:
                    status = .done
                    text = message
                case .validationFailure:
                    status = .wrongUse
                    text = "lambda-outbox: \(Self.oneLine(message))"
                default:
                    status = .failed
                    text = "lambda-outbox: \(Self.oneLine(message))"
                }
            }
        }

        /// The parser's message without its usage block, with the pointer to the help text.
        private static func oneLine(_ message: String) -> String {
            let lines = message.split(separator: "\n").map { $0.drop { $0 == " " } }
            let end =
                lines.firstIndex { line in ["Usage:", "See '", "Help:"].contains { line.hasPrefix($0) } }
                ?? lines.endIndex
            var text = lines[..<end].joined(separator: " ")
            if text.hasPrefix("Error: ") { text.removeFirst("Error: ".count) }
            if let help = lines.first(where: { $0.hasPrefix("See '") }),
                let close = help.dropFirst(5).firstIndex(of: "'")
            {
                text += "; see \(help.dropFirst(5)[..<close])"
            }
            return Printable.line(text)
        }
    }
}
