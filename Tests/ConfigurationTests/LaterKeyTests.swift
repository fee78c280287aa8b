import Testing

@testable import Daemon

@Suite("Keys of later versions")
struct LaterKeyTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    @Test(
        "are taken where they change nothing",
        arguments: [
            "door: { synchronous: refuse }", "store: { on_damage: replace }", "history: { file: null }",
            "dead_letters: { retention: null }", "dead_letters:", "routes: []", "producers: []",
            "access: { operators: [], viewers: [] }", "access: {}",
            "defaults: { rate: null, drain_rate: unlimited, envelope: none, durable_name: null }",
            "functions: [{ match: a, rate: null, envelope: none }]",
        ]
    )
    func harmless(text: String) throws {
        let loaded = try folder.load(text)
        #expect(loaded.values.defaults == Configuration().defaults)
        #expect(loaded.warnings.isEmpty)
    }

    @Test(
        "are refused where they would do something",
        arguments: [
            ("door: { synchronous: forward }", "1:22", "door.synchronous"),
            ("store:\n  on_damage: stop", "2:14", "store.on_damage"),
            ("history: { file: /x }", "1:18", "history.file"),
            ("dead_letters: { retention: 30d }", "1:28", "dead_letters.retention"),
            ("routes:\n  - match: {}", "2:3", "routes"), ("producers: [{ match: tcp }]", "1:12", "producers"),
            ("access: { operators: [root] }", "1:22", "access.operators"),
            ("defaults: { rate: 50/s }", "1:19", "defaults.rate"),
            ("defaults: { drain_rate: 100/s }", "1:25", "defaults.drain_rate"),
            ("defaults: { envelope: cloudevents }", "1:23", "defaults.envelope"),
            ("functions: [{ match: a, durable_name: event-id }]", "1:39", "functions[0].durable_name"),
        ]
    )
    func refused(text: String, place: String, name: String) throws {
        let problems = try folder.problems(text)
        #expect(problems.map(\.place) == [place])
        #expect(problems.first?.what.hasPrefix(name) == true)
        #expect(problems.first?.what.contains("not in this version") == true)
    }

    @Test("a drain rate that isn't kept is taken with a warning")
    func drainRate() throws {
        let warnings = try folder.load("defaults:\n  drain_rate: 500/s").warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("config.yaml:2:15: defaults.drain_rate is not in this version") == true)
    }
}
