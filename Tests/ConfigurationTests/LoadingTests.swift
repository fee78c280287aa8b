import AWSCredentials
import Foundation
import OutboxCore
import Testing

@testable import Daemon

@Suite("Loading a configuration")
struct LoadingTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    @Test(
        "an empty file, one of comments only, and empty sections are the defaults",
        arguments: ["", "# nothing\n", "---\n", "~", "queue:\ndoor:\nfunctions:\n"]
    )
    func empty(text: String) throws {
        let loaded = try folder.load(text)
        #expect(loaded.values == Configuration())
        #expect(loaded.sources.isEmpty)
        #expect(loaded.warnings.isEmpty)
    }

    @Test("values are read")
    func values() throws {
        let loaded = try folder.load(
            """
            listen:
              unix: { path: /a/door.sock, mode: "0666", group: app }
              tcp: { address: "[::1]:9100", authentication: none }
            admin: { unix: { path: /a/admin.sock, mode: 0640 }, tcp: { address: localhost:9101 } }
            door: { wait: 0s, body_memory: 64MiB, max_connections: 10, idle_timeout: 1m, request_timeout: 2s }
            store: { path: /a/b.db }
            queue: { max_bytes: 5GB, max_events: 1_000, min_free_disk: 0B, max_payload: 256KiB }
            history: { keep: 7d, max_events: 0 }
            aws:
              region: eu-central-1
              regions: [eu-west-1]
              endpoint_url: http://127.0.0.1:9001
              profile: p
              proxy: http://u:w@proxy:3128
              no_proxy: [a, b]
              ca_bundle: /ca.pem
            delivery: { max_in_flight: 8, connect_timeout: 500ms, stall_timeout: 1h }
            defaults: { max_attempts: 3, max_age: 10s, expires_in: 6h, base_delay: 2s, max_delay: 1m, max_in_flight: 2,
                        rate: 50/s, drain_rate: unlimited, share: 20%, soft: true, qualifier: $LATEST, dedupe: { by: content, window: 1h, sdk_window: 1m } }
            """
        )
        let values = loaded.values
        #expect(values.listen.unix == .init(path: "/a/door.sock", mode: 0o666, group: "app"))
        #expect(values.listen.tcp == .init(address: LoopbackAddress(host: "::1", port: 9100), authentication: .anyone))
        #expect(values.admin.unix == .init(path: "/a/admin.sock", mode: 0o640))
        #expect(values.admin.tcp.address == LoopbackAddress(host: "127.0.0.1", port: 9101))
        #expect(values.door.wait == .zero)
        #expect(values.door.bodyMemory == 64 << 20)
        #expect(values.queue.maxBytes == 5_000_000_000)
        #expect(values.queue.maxEvents == 1000)
        #expect(values.queue.minFreeDisk == 0)
        #expect(values.history.keep == .days(7))
        #expect(values.aws.noProxy == ["a", "b"])
        #expect(values.delivery.connectTimeout == .milliseconds(500))
        var policy = FunctionPolicy()
        policy.maxAttempts = 3
        policy.maxAge = .seconds(10)
        policy.expiresIn = .hours(6)
        policy.baseDelay = .seconds(2)
        policy.maxDelay = .minutes(1)
        policy.maxInFlight = 2
        policy.rate = 50
        policy.drainRate = nil
        policy.share = 0.2
        policy.soft = true
        policy.qualifier = "$LATEST"
        policy.dedupeBy = .content
        policy.dedupeWindow = .hours(1)
        policy.sdkWindow = .minutes(1)
        #expect(values.defaults == policy)
        #expect(loaded.aws.target(region: "eu-west-1").authority == "127.0.0.1:9001")
    }

    @Test("a rule stands on the defaults, wherever they are written, and the first match holds")
    func policies() throws {
        let loaded = try folder.load(
            """
            functions:
              - { match: "orders-*", max_attempts: 3, dedupe: { by: content } }
              - { match: "orders-eu:live", max_attempts: 9 }
              - { match: "billing:*", max_attempts: null }
            defaults: { max_attempts: 5, max_age: 1h }
            """
        )
        let policies = loaded.values.policies
        func policy(_ name: String, _ qualifier: String = "-") -> FunctionPolicy {
            policies.policy(
                for: FunctionIdentity(
                    partition: "aws",
                    account: "-",
                    region: "eu-central-1",
                    name: name,
                    qualifier: qualifier
                )
            )
        }
        #expect(policy("orders-eu", "live").maxAttempts == 3)
        #expect(policy("orders-eu").maxAge == .hours(1))
        #expect(policy("orders-eu").dedupeBy == .content)
        #expect(policy("orders-eu").dedupeWindow == .hours(24))
        #expect(policy("billing", "live").maxAttempts == nil)
        #expect(policy("billing").maxAttempts == 5)
    }

    @Test("an anchor may be used")
    func anchors() throws {
        let loaded = try folder.load(
            "functions:\n  - &a { match: x, max_age: 1h }\nhistory: { keep: &k 2h }\ndoor: { idle_timeout: *k }"
        )
        #expect(loaded.values.door.idleTimeout == .hours(2))
    }

    @Test("a file that is named must be there, the default one needn't")
    func missing() throws {
        let errors = try #require(throws: ConfigurationErrors.self) {
            try Configuration.load(path: "\(folder.path)/gone.yaml", environment: [:])
        }
        #expect(errors.description.hasPrefix("\(folder.path)/gone.yaml: no such file"))
        #expect(throws: ConfigurationErrors.self) { try Configuration.load(path: folder.path, environment: [:]) }
        #expect(throws: ConfigurationErrors.self) { try Configuration.load(path: "", environment: [:]) }
    }

    @Test("a file that is too large is refused")
    func large() throws {
        let large = String(repeating: "# comment\n", count: 200_000)
        #expect(try folder.problems(large).first?.what.contains("larger than 1 MiB") == true)
    }

    @Test("files made to exhaust memory, time or stack are refused quickly", .timeLimit(.minutes(1)))
    func bombs() throws {
        let levels = (1...9).map { level in
            "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ","))]"
        }
        #expect(
            try folder.problems("a0: &a0 [x]\n" + levels.joined(separator: "\n")).first?.what.contains("aliases")
                == true
        )
        let twice = (1...8).map { level in "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]" }
        let wide = "a0: &a0 [\(String(repeating: "x,", count: 100))x]\n" + twice.joined(separator: "\n")
        #expect(try folder.problems(wide).first?.what.contains("more than 20000 values") == true)
        for open in ["[", "{a: ", "- "] {
            let text = String(repeating: open, count: 1_000_000 / open.utf8.count)
            #expect(try folder.problems(text).map(\.what) == ["nested too deeply"])
        }
        let many = "aws:\n  regions: [\(String(repeating: "x,", count: 100_000))x]"
        #expect(try folder.problems(many).first?.what.contains("more than 20000 values") == true)
    }

    @Test("--directory puts sockets and state into one folder, over the file")
    func directory() throws {
        let file = try folder.write("store: { path: /x/y.db }\nqueue: { max_events: 5 }")
        let loaded = try Configuration.load(path: file, directory: "/tmp/try/", environment: ["STATE_DIRECTORY": "/s"])
        #expect(loaded.values.listen.unix.path == "/tmp/try/door.sock")
        #expect(loaded.values.admin.unix.path == "/tmp/try/admin.sock")
        #expect(loaded.values.store.path == "/tmp/try/outbox.db")
        #expect(loaded.values.queue.maxEvents == 5)
        #expect(loaded.sources["store.path"] == .directoryOption)
        for directory in ["relative", "/" + String(repeating: "x", count: 100)] {
            let errors = try #require(throws: ConfigurationErrors.self) {
                try Configuration.load(path: nil, directory: directory, environment: [:])
            }
            #expect(errors.problems.map(\.place) == ["--directory"])
        }
    }

    @Test("--directory without a file needs none")
    func directoryAlone() throws {
        let loaded = try Configuration.load(path: nil, directory: "/tmp/try", environment: [:])
        #expect(loaded.file == nil)
        #expect(loaded.values.store.path == "/tmp/try/outbox.db")
    }

    @Test("the state is in systemd's folder unless the file names another")
    func stateDirectory() throws {
        let environment = ["STATE_DIRECTORY": "/var/lib/a:/var/lib/b"]
        #expect(try folder.load("", environment: environment).values.store.path == "/var/lib/a/outbox.db")
        #expect(try folder.load("store: { path: /x/y.db }", environment: environment).values.store.path == "/x/y.db")
        #expect(try folder.load("", environment: [:]).values.store.path == "/var/lib/lambda-outbox/outbox.db")
    }

    @Test("an endpoint of the environment that is the daemon's own listener is refused")
    func ownListener() throws {
        let text =
            "listen: { tcp: { address: 127.0.0.1:9100, authentication: none } }\nadmin: { tcp: { address: 127.0.0.1:9101 } }"
        for (url, name) in [
            ("http://127.0.0.1:9100", "listen.tcp"), ("http://[::1]:9101", "admin.tcp"),
            ("https://localhost:9100", "listen.tcp"),
        ] {
            let problem = try #require(folder.problems(text, environment: ["AWS_ENDPOINT_URL_LAMBDA": url]).first)
            #expect(problem.place == "environment AWS_ENDPOINT_URL_LAMBDA")
            #expect(problem.what.contains("own listener (\(name))"))
        }
        #expect(throws: Never.self) {
            try folder.load(text, environment: ["AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:9102"])
        }
        #expect(throws: Never.self) {
            try folder.load(text, environment: ["AWS_ENDPOINT_URL_LAMBDA": "https://example:9100"])
        }
    }
}
