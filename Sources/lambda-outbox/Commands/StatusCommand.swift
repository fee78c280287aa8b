import AdminAPI
import ArgumentParser
import Client

/// `status`: the daemon on one screen; once, again and again, or as one line for monitoring.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the daemon is doing, what is wrong, and what to do about it.",
        usage: "lambda-outbox status [<options>]",
        discussion: """
            With --check it prints one line as Nagios plugins do, and ends with 0 (OK), 1 (WARNING) or 2 (CRITICAL, also \
            when the daemon is not reachable).

            EXAMPLES:
              lambda-outbox status
              lambda-outbox status --watch --interval 5s
              lambda-outbox status --check --max-age 10m --max-dead 0
              lambda-outbox status --json | jq '.findings'
            """
    )

    @Flag(help: "Show it again and again, until Ctrl-C.")
    var watch = false

    @Option(help: ArgumentHelp("With --watch: how often.", valueName: "duration"))
    var interval: String?

    @Flag(help: "One line for monitoring, exit 0, 1 or 2.")
    var check = false

    @Option(
        name: .customLong("max-age"),
        help: ArgumentHelp("With --check: critical if an event has waited for longer (10m).", valueName: "duration")
    )
    var maxAge: String?

    @Option(
        name: .customLong("max-dead"),
        help: ArgumentHelp("With --check: a warning if there are more dead letters (0).", valueName: "number")
    )
    var maxDead: Int?

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if check, watch || format.json { throw ValidationError("--check goes neither with --watch nor with --json") }
        if !check, maxAge != nil || maxDead != nil { throw ValidationError("--max-age and --max-dead go with --check") }
        if !watch, interval != nil { throw ValidationError("--interval goes with --watch") }
        if let maxDead, maxDead < 0 { throw ValidationError("--max-dead: 0 or more") }
        if let maxAge, Amounts.parseDuration(maxAge) == nil {
            throw ValidationError("--max-age: a number with ms, s, m, h or d, such as 10m")
        }
        if let interval, (Amounts.parseDuration(interval) ?? .zero) < .milliseconds(100) {
            throw ValidationError("--interval: 100ms or more, such as 2s")
        }
    }

    func run() throws {
        if check { throw ExitCode(StatusCheck.run(admin.client(), limits).exitCode) }
        guard watch else {
            let status = try admin.client().status()
            if format.json { return try Output.standard.json(status) }
            return StatusText.print(status)
        }
        let pause = interval.flatMap(Amounts.parseDuration) ?? .seconds(2)
        try StatusWatch(pause: pause, json: format.json) { () throws(ClientError) in try admin.client().status() }.run()
    }

    private var limits: FindingLimits {
        var limits = FindingLimits()
        if let age = maxAge.flatMap(Amounts.parseDuration) { limits.ageSecondsMax = age.components.seconds }
        if let maxDead { limits.deadMax = maxDead }
        return limits
    }
}
