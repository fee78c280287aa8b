import Testing

@testable import Daemon

@Suite("Mistakes in a configuration file")
struct MistakeTests {
    /// A text, where its one mistake is, and words of what is said.
    struct Mistake: CustomTestStringConvertible, Sendable {
        var text: String
        var place: String
        var what: String
        var meant: String
        var testDescription: String { "\(place) \(what)" }

        init(_ text: String, _ place: String, _ what: String, _ meant: String) {
            (self.text, self.place, self.what, self.meant) = (text, place, what, meant)
        }
    }

    static let keys = [
        Mistake("queue:\n  max_byte: 1GiB", "2:3", "unknown key \"max_byte\" in queue", "did you mean \"max_bytes\"?"),
        Mistake("qeue: {}", "1:1", "unknown key \"qeue\"", "did you mean \"queue\"?"),
        Mistake("max_age: 3h", "1:1", "unknown key \"max_age\"", "did you mean defaults.max_age?"),
        Mistake("door: { colour: red }", "1:9", "unknown key \"colour\" in door", "known here: wait, body_memory"),
        Mistake(
            "defaults:\n  dedupe: { windows: 1h }",
            "2:13",
            "unknown key \"windows\" in defaults.dedupe",
            "\"window\""
        ),
        Mistake(
            "functions:\n  - match: a\n    max_atempts: 3",
            "3:5",
            "in functions[0]",
            "did you mean \"max_attempts\"?"
        ),
        Mistake("functions:\n  - mach: a\n    match: a", "2:5", "unknown key \"mach\"", "did you mean \"match\"?"),
        Mistake("queue: { max_bytes: 1GiB, max_bytes: 2GiB }", "1:10", "duplicate key \"max_bytes\"", "keep one"),
    ]

    static let kinds = [
        Mistake("- a", "1:1", "the top level is a list", "SECTION:"),
        Mistake("hello", "1:1", "the top level is a single value", "SECTION:"),
        Mistake("queue: 5", "1:8", "queue: a single value instead of a mapping", "max_bytes"),
        Mistake("queue: []", "1:8", "queue: a list instead of a mapping", "remove the -"),
        Mistake("queue: { max_events: many }", "1:22", "\"many\" is no whole number", "1 to"),
        Mistake("queue: { max_events: \"5\" }", "1:22", "is a text", "remove the quotes"),
        Mistake("queue: { max_events: 0 }", "1:22", "out of range", "1 to"),
        Mistake("queue: { max_events: null }", "1:22", "nothing instead of a single value", "whole number"),
        Mistake("queue: { max_events: 99999999999999999999 }", "1:22", "out of range", "1 to"),
        Mistake("queue: { max_events: -1 }", "1:22", "no whole number", "1 to"),
        Mistake("defaults: { soft: yes }", "1:19", "neither true nor false", "write true,"),
        Mistake("defaults: { soft: \"true\" }", "1:19", "neither true nor false", "unquoted"),
        Mistake("aws: { regions: eu-west-1 }", "1:17", "a single value instead of a list", "[A, B]"),
        Mistake("functions: { match: a }", "1:12", "a mapping instead of a list", "- match"),
        Mistake("functions: [a]", "1:13", "functions[0]: a single value instead of a rule", "match"),
        Mistake("functions:\n  - max_age: 1h", "2:5", "functions[0] has no match", "add match"),
    ]

    static let values = [
        Mistake("door: { wait: 5 }", "1:15", "\"5\" has no unit", "30s"),
        Mistake("door: { wait: 5 s }", "1:15", "a unit that is not known", "ms s m h d"),
        Mistake("door: { wait: 5min }", "1:15", "a unit that is not known", "ms s m h d"),
        Mistake("door: { wait: soon }", "1:15", "does not begin with a number", "30s"),
        Mistake("door: { wait: -5s }", "1:15", "does not begin with a number", "30s"),
        Mistake("door: { wait: 1.5s }", "1:15", "a unit that is not known", "1500ms"),
        Mistake("door: { wait: 9999999999999999d }", "1:15", "too large", "30s"),
        Mistake("door: { wait: 1h }", "1:15", "out of range", "0s to 5m"),
        Mistake("queue:\n  max_bytes: 10G", "2:14", "a unit that is not known", "10GiB"),
        Mistake("queue:\n  max_bytes: 1048576", "2:14", "has no unit", "1MiB"),
        Mistake("queue: { max_payload: 64MiB }", "1:23", "out of range", "1B to 6MiB"),
        Mistake("defaults: { share: 0.5 }", "1:20", "no % sign", "did you mean 50%?"),
        Mistake("defaults: { share: 101% }", "1:20", "out of range", "1% to 100%"),
        Mistake("defaults: { share: -1% }", "1:20", "no whole number of percent", "50%"),
        Mistake("defaults: { max_attempts: 0 }", "1:27", "out of range", "1 to"),
        Mistake("defaults: { dedupe: { by: body } }", "1:27", "\"body\" is not known", "key or content"),
        Mistake("defaults: { qualifier: \"a b\" }", "1:24", "not in the right form", "alias"),
        Mistake("listen: { unix: { mode: 432 } }", "1:25", "no file mode", "0660"),
        Mistake("listen: { unix: { mode: \"0999\" } }", "1:25", "no file mode", "0660"),
        Mistake("listen: { unix: { path: door.sock } }", "1:25", "is not an absolute path", "begins with /"),
        Mistake("store: { path: outbox.db }", "1:16", "is not an absolute path", "begins with /"),
        Mistake("admin: { tcp: { address: 127.0.0.1 } }", "1:26", "no port", "127.0.0.1:9100"),
        Mistake(
            "admin: { tcp: { address: 0.0.0.0:9101 } }",
            "1:26",
            "not an address of the loopback",
            "127.0.0.1:9101"
        ),
        Mistake("admin: { tcp: { address: \"::1:9101\" } }", "1:26", "without brackets", "[::1]:9100"),
        Mistake("aws: { region: Frankfurt }", "1:16", "no region", "eu-central-1"),
        Mistake("aws:\n  regions: [eu-west-1, x]", "2:12", "\"x\" is no region", "eu-central-1"),
        Mistake("aws: { endpoint_url: lambda.example }", "1:22", "not a URL", "https://HOST"),
        Mistake("aws: { endpoint_url: http://lambda.example }", "1:22", "plain http to another machine", "https"),
        Mistake("aws: { endpoint_url: \"https://h/path\" }", "1:22", "path in an endpoint URL", "behind host and port"),
        Mistake("functions: [{ match: \"orders-[0-9]\" }]", "1:22", "regular expression", "write * for"),
        Mistake("functions: [{ match: \"\" }]", "1:22", "matches no function", "* stands for"),
    ]

    static let combinations = [
        Mistake("listen: { tcp: { address: 127.0.0.1:9100 } }", "1:27", "no authentication", "authentication: none"),
        Mistake("listen: { tcp: { authentication: none } }", "1:34", "no address", "add address"),
        Mistake(
            "listen: { tcp: { address: 127.0.0.1:9100, authentication: sigv4 } }",
            "1:59",
            "\"sigv4\" is not in this version",
            "write none"
        ),
        Mistake(
            "listen: { tcp: { address: 127.0.0.1:9100, authentication: none } }\nadmin: { tcp: { address: localhost:9100 } }",
            "2:26",
            "same port",
            "different ports"
        ),
        Mistake("admin:\n  unix: { path: /run/lambda-outbox/door.sock }", "2:17", "same file", "different paths"),
        Mistake("defaults: { base_delay: 1h }", "1:25", "max_delay (15m) is shorter than base_delay (1h)", "as long"),
        Mistake("functions:\n  - { match: a, max_delay: 500ms }", "2:28", "functions[0]: max_delay", "as long"),
        Mistake("door: { body_memory: 512KiB }", "1:22", "smaller than queue.max_payload", "raise"),
        Mistake("functions: [{ match: \"*\" }, { match: a }]", "1:38", "functions[1] never applies", "move it up"),
        Mistake(
            "functions: [{ match: a }, { match: b }, { match: a }]",
            "1:50",
            "functions[0] (a) matches",
            "move it up"
        ),
        Mistake(
            "listen: { tcp: { address: 127.0.0.1:9100, authentication: none } }\naws: { endpoint_url: \"http://localhost:9100\" }",
            "2:22",
            "this daemon's own listener (listen.tcp)",
            "unset it"
        ),
    ]

    static let syntax = [
        Mistake("queue: { max_bytes: 1GiB", "1:8", "not closed", "close it with }"),
        Mistake("queue: [", "1:8", "not closed", "close it with ]"),
        Mistake("queue: [ # [\n  \"]\", a,\n", "1:8", "not closed", "close it with ]"),
        Mistake("queue: [a,, b]", "1:11", "nothing where a value must stand", "write a value"),
        Mistake("queue:\n\tmax_bytes: 1GiB", "2:1", "a tab", "with spaces"),
        Mistake("functions:\n  - match: *-dev", "2:12", "an alias", "must be quoted"),
        Mistake("functions:\n  - match: *dev", "2:12", "an alias", "must be quoted"),
        Mistake("queue: {}\n---\ndoor: {}", "2:1", "a second document", "remove the line ---"),
        Mistake("aws: { profile: a: b }", "1:18", "no comma and no }", "quote"),
        Mistake("queue: {}\n? [a]\n: 5", "2:3", "a key that is no name", "NAME: VALUE"),
        Mistake("queue: &q {}\ndoor:\n  <<: *q", "3:3", "a merge key", "write the values out"),
        Mistake("store: { path: !secret /x }", "1:16", "a YAML tag", "remove it"),
        Mistake("queue: {}\nd\u{1}oor: {}", "2:2", "control character", "plain UTF-8"),
    ]

    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    @Test(
        "each is named with line, column and what was meant",
        arguments: keys + kinds + values + combinations + syntax
    )
    func each(mistake: Mistake) throws {
        let problems = try folder.problems(mistake.text)
        #expect(problems.count == 1, "\(problems)")
        let problem = try #require(problems.first)
        #expect(problem.place == mistake.place, "\(problem)")
        #expect(problem.what.contains(mistake.what), "\(problem)")
        #expect(problem.meant.contains(mistake.meant), "\(problem)")
    }

    @Test("all of a file are reported, in its order, one line each")
    func all() throws {
        let text = "functions:\n  - match: a\n    share: 200%\nqueue: { max_byte: 1GiB }\ndoor:\n  wait: 5\n"
        let problems = try folder.problems(text, environment: ["AWS_REGION": "Mars"])
        #expect(problems.map(\.place) == ["3:12", "4:10", "6:9", "environment AWS_REGION"])
        #expect(ConfigurationErrors(problems).description.split(separator: "\n").count == 4)
    }

    @Test("a value that can't be read makes no second mistake")
    func noFollowing() throws {
        #expect(try folder.problems("defaults: { base_delay: 1x, max_delay: 500ms }").count == 1)
        #expect(
            try folder.problems("defaults: { base_delay: 1x }\nfunctions: [{ match: a, max_delay: 500ms }]").count == 1
        )
        #expect(try folder.problems("queue: { max_payload: 9x }\ndoor: { body_memory: 64KiB }").count == 1)
        #expect(try folder.problems("functions: [{ match: \"[\" }, { match: \"[\" }]").count == 2)
    }

    @Test("a text of the file is shown short and without control characters")
    func shown() throws {
        let problem = try #require(
            folder.problems("door: { wait: \"\\e[31m\(String(repeating: "x", count: 500))\" }").first
        )
        #expect(!problem.what.contains("\u{1B}"))
        #expect(problem.what.count < 150)
    }

    @Test(
        "a proxy's password stands in no error",
        arguments: ["ftp://u:PASSWORD@h", "http://u:${X}PASSWORD@h", "http://u:{{ x }}PASSWORD@h", "“u:PASSWORD@h”"]
    )
    func proxyPassword(text: String) throws {
        let problem = try #require(folder.problems("aws: { proxy: \"\(text)\" }").first)
        #expect(problem.place == "1:15")
        #expect(!"\(problem)".contains("PASSWORD"))
    }
}
