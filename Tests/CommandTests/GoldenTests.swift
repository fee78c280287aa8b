import AdminAPI
import Foundation
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `what commands print` {
    private static let letters: [(Event, [UInt8])] = {
        var second = Event.letter(2, function: "billing:live", condition: "expired")
        second.reason = "not handed over within 6h: the route to AWS was down all the time, and nobody mended it"
        var third = Event.letter(3, function: "注文", condition: "rejected")
        third.reason = "Could not parse\u{1B}[2J\u{202E}"
        return [(.letter(1), Array(#"{"order": 17, "items": []}"#.utf8)), (second, Array("2".utf8)), (third, [0x33])]
    }()

    private static let queued: [Event] = {
        var first = Event.letter(4)
        first.state = "queued"
        (first.condition, first.reason, first.diedAt) = (nil, nil, nil)
        first.nextAttemptAt = Timestamp(milliseconds: 60_000)
        first.explanation = "It waits for its second attempt."
        var second = first
        second.id = Event.letter(5).id
        second.state = "in-flight"
        second.nextAttemptAt = nil
        return [first, second]
    }()

    private static var door: FakeDoor {
        FakeDoor { request in
            switch request.headers["idempotency-key"] {
            case "again":
                FakeDoor.Answer(headers: [
                    "x-amzn-RequestId": "first", "Outbox-Repeat": "true", "Outbox-State": "dead-letter",
                ])
            case "full": FakeDoor.refusal(429, "TooManyRequestsException", "the queue is full")
            default: nil
            }
        } events: { _ in
            var event = Event.letter(1)
            event.id = "id-of-3"
            return FakeDoor.Answer(
                status: 200,
                body: String(decoding: (try? JSONLine.encode(event)) ?? [], as: UTF8.self)
            )
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// One after the other, on the same daemon.
        var commands: [[String]]
        var testDescription: String { name }
    }

    private static let id = Event.letter(1).id

    static let cases: [Case] = [
        Case(
            name: "dead-list",
            commands: [
                ["dead", "list"], ["dead", "list", "--limit", "1"],
                ["dead", "list", "--json", "--function", "billing*"],
                ["dead", "list", "--function", "nobody"], ["dead", "list", "--json", "--function", "nobody"],
                ["dead", "list", "--group"], ["dead", "list", "--group", "--json", "--limit", "1"],
                ["dead", "list", "--group", "--function", "nobody"],
            ]
        ),
        Case(
            name: "dead-show",
            commands: [
                ["dead", "show", id], ["dead", "show", id, "--raw"], ["dead", "show", id, "--json"],
                ["dead", "show", Event.letter(9).id],
            ]
        ),
        Case(
            name: "dead-redrive",
            commands: [
                ["dead", "redrive", "--all"], ["dead", "redrive", "--condition", "expired"],
                ["dead", "redrive", "--all", "--plan"], ["dead", "redrive", "--all", "--plan", "--keep-expiry"],
                ["dead", "redrive", "--function", "orders", "--plan", "--json"],
                ["dead", "redrive", "--condition", "expired", "--yes"],
                ["dead", "redrive", id, id, Event.letter(9).id],
                ["dead", "redrive", "--all", "--yes", "--json"], ["dead", "redrive", "--all"],
            ]
        ),
        Case(
            name: "dead-export",
            commands: [
                ["dead", "export", "--condition", "exhausted"], ["dead", "export", Event.letter(9).id],
                ["dead", "export", "--all", "--export-file", "DIRECTORY/letters"],
                ["dead", "export", "--all", "--export-file", "DIRECTORY/letters"],
            ]
        ),
        Case(
            name: "dead-purge",
            commands: [
                ["dead", "purge", id, "--export-file", "DIRECTORY/purged"], ["dead", "purge", "--all"],
                ["dead", "purge", "--function", "bill*", "--yes", "--no-export", "--json"],
                ["dead", "purge", "--all", "--yes", "--export-file", "DIRECTORY/others", "--json"],
            ]
        ),
        Case(
            name: "events-list",
            commands: [
                ["events", "list"], ["events", "list", "--limit", "1"], ["events", "list", "--json"],
                ["events", "list", "--function", "nobody"],
            ]
        ),
        Case(
            name: "events-show",
            commands: [
                ["events", "show", queued[0].id], ["events", "show", id, "--json"], ["events", "show", "nonsense"],
                ["events", "show", Event.letter(9).id],
            ]
        ),
        Case(
            name: "events-cancel",
            commands: [
                ["events", "cancel", queued[0].id], ["events", "cancel", queued[0].id, "--json"],
                ["events", "cancel", queued[1].id], ["events", "cancel", queued[1].id, "--wait"],
                ["events", "cancel", id, Event.letter(9).id, queued[0].id, queued[0].id],
            ]
        ),
        Case(
            name: "events-send-now",
            commands: [
                ["events", "send-now", queued[0].id, "--force"], ["events", "send-now", queued[1].id],
                ["events", "send-now", queued[0].id, id, "--json"], ["events", "send-now", "a", "b", "--force"],
            ]
        ),
        Case(
            name: "functions-list",
            commands: [
                ["functions", "list"], ["functions", "list", "--json", "--function", "bill*"],
                ["functions", "pause", "orders*", "--reason", "release 4.2"], ["functions", "pause", "later-*"],
                ["functions", "list"], ["functions", "list", "--function", "nobody"],
            ]
        ),
        Case(
            name: "functions-show",
            commands: [
                ["functions", "show", "billing:live"], ["functions", "show", "orders"],
                ["functions", "show", "*", "--json"], ["functions", "show", "nobody"],
                ["functions", "pause", "--all"], ["functions", "show", "*"],
            ]
        ),
        Case(
            name: "functions-pause",
            commands: [
                ["functions", "pause", "orders*", "--reason", "release 4.2"], ["functions", "resume", "orders"],
                ["functions", "pause", "billing:live", "--json"], ["functions", "resume", "--all", "--json"],
                ["functions", "resume", "billing:live"], ["functions", "resume", "nobody"], ["functions", "pause"],
                ["functions", "resume", "orders", "--all"],
            ]
        ),
        Case(
            name: "functions-move-to-dead",
            commands: [
                ["functions", "move-to-dead", "*"], ["functions", "move-to-dead", "orders", "--yes"],
                ["functions", "move-to-dead", "bill*", "--yes", "--json"], ["functions", "move-to-dead", "nobody"],
            ]
        ),
        Case(name: "compact", commands: [["compact"], ["compact", "--json"]]),
        Case(
            name: "send",
            commands: [
                ["send", "orders", "--payload", "1"], ["send", "orders", "--payload", "2", "--output", "json"],
                ["send", "orders", "--payload", "1", "--output", "none"],
                ["send", "orders", "--payload", "1", "--idempotency-key", "again"],
                ["send", "orders", "--payload", "1", "--idempotency-key", "again", "--output", "json"],
                ["send", "orders", "--payload", "1", "--idempotency-key", "full"],
                ["send", "orders", "--payload", "3", "--wait"],
                ["send", "orders", "--payload", "3", "--wait", "--output", "json"], ["send", "", "--payload", "1"],
                ["send", "orders", "--payload", ""], ["send"],
            ]
        ),
        Case(name: "wrong-use", commands: [["nonsense"], ["dead"], ["dead", "list", "--limit", "x"], ["--version"]]),
    ]

    @Test(arguments: cases)
    func `is as it was kept, in a pipe and on a terminal`(_ given: Case) async throws {
        for (name, style) in Run.styles {
            let letters = Letters(Self.letters, queued: Self.queued)
            let text = try await FakeDaemon.running(letters: letters, door: Self.door) { daemon in
                var text = ""
                for arguments in given.commands {
                    let place = arguments.map { $0.replacingOccurrences(of: "DIRECTORY", with: daemon.directory) }
                    let daemons = ["events", "functions", "dead", "send"]
                    let isAdmins = arguments.first == "compact"
                    let sockets = isAdmins || daemons.contains(arguments.first ?? "") && arguments.count > 1
                    text += await Run.text(
                        place + (sockets ? ["--directory", daemon.directory] : []),
                        style: style,
                        folder: daemon.directory
                    )
                    text += "\n"
                }
                return text
            }
            try Golden.expect(text, is: "\(given.name)-\(name)")
        }
    }

    @Test func `is as it was kept of config, in a pipe and on a terminal`() async throws {
        let folder = try TemporaryDirectory()
        let good = folder.file("good.yaml")
        let bad = folder.file("bad.yaml")
        // Not the caller's own files: what is said of them depends on the machine.
        let keys = folder.file("keys")
        #expect(FileManager.default.createFile(atPath: keys, contents: nil, attributes: [.posixPermissions: 0o600]))
        let text =
            "aws: { region: eu-central-1, profile: null, proxy: \"http://me:PASSWORD@proxy:3128\","
            + " credentials_file: \"\(keys)\", config_file: \"\(keys)\" }\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: good))
        try Data("aws:\n  regoin: eu-central-1\nqueue: { max_bytes: 10 apples }\n".utf8)
            .write(to: URL(fileURLWithPath: bad))
        for (name, style) in Run.styles {
            var text = ""
            for arguments in [["check", good], ["check", good, "--json"], ["check", bad], ["check", bad, "--json"]] {
                text += await Run.text(["config"] + arguments, style: style, folder: folder.path) + "\n"
            }
            try Golden.expect(text, is: "config-check-\(name)")
        }
        // The whole of it is Daemon's to test, and depends on the caller's environment: here only its form.
        let shown = await Run.text(["config", "show", "--config", good], style: .plain, folder: folder.path)
        #expect(shown.contains("\n  region: eu-central-1  # DIRECTORY/good.yaml:1"))
        #expect(!shown.contains("PASSWORD"))
        let json = await Run.text(["config", "show", "--config", good, "--json"], style: .plain, folder: folder.path)
        #expect(json.contains(#"{"key":"aws.region","source":"DIRECTORY/good.yaml:1"#))
        #expect(!json.contains("PASSWORD"))
    }

    @Test func `a difference shows the lines around it`() {
        #expect(Golden.difference("a\nb\nc", "a\nx\nc") == "  a\n- b\n+ x\n  c")
        #expect(Golden.difference("", "") == "  ")
    }
}
