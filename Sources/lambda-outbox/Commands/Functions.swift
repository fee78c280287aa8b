import AdminAPI
import ArgumentParser
import Client
import Glibc

/// `functions`: which there are, and stopping them.
struct Functions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See functions; pause and resume them, or give their waiting events up.",
        discussion: """
            A name means all qualifiers of the function, as in the configuration: orders means orders, orders:live and \
            orders:$LATEST; orders:live means one. * and ? match.
            """,
        subcommands: [
            FunctionsList.self, FunctionsShow.self, FunctionsPause.self, FunctionsResume.self, FunctionsMoveToDead.self,
        ]
    )
}

struct FunctionsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List functions that hold events or dead letters, or are in trouble; the worst first.",
        usage: "lambda-outbox functions list [<options>]",
        discussion: """
            RATE is hand-overs a second of late, EMPTY IN the time until the queue is empty if nothing is added, WHY what \
            stops the function or holds it back. In a pipe: a line each, with tabs between function, state, queued, age \
            of the oldest in seconds, in flight, dead letters, rate, seconds until empty, and why. Pauses that mean none \
            of them are told on stderr.

            EXAMPLES:
              lambda-outbox functions list
              lambda-outbox functions list --json | jq -c '[.function, .state]'
            """
    )

    @Option(help: ArgumentHelp("Only of this function; * and ? match.", valueName: "pattern"))
    var function: String?

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let list = try admin.client().functions(function)
        if format.json {
            for function in list.functions { try Output.standard.json(function) }
        } else {
            Self.table(list.functions, Output.standard.style).print()
        }
        for pause in list.pauses where !list.functions.contains(where: { $0.pausedBy == pause.pattern }) {
            if function != nil { continue }
            Output.error.line("lambda-outbox: \(Printable.line(Self.words(pause)))")
        }
    }

    static func words(_ pause: Pause) -> String {
        "\(Pause.words(pause.pattern)) paused since \(pause.since)" + (pause.reason.map { ": \($0)" } ?? "")
    }

    static func table(_ functions: [FunctionStatus], _ style: Style) -> Table {
        var table = Table(
            "FUNCTION",
            "STATE",
            "QUEUED",
            "OLDEST",
            "IN FLIGHT",
            "DEAD",
            "RATE",
            "EMPTY IN",
            "WHY",
            lastWidthMin: 30
        )
        func time(_ seconds: Int64?) -> String {
            seconds.map { style.isTerminal ? Wording.duration(seconds: $0) : "\($0)" } ?? ""
        }
        for function in functions {
            table.add(
                function.function,
                function.state,
                "\(function.queued)",
                time(function.oldestAgeSeconds),
                "\(function.inFlight)",
                "\(function.dead)",
                function.pace.map { Wording.rate($0.handedOverPerSecond) + (style.isTerminal ? "/s" : "") } ?? "",
                time(function.pace?.secondsToEmpty),
                function.reason ?? function.pace?.words ?? "",
                colours: function.state == "suspended" ? [1: .red] : function.state == "paused" ? [1: .yellow] : [:]
            )
        }
        return table
    }
}

struct FunctionsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a function's state, what waits for it, and what will move it.",
        usage: "lambda-outbox functions show <name> [<options>]",
        discussion: """
            EXAMPLE:
              lambda-outbox functions show orders:live
            """
    )

    @Argument(help: "Name, name:qualifier, full ARN, or a pattern.")
    var name: String

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let list = try admin.client().functions(name)
        if list.functions.isEmpty {
            let pause = list.pauses.first { $0.pattern == name }.map { "; \(FunctionsList.words($0))" } ?? ""
            throw CommandFailure(.notFound, "nothing waits for \(name), and it is in no trouble\(pause)")
        }
        for (index, function) in list.functions.enumerated() {
            if format.json {
                try Output.standard.json(function)
                continue
            }
            if index > 0 { Output.standard.line("") }
            for line in Self.lines(function) { Output.standard.line(line) }
        }
    }

    static func lines(_ function: FunctionStatus) -> [String] {
        var table = Table("", "")
        func add(_ name: String, _ value: String?) {
            if let value { table.add(name, value) }
        }
        add("function", function.function)
        add("state", function.state)
        add("reason", function.reason)
        add("pause", function.pausedBy)
        add("since", function.since?.description)
        add("next probe", function.nextProbeAt?.description)
        add("queued", Wording.count(function.queued, "event"))
        add("oldest", function.oldestAgeSeconds.map { "waits for \(Wording.duration(seconds: $0))" })
        add("in flight", "\(function.inFlight)")
        add("dead", Wording.count(function.dead, "letter"))
        if let pace = function.pace {
            add("rate now", "\(Wording.rate(pace.handedOverPerSecond)) handed over per second")
            add("held back by", pace.words ?? "nothing")
            add("empty in", pace.secondsToEmpty.map { Wording.duration(seconds: $0) })
            add("settings", pace.settings)
        }
        return table.lines(withHeading: false) + [Printable.line(explanation(function))]
    }

    private static func explanation(_ function: FunctionStatus) -> String {
        switch function.state {
        case "paused":
            "Its events wait, uncharged, until an operator lets it go on: lambda-outbox functions resume "
                + Pause.argument(function.pausedBy ?? function.function)
        case "suspended":
            "Its events wait. One of them is tried at the next probe; when it works, the others follow. "
                + "lambda-outbox functions resume \(Pause.argument(function.function)) brings the probe forward."
        default: "It is in use."
        }
    }
}

/// One function, a pattern, or everything.
struct FunctionOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Function name, name:qualifier or ARN; * and ? match.", valueName: "name"))
    var name: String?

    @Flag(help: "Every function.")
    var all = false

    func validate() throws {
        if (name == nil) != all { throw ValidationError("which functions? Give a name or a pattern, or --all") }
    }

    var order: FunctionOrder { FunctionOrder(function: name, all: all ? true : nil) }
}

struct FunctionsPause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stop sending to functions, until they are resumed.",
        usage: "lambda-outbox functions pause <name> | --all [<options>]",
        discussion: """
            Events are accepted as before and wait, uncharged; attempts in flight end. A pattern is kept as a rule and \
            also holds for functions seen later. It survives a restart. Only a hard expiry goes on.

            EXAMPLES:
              lambda-outbox functions pause orders --reason 'release 4.2'
              lambda-outbox functions pause 'orders-*'
              lambda-outbox functions pause --all
            """
    )

    @OptionGroup var functions: FunctionOptions

    @Option(help: ArgumentHelp("Why, for whoever looks at status.", valueName: "text"))
    var reason: String?

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        var order = functions.order
        order.reason = reason
        let result = try admin.client().pause(order)
        if format.json { return try Output.standard.json(result) }
        Output.standard.line(
            Printable.line("\(Pause.words(result.pause.pattern)) paused since \(result.pause.since); ")
                + "\(Wording.count(result.queued, "event")) of \(Wording.count(result.functions, "function")) "
                + "\(result.queued == 1 ? "waits" : "wait"), \(result.inFlight) in flight"
        )
    }
}

struct FunctionsResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Take pauses back, and probe what is suspended.",
        usage: "lambda-outbox functions resume <name> | --all [<options>]",
        discussion: """
            Takes back the pauses whose pattern is the one given, or is matched by it. Suspended functions that are meant \
            are probed within 10 seconds. A pause by a wider pattern stays, and is named.

            EXAMPLES:
              lambda-outbox functions resume orders
              lambda-outbox functions resume --all
            """
    )

    @OptionGroup var functions: FunctionOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let result = try admin.client().resume(functions.order)
        if format.json {
            try Output.standard.json(result)
        } else {
            for pause in result.resumed { Output.standard.line(Printable.line("resumed \(pause.pattern)")) }
            if result.probed > 0 {
                let count = Wording.count(result.probed, "suspended function")
                Output.standard.line("\(count) \(result.probed == 1 ? "is" : "are") probed within 10 seconds")
            }
        }
        if let wider = result.stillPaused.first {
            throw CommandFailure(
                .failed,
                "still paused by \(wider.pattern): lambda-outbox functions resume \(Pause.argument(wider.pattern))"
            )
        }
        if result.resumed.isEmpty, result.probed == 0 {
            throw CommandFailure(.notFound, "nothing was paused or suspended by this name")
        }
    }
}

struct FunctionsMoveToDead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move-to-dead",
        abstract: "Make dead letters of all events that wait for a function.",
        usage: "lambda-outbox functions move-to-dead <name> [<options>]",
        discussion: """
            They are not sent any more and keep everything: dead redrive --condition moved puts them back, dead export \
            writes them out. What is in flight is left alone, and so is what is accepted meanwhile. It shows the count \
            and asks; without a terminal it wants --yes.

            EXAMPLES:
              lambda-outbox functions move-to-dead orders-old
              lambda-outbox functions move-to-dead 'test-*' --yes
            """
    )

    @Argument(help: ArgumentHelp("Function name, name:qualifier or ARN; * and ? match.", valueName: "name"))
    var name: String

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let client = admin.client()
        if !yes { try confirm(client) }
        let result = try client.moveToDead(FunctionOrder(function: name))
        let isNothing = result.count == 0 && result.inFlight == 0
        if format.json {
            try Output.standard.json(result)
        } else if !isNothing {
            let flying = result.inFlight > 0 ? ", \(result.inFlight) in flight left alone" : ""
            Output.standard.line("moved \(result.count)\(flying)")
        }
        if isNothing { throw CommandFailure(.notFound, "nothing waits for \(name)") }
    }

    private func confirm(_ client: AdminClient) throws {
        let functions = try client.functions(name).functions.filter { $0.queued > 0 }
        let count = functions.reduce(0) { $0 + $1.queued }
        guard count > 0 else { return }
        try Confirmation.ask(
            "move \(Wording.count(count, "event")) of \(Wording.count(functions.count, "function")) to the dead letters"
        )
    }
}
