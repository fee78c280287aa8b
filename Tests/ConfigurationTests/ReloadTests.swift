import AWSCredentials
import Foundation
import OutboxCore
import Testing

@testable import Daemon

@Suite("Reading the configuration again")
struct ReloadTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    private func reload(_ old: String, _ new: String, environment: [String: String] = [:]) throws -> ConfigurationReload
    {
        let loaded = try folder.load(old, environment: environment)
        _ = try folder.write(new)
        return try loaded.reloaded(environment: environment)
    }

    /// Another value for each key, in the order in which keys are shown, and when it takes effect.
    static let others: [(key: String, value: String, applies: ConfigurationChange.Applies)] = [
        ("listen.unix.path", "/x/door.sock", .atRestart), ("listen.unix.mode", "\"0600\"", .atRestart),
        ("listen.unix.group", "app", .atRestart), ("listen.tcp.address", "127.0.0.1:9200", .atRestart),
        ("listen.tcp.authentication", "none", .atRestart), ("admin.unix.path", "/x/admin.sock", .atRestart),
        ("admin.unix.mode", "\"0660\"", .atRestart), ("admin.tcp.address", "127.0.0.1:9201", .atRestart),
        ("door.wait", "1s", .now), ("door.body_memory", "64MiB", .atRestart),
        ("door.max_connections", "10", .atRestart), ("door.idle_timeout", "1m", .atRestart),
        ("door.request_timeout", "1m", .atRestart), ("store.path", "/x/outbox.db", .atRestart),
        ("store.on_damage", "stop", .atRestart),
        ("queue.max_bytes", "20GiB", .now), ("queue.max_events", "5", .now), ("queue.max_keys", "5", .now),
        ("queue.min_free_disk", "2GiB", .now),
        ("queue.max_payload", "6MiB", .atRestart), ("history.keep", "1h", .now), ("history.max_events", "5", .now),
        ("aws.region", "eu-west-3", .atRestart), ("aws.regions", "[eu-west-2]", .atRestart),
        ("aws.account_id", "\"123456789012\"", .atRestart),
        ("aws.endpoint_url", "https://h", .atRestart), ("aws.profile", "p", .atRestart),
        ("aws.credentials_file", "/x/credentials", .atRestart), ("aws.config_file", "FOLDER/aws", .atRestart),
        ("aws.proxy", "http://h:3128", .atRestart), ("aws.no_proxy", "[h]", .atRestart),
        ("aws.ca_bundle", "/x/ca.pem", .atRestart), ("delivery.max_in_flight", "5", .atRestart),
        ("delivery.connect_timeout", "1s", .atRestart), ("delivery.stall_timeout", "1s", .atRestart),
        ("defaults.max_attempts", "5", .now), ("defaults.max_age", "1h", .now), ("defaults.expires_in", "1h", .now),
        ("defaults.base_delay", "2s", .now), ("defaults.max_delay", "20m", .now),
        ("defaults.max_in_flight", "5", .now), ("defaults.rate", "50/s", .now),
        ("defaults.drain_rate", "unlimited", .now), ("defaults.share", "20%", .now), ("defaults.soft", "true", .now),
        ("defaults.qualifier", "live", .now), ("defaults.envelope", "cloudevents", .now),
        ("defaults.durable_name", "event-id", .now), ("defaults.dedupe.by", "content", .now),
        ("defaults.dedupe.window", "1h", .now), ("defaults.dedupe.sdk_window", "1m", .now),
    ]

    /// The keys as a YAML text.
    private static func text(_ keys: [(key: String, value: String)]) -> String {
        func inner(_ keys: [(path: [Substring], value: String)], _ indent: String) -> String {
            var names: [Substring] = []
            for key in keys where !names.contains(key.path[0]) { names.append(key.path[0]) }
            return names.map { name in
                let under = keys.filter { $0.path[0] == name }
                if under[0].path.count == 1 { return "\(indent)\(name): \(under[0].value)\n" }
                return "\(indent)\(name):\n"
                    + inner(under.map { (Array($0.path.dropFirst()), $0.value) }, indent + "  ")
            }.joined()
        }
        return inner(keys.map { ($0.key.split(separator: "."), $0.value) }, "")
    }

    @Test("every key says when it takes effect, and the table below has them all")
    func all() {
        #expect(ConfigurationKeys.settings.map(\.name) == Self.others.map(\.key))
        #expect(ConfigurationKeys.settings.map(\.applies) == Self.others.map(\.applies))
        #expect(ConfigurationKeys.policy.allSatisfy { $0.applies == .now })
        #expect(RuleList.functions.applies == .now)
        #expect(RuleList.routes.applies == .atRestart)
    }

    @Test("a key that takes effect at once is taken, another one is kept until a restart", arguments: others)
    func one(key: String, value: String, applies: ConfigurationChange.Applies) throws {
        // These two stand only together.
        let isTCP = key.hasPrefix("listen.tcp.")
        let tcp = isTCP ? Self.others.filter { $0.key.hasPrefix("listen.tcp.") } : [(key, value, applies)]
        let value = value.replacingOccurrences(of: "FOLDER", with: folder.path)
        try "".write(toFile: "\(folder.path)/aws", atomically: true, encoding: .utf8)
        let text = Self.text(tcp.map { ($0.key, $0.key == key ? value : $0.value) })
        let before = try folder.load("")
        let after = try folder.load(text)
        let reload = try reload("", text)
        #expect(reload.changes.map(\.key) == tcp.map(\.key))
        #expect(reload.changes.allSatisfy { $0.applies == applies })
        #expect(reload.changes.first { $0.key == key }?.new == value)
        #expect(reload.running.values == (applies == .now ? after.values : before.values))
        #expect(reload.running.sources == (applies == .now ? after.sources : before.sources))
        #expect(reload.running.aws == before.aws)
    }

    @Test("the same file changes nothing, whatever its layout")
    func same() throws {
        let reload = try reload("door: { wait: 60s }", "# moved\ndoor:\n  wait: 1m\nqueue: { max_bytes: 10240MiB }")
        #expect(reload.changes.isEmpty)
    }

    @Test("a mistake changes nothing and is named")
    func mistake() throws {
        let loaded = try folder.load("door: { wait: 1s }")
        _ = try folder.write("door: { wait: 2s }\nqueue: { max_byte: 1GiB }")
        let errors = try #require(throws: ConfigurationErrors.self) { try loaded.reloaded(environment: [:]) }
        #expect(errors.problems.map(\.meant) == ["did you mean \"max_bytes\"?"])
    }

    @Test("what waits for a restart is named again at the next reload, until it is taken back")
    func again() throws {
        let first = try reload("", "store: { path: /x/o.db }")
        _ = try folder.write("store: { path: /x/o.db }\ndoor: { wait: 1s }")
        let second = try first.running.reloaded(environment: [:])
        #expect(
            second.changes.map(\.description) == [
                "door.wait: 5s → 1s",
                "store.path: /var/lib/lambda-outbox/outbox.db → /x/o.db (needs a restart)",
            ]
        )
        _ = try folder.write("")
        let third = try second.running.reloaded(environment: [:])
        #expect(third.changes.map(\.description) == ["door.wait: 1s → 5s"])
    }

    @Test("if old and new can't stand together, all of it waits for the restart")
    func together() throws {
        let reload = try reload(
            "queue: { max_payload: 6MiB }\ndoor: { wait: 1s }",
            "queue: { max_payload: 1MiB, max_bytes: 2MiB }"
        )
        #expect(reload.changes.map(\.key) == ["door.wait", "queue.max_bytes", "queue.max_payload"])
        #expect(reload.changes.allSatisfy { $0.applies == .atRestart })
        #expect(reload.running.values.queue.maxBytes == 10 << 30)
        #expect(reload.running.values.door.wait == .seconds(1))
    }

    @Test("rules that come, go, change and change places")
    func rules() throws {
        let reload = try reload(
            """
            functions:
              - { match: a, max_age: 1h, soft: true }
              - { match: "b-*", dedupe: { by: content } }
              - { match: c, max_age: 72h }
            """,
            """
            defaults: { max_age: 24h }
            functions:
              - { match: c, max_age: 72h }
              - { match: a, max_age: 2h }
              - { match: "d-*", share: 7% }
            """
        )
        #expect(
            reload.changes.map(\.description) == [
                "defaults.max_age: 72h → 24h",
                "functions[\"b-*\"]: { match: \"b-*\", dedupe.by: content } → no rule",
                "functions[\"a\"].max_age: 1h → 2h",
                "functions[\"a\"].soft: true → false",
                "functions[\"d-*\"]: no rule → { match: \"d-*\", share: 7% }",
                "functions, in order: [\"a\", \"c\"] → [\"c\", \"a\"]",
            ]
        )
        #expect(reload.running.values.functions.map(\.match.text) == ["c", "a", "d-*"])
        #expect(reload.running.sources["functions[1].soft"] == nil)
    }

    @Test("a new password of a proxy is a change, and isn't shown")
    func secret() throws {
        let change = try #require(
            reload("aws: { proxy: \"http://u:FIRST@h:1\" }", "aws: { proxy: \"http://u:SECOND@h:1\" }").changes.first
        )
        #expect(change.description.contains("***@h:1"))
        #expect(!"\(change)".contains("FIRST"))
        #expect(!"\(change)".contains("SECOND"))
    }

    @Test("what the shared files say counts too")
    func sharedFiles() throws {
        let shared = "\(folder.path)/aws"
        let environment = ["AWS_CONFIG_FILE": shared]
        try "[default]\nregion = eu-west-1\n".write(toFile: shared, atomically: true, encoding: .utf8)
        let loaded = try folder.load("", environment: environment)
        try "[default]\nregion = eu-west-1\nuse_fips_endpoint = true\n".write(
            toFile: shared,
            atomically: true,
            encoding: .utf8
        )
        let changes = try loaded.reloaded(environment: environment).changes
        #expect(
            changes.map(\.description) == [
                "aws.endpoint_url: https://lambda.eu-west-1.amazonaws.com → "
                    + "https://lambda-fips.eu-west-1.amazonaws.com (needs a restart)"
            ]
        )
    }

    @Test("--directory holds on")
    func directory() throws {
        let file = try folder.write("door: { wait: 1s }")
        let loaded = try Configuration.load(path: file, directory: "/tmp/try", environment: [:])
        _ = try folder.write("door: { wait: 2s }\nstore: { path: /x/y.db }")
        let reload = try loaded.reloaded(environment: [:])
        #expect(reload.changes.map(\.key) == ["door.wait"])
        #expect(reload.running.values.store.path == "/tmp/try/outbox.db")
    }

    @Test("a file that is gone is a mistake, not the defaults")
    func gone() throws {
        let file = try folder.write("door: { wait: 1s }")
        var loaded = try Configuration.load(path: file, directory: "/tmp/try", environment: [:])
        // As if it had been the default file, which may be missing at a start.
        loaded.path = nil
        let errors = try #require(throws: ConfigurationErrors.self) { try loaded.reloaded(environment: [:]) }
        #expect(errors.description == "\(file): no longer there; put it back, or restart without it")
    }
}
