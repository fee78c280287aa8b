import AdminAPI
import ArgumentParser
import Client
import Foundation
import Glibc
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `the command line` {
    @Test(arguments: [
        ["nonsense"], ["send"], ["send", "f", "g"], ["send", "f", "--payload", "1", "--payload-file", "x"],
        ["send", "f", "--wait=soon"], ["send", "f", "--output", "xml"],
        ["send", "f", "--connections", "65", "--lines"],
        ["send", "f", "--lines", "--idempotency-key", "k"], ["send", "f", "--lines", "--wait"],
        ["send", "f", "--lines", "--payload", "1"], ["dead", "redrive"], ["dead", "purge"],
        ["dead", "redrive", "x", "--all"], ["dead", "redrive", "--function", "f", "--all"],
        ["dead", "purge", "--all", "--no-export", "--export-file", "f"], ["dead", "show", "x", "--raw", "--json"],
        ["dead", "list", "--limit", "0"], ["events", "show"], ["serve", "--log-level", "loud"], ["config", "check"],
        ["dead", "redrive", "x", "--condition", "expired"], ["dead", "list", "--condition", "bored"],
        ["dead", "export"], ["receiver", "--quiet", "--json"],
        ["receiver", "--answer", "nonsense"], ["receiver", "--port", "65536"], ["receiver", "--latency", "fast"],
    ])
    func `wrong use ends with 2 and one line that says what and where help is`(_ arguments: [String]) throws {
        let error = #expect(throws: (any Error).self) { try LambdaOutbox.parseAsRoot(arguments) }
        let ending = LambdaOutbox.Ending(try #require(error))
        #expect(ending.status == .wrongUse)
        let text = try #require(ending.text)
        #expect(text.hasPrefix("lambda-outbox: "))
        #expect(text.contains("--help"))
        #expect(!text.contains("\n"))
    }

    @Test func `help is no error`() async {
        #expect(await command(["--help"]) == .done)
        let text = LambdaOutbox.helpMessage()
        for word in ["serve", "send", "status", "events", "dead", "config", "receiver"] {
            #expect(text.contains("  \(word) "))
        }
    }

    @Test func `--wait goes with and without a duration`() throws {
        #expect(try #require(LambdaOutbox.parseAsRoot(["send", "f", "--wait"]) as? Send).wait == "30s")
        #expect(try #require(LambdaOutbox.parseAsRoot(["send", "f", "--wait=2m"]) as? Send).wait == "2m")
        #expect(try #require(LambdaOutbox.parseAsRoot(["send", "f"]) as? Send).wait == nil)
    }

    @Test func `a socket is named by option, else folder, else environment, else the packages' place`() {
        let environment = ["LAMBDA_OUTBOX_DOOR": "/e/d", "LAMBDA_OUTBOX_ADMIN": ""]
        func path(_ role: SocketAddress.Role, _ option: String?, _ directory: String?) -> String {
            SocketPlace.path(of: role, option: option, directory: directory, environment: environment)
        }
        #expect(path(.door, "/o", "/dir") == "/o")
        #expect(path(.door, nil, "/dir") == "/dir/door.sock")
        #expect(path(.admin, nil, "/dir/") == "/dir/admin.sock")
        #expect(path(.door, nil, nil) == "/e/d")
        #expect(path(.admin, nil, nil) == "/run/lambda-outbox/admin.sock")
    }

    @Test func `an empty function name is refused as invalid, and nothing is sent`() async throws {
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            let status = await command(["send", "", "--payload", "1", "--directory", daemon.directory])
            #expect(status == .invalid)
            #expect(await daemon.door.requests.isEmpty)
        }
    }

    @Test(arguments: [(1, true), (2, true), (3, false), (4, false)])
    func `a list says that there is more only where there is`(_ limit: Int, _ more: Bool) throws {
        let events = (1...3).map { Event.letter($0) }
        // As the daemon does it: a full page always names the next one.
        let found = try Paging.walk(.init(), limit: limit) { query in
            let start = query.after.flatMap { Int($0) } ?? 0
            let page = Array(events[start...].prefix(query.limit ?? 100))
            return EventPage(events: page, next: page.count == query.limit ? "\(start + page.count)" : nil)
        } _: { _ in
        }
        #expect(found == more)
    }

    @Test func `errors of the daemon are one printable line`() {
        let ending = LambdaOutbox.Ending(
            ClientError.refused(Refusal(status: 429, code: "X", message: "full\nnow\u{1B}"))
        )
        #expect(ending.status == .refusedForNow)
        #expect(ending.text == "lambda-outbox: full\\u{a}now\\u{1b} (X)")
    }

    @Test func `a selection of many ids goes in portions, each id once`() throws {
        let ids = (0..<2500).map { "id-\($0)" }
        #expect(try selections(ids + ["ID-0"]).map { $0.ids?.count } == [1000, 1000, 500])
        #expect(try SelectionOptions.parse(ids + ["ID-0"]).named == 2500)
        #expect(try selections(["--all"]) == [.everything])
        #expect(try selections(["--function", "a*"]) == [Selection(function: "a*")])
    }

    /// Those that need no daemon.
    private func selections(_ arguments: [String]) throws -> [Selection] {
        var found: [Selection] = []
        let nobody = AdminClient(socketPath: "/nowhere")
        try SelectionOptions.parse(arguments).forEachSelection(client: nobody) { found.append($0) }
        return found
    }

    @Test(arguments: [
        ["send", "--function-name", "f", "--invocation-type", "Event", "--payload", "1"],
        ["send", "f", "--durable-name", "d", "--tenant", "t", "--payload", "1"],
    ])
    func `what users of the AWS CLI type by habit is understood`(_ arguments: [String]) throws {
        _ = try LambdaOutbox.parseAsRoot(arguments)
    }

    @Test(arguments: [
        (["--invocation-type", "RequestResponse"], "there is no response"),
        (["--client-context", "e30="], "Lambda ignores it"), (["--log-type", "Tail"], "synchronous"),
        (["--function-name", "g"], "not both"),
    ])
    func `and refused with the reason where it can't be done`(_ option: [String], _ why: String) throws {
        let error = #expect(throws: (any Error).self) {
            try LambdaOutbox.parseAsRoot(["send", "f", "--payload", "1"] + option)
        }
        let ending = LambdaOutbox.Ending(try #require(error))
        #expect(ending.status == .wrongUse)
        #expect(try #require(ending.text).contains(why))
    }
}

@Suite struct `the configuration by command` {
    private func check(_ text: String) async throws -> CommandStatus? {
        let folder = try TemporaryDirectory()
        let file = folder.file("config.yaml")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return await command(["config", "check", file])
    }

    @Test func `a good file ends with 0, a wrong one or none with 78`() async throws {
        #expect(try await check("aws:\n  region: eu-central-1\n") == .done)
        #expect(try await check("aws:\n  regoin: eu-central-1\n") == .configuration)
        #expect(await command(["config", "check", "/nowhere/config.yaml"]) == .configuration)
    }
}

@Suite struct `dead letters by command` {
    private let payload = Array("{ \"n\" : 1.50 }\n".utf8)

    @Test func `redrive by id moves the letter, and tells of ids that are none`() async throws {
        let letters = Letters([(.letter(1), payload), (.letter(2), payload)])
        try await FakeDaemon.running(letters: letters) { (daemon: FakeDaemon) async throws in
            let one = await command(["dead", "redrive", Event.letter(1).id, "--directory", daemon.directory])
            #expect(one == .done)
            let gone = await command(["dead", "redrive", Event.letter(1).id, "--directory", daemon.directory])
            #expect(gone == .notFound)
            #expect(await letters.redriven == [Event.letter(1).id])
            #expect(await letters.letters.map(\.id) == [Event.letter(2).id])
        }
    }

    @Test func `a selection that could touch more than was meant wants --yes`() async throws {
        let letters = Letters([(.letter(1), payload), (.letter(2, function: "mail"), payload)])
        try await FakeDaemon.running(letters: letters) { (daemon: FakeDaemon) async throws in
            let asked = await command(["dead", "redrive", "--all", "--directory", daemon.directory])
            #expect(asked == .wrongUse)
            #expect(await letters.letters.count == 2)
            let meant = await command(
                ["dead", "redrive", "--function", "orders", "--yes", "--directory", daemon.directory]
            )
            #expect(meant == .done)
            #expect(await letters.redriven == [Event.letter(1).id])
        }
    }

    @Test func `purge exports first, exact bytes and history, for the owner alone (P8, P10)`() async throws {
        let letters = Letters((1...450).map { (.letter($0), payload) })
        try await FakeDaemon.running(letters: letters) { (daemon: FakeDaemon) async throws in
            let file = daemon.folder.file("out.ndjson")
            let status = await command(
                ["dead", "purge", "--all", "--yes", "--export-file", file, "--directory", daemon.directory]
            )
            #expect(status == .done)
            #expect(await letters.letters.isEmpty)
            let facts = try FileManager.default.attributesOfItem(atPath: file)
            #expect((facts[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 450)
            let record = try #require(JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
            #expect(record["version"] as? String == "1.0")
            #expect(record["timestamp"] as? String == "1970-01-01T00:00:02.000Z")
            let context = try #require(record["requestContext"] as? [String: Any])
            #expect(context["requestId"] as? String == Event.letter(1).id)
            #expect(context["condition"] as? String == "exhausted")
            #expect(context["approximateInvokeCount"] as? Int == 1)
            #expect((record["requestPayload"] as? [String: Any])?["n"] as? Double == 1.5)
            #expect((record["responseContext"] as? [String: Any])?["statusCode"] as? Int == 500)
            let ours = try #require(record["outbox"] as? [String: Any])
            let base64 = try #require(ours["payload_base64"] as? String)
            #expect(Data(base64Encoded: base64) == Data(payload))
            #expect(ours["producer"] as? String == "uid:1001")
            #expect(lines[0].contains(#""requestPayload":{"n":1.50}"#))
        }
    }

    @Test func `purge never overwrites a file, and then deletes nothing`() async throws {
        let letters = Letters([(.letter(1), payload)])
        try await FakeDaemon.running(letters: letters) { (daemon: FakeDaemon) async throws in
            let file = daemon.folder.file("out.ndjson")
            try Data("old".utf8).write(to: URL(fileURLWithPath: file))
            let status = await command(
                ["dead", "purge", "--all", "--yes", "--export-file", file, "--directory", daemon.directory]
            )
            #expect(status == .failed)
            #expect(await letters.letters.count == 1)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
        }
    }

    @Test func `purge without an export, where it is written out`() async throws {
        let letters = Letters([(.letter(1), payload), (.letter(2, function: "mail"), payload)])
        try await FakeDaemon.running(letters: letters) { (daemon: FakeDaemon) async throws in
            let status = await command(
                [
                    "dead", "purge", "--function", "m*", "--yes", "--no-export", "--json", "--directory",
                    daemon.directory,
                ]
            )
            #expect(status == .done)
            #expect(await letters.letters.map(\.id) == [Event.letter(1).id])
        }
    }

    @Test func `a purge of nothing leaves no file behind`() async throws {
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            let file = daemon.folder.file("out.ndjson")
            let status = await command(
                ["dead", "purge", "--all", "--export-file", file, "--directory", daemon.directory]
            )
            #expect(status == .done)
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func `an export of damaged bytes is still a line of JSON`() throws {
        let line = try InvocationRecord.line(.letter(1, condition: "corrupt"), payload: Array("{\"a\n".utf8))
        #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        let record = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(record["requestPayload"] is NSNull)
    }

    @Test func `dead show --json has the event's members and the payload`() throws {
        let line = try InvocationRecord.letter(.letter(1), payload: payload)
        let letter = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(letter["id"] as? String == Event.letter(1).id)
        #expect(letter["state"] as? String == "dead-letter")
        #expect((letter["payload"] as? [String: Any])?["n"] as? Double == 1.5)
    }

    @Test func `the default file says when`() {
        #expect(DeadPurge.defaultFile(at: Timestamp(milliseconds: 0)) == "dead-letters-19700101T000000Z.ndjson")
    }
}

@Suite struct `waiting for an event` {
    private func event(_ state: String) -> Event {
        var event = Event.letter(1)
        event.state = state
        event.explanation = "It is due."
        return event
    }

    /// What the door answers, one after the other; the last for ever. Time passes only in pauses.
    private func result(_ answers: [Result<Event?, ClientError>], hasKey: Bool = false) async -> Waiter.Result {
        var left = answers
        var time = Duration.zero
        let waiter = Waiter(
            door: { _ throws(ClientError) in try (left.count > 1 ? left.removeFirst() : left[0]).get() },
            clock: { time },
            pause: { time += $0 }
        )
        return await waiter.result(of: "x", hasKey: hasKey, within: .seconds(1))
    }

    private func result(_ states: [String]) async -> Waiter.Result {
        await result(states.map { .success(event($0)) })
    }

    @Test func `ends with 0 when it is handed over`() async throws {
        #expect(await result(["queued", "in-flight", "handed-over"]) == Waiter.Result(state: "handed-over"))
    }

    @Test func `ends with 7 when it is dead, and says why`() async throws {
        let failure = await result(["queued", "dead-letter"]).failure
        #expect(failure?.status == .deadLetter)
        #expect(failure?.message?.contains("3 attempts failed") == true)
    }

    @Test func `ends with 8 when the time is over, and says what it waits for`() async throws {
        let failure = await result(["queued"]).failure
        #expect(failure?.status == .stillWaiting)
        #expect(failure?.message?.contains("It is due.") == true)
    }

    @Test func `goes on when the daemon is away for a while`() async throws {
        let away = ClientError.unreachable(
            SocketProblem(socket: SocketAddress(.door, path: "/d"), kind: .nobodyListens)
        )
        let result = await result([.failure(away), .failure(.cut("gone")), .success(event("handed-over"))])
        #expect(result == Waiter.Result(state: "handed-over"))
    }

    @Test(
        arguments: [
            (.failure(.cut("gone")), "the daemon's connection broke"), (.success(nil), "doesn't know it any more"),
            (.failure(.garbled("HTTP 302")), "unexpected answer"),
            (
                .failure(.unreachable(SocketProblem(socket: SocketAddress(.door, path: "/d"), kind: .missing))),
                "doesn't exist"
            ),
            (.failure(.refused(Refusal(status: 403, code: "AccessDeniedException", message: "no"))), "no"),
            (
                .failure(.refused(Refusal(status: 404, code: "UnknownOperationException", message: "no"))),
                "lambda-outbox events show x"
            ),
        ] as [(Result<Event?, ClientError>, String)]
    )
    func `ends with 8 whatever goes wrong behind the accept, and says that it is accepted`(
        _ answer: Result<Event?, ClientError>,
        _ why: String
    ) async throws {
        let failure = await result([answer]).failure
        #expect(failure?.status == .stillWaiting)
        let words = try #require(failure?.message)
        #expect(words.contains("event x is accepted"))
        #expect(words.contains("sending it again would make a second event"))
        #expect(words.contains(why))
        #expect(await result([answer], hasKey: true).failure?.message?.contains("the same key makes no second") == true)
    }

    @Test func `asks the door alone, so that a producer needs no operator's rights`() async throws {
        let door = FakeDoor(events: { _ in
            FakeDoor.Answer(
                status: 200,
                body: String(decoding: try! JSONLine.encode(event("handed-over")), as: UTF8.self)
            )
        })
        try await FakeDaemon.running(door: door) { (daemon: FakeDaemon) async throws in
            #expect(unlink(daemon.adminSocket) == 0)
            let status = await command(
                ["send", "f", "--payload", "1", "--wait=5s", "--output", "none", "--door", daemon.doorSocket]
            )
            #expect(status == .done)
        }
    }

    @Test func `a door of an older version makes it 8, never 6`() async throws {
        let door = FakeDoor(events: { _ in FakeDoor.refusal(404, "UnknownOperationException", "no such path") })
        try await FakeDaemon.running(door: door) { (daemon: FakeDaemon) async throws in
            let arguments = ["send", "f", "--payload", "1", "--wait=5s", "--output", "none"]
            #expect(await command(arguments + ["--door", daemon.doorSocket]) == .stillWaiting)
        }
    }
}
