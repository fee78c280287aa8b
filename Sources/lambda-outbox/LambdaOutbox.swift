import ArgumentParser
import Client
import Glibc

/// The executable: parses the command line, runs one command, and turns how it ended into an exit status.
@main
struct LambdaOutbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lambda-outbox",
        abstract: "Hands events over to AWS Lambda: durably queued here, delivered when Lambda can be reached.",
        discussion: """
            Exit status: 0 done, 2 wrong use, 3 daemon not reachable, 4 refused as invalid, 5 refused for now, \
            6 not found, 7 dead letter and 8 still waiting (send --wait), \
            78 configuration, 1 anything else.
            """,
        subcommands: [
            Serve.self, Send.self, StatusCommand.self, Events.self, Dead.self, ConfigCommand.self, ReceiverCommand.self,
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
            if let text = ending.text { Output(ending.status == .done ? 1 : 2).line(text) }
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
