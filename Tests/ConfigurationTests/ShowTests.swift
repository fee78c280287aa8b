import Testing

@testable import Daemon

@Suite("The effective configuration")
struct ShowTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    @Test("says where each value came from")
    func sources() throws {
        let text =
            "queue:\n  max_events: 5\naws: { profile: p }\nfunctions:\n  - match: \"a-*\"\n    dedupe: { window: 2h }\n    soft: true"
        let loaded = try folder.load(
            text,
            environment: [
                "AWS_REGION": "eu-west-1", "STATE_DIRECTORY": "/s", "AWS_CA_BUNDLE": "/ca.pem", "NO_PROXY": "a,b",
            ]
        )
        let lines = loaded.show().split(separator: "\n")
        let file = "\(folder.path)/config.yaml"
        #expect(lines.contains("  max_events: 5  # \(file):2"))
        #expect(lines.contains("  max_bytes: 10GiB  # default"))
        #expect(lines.contains("  max_age: 72h  # default"))
        #expect(lines.contains("  region: eu-west-1  # environment AWS_REGION"))
        #expect(lines.contains("  endpoint_url: null  # default: https://lambda.eu-west-1.amazonaws.com"))
        #expect(lines.contains("  ca_bundle: /ca.pem  # environment AWS_CA_BUNDLE"))
        #expect(lines.contains("  no_proxy: [a, b]  # environment NO_PROXY"))
        #expect(lines.contains("  profile: p  # \(file):3"))
        #expect(lines.contains("  path: /s/outbox.db  # environment STATE_DIRECTORY"))
        #expect(
            lines.suffix(6) == [
                "functions:", "  - match: \"a-*\"  # \(file):5", "    soft: true  # \(file):7", "    dedupe:",
                "      window: 2h  # \(file):6", "routes: []  # default",
            ]
        )
    }

    @Test("masks secrets")
    func masked() throws {
        let shown = try folder.load("aws: { proxy: \"http://user:PASSWORD@proxy:3128\" }").show()
        #expect(!shown.contains("PASSWORD"))
        #expect(!shown.contains("user"))
        #expect(!"\(try folder.load("aws: { proxy: \"http://u:PASSWORD@p\" }"))".contains("PASSWORD"))
        #expect(shown.contains("***@proxy:3128"))
    }

    @Test("is itself a configuration that means the same")
    func roundTrip() throws {
        let text = """
            listen: { unix: { path: "/a b/door \\"x\\".sock", mode: "0600", group: "123" }, tcp: { address: "[::1]:9", authentication: none } }
            door: { wait: 1500ms, body_memory: 1025KiB, idle_timeout: 90s }
            history: { keep: 0s }
            aws: { profile: "null", regions: [eu-west-1, us-east-1], no_proxy: ["*.x", "-a"] }
            defaults: { share: 7%, max_attempts: 1, qualifier: $LATEST }
            functions:
              - { match: "a:*", max_age: 8d, dedupe: { by: content, sdk_window: 1s } }
              - { match: "*" }
            """
        let first = try folder.load(text)
        let second = try folder.load(first.show())
        #expect(second.values == first.values)
        #expect(try folder.load(folder.load("").show()).values.queue == Configuration().queue)
    }
}
