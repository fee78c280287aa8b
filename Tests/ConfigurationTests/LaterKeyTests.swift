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
            "door: { synchronous: refuse }", "history: { file: null }",
            "dead_letters: { retention: null }", "dead_letters:", "producers: []", "producers:",
            "access: { operators: [], viewers: [] }", "access: {}",
        ]
    )
    func harmless(text: String) throws {
        let loaded = try folder.load(text)
        #expect(loaded.values.defaults == Configuration().defaults)
        #expect(loaded.sources.keys.allSatisfy { $0.hasPrefix("functions") })
    }

    @Test(
        "are refused where they would do something",
        arguments: [
            ("door: { synchronous: forward }", "1:22", "door.synchronous"),
            ("history: { file: /x }", "1:18", "history.file"),
            ("dead_letters: { retention: 30d }", "1:28", "dead_letters.retention"),
            ("producers: [{ match: [uid:1001, tcp, key:AK], name: shop, functions: [\"a-*\"] }]", "1:12", "producers"),
            ("access: { operators: [uid:0, gid:5, group:ops] }", "1:22", "access.operators"),
            ("access: { viewers: [uid:1] }", "1:20", "access.viewers"),
            (
                "listen: { tcp: { address: 127.0.0.1:9100, authentication: sigv4 } }", "1:59",
                "listen.tcp.authentication"
            ),
        ]
    )
    func refused(text: String, place: String, name: String) throws {
        let problems = try folder.problems(text)
        #expect(problems.map(\.place) == [place])
        #expect(problems.first?.what.hasPrefix(name) == true)
        #expect(problems.first?.what.contains("not in this version") == true)
    }

    @Test(
        "are checked like all others",
        arguments: [
            ("door: { synchronous: forwad }", "did you mean forward?"),
            ("door: { synchronous: [] }", "refuse or forward"),
            ("history: { file: audit.log }", "begins with /"),
            ("dead_letters: { retention: 30 }", "30s"), ("dead_letters: { retention: 1s }", "1h to"),
            ("dead_letters: { retentoin: 30d }", "\"retention\""), ("defaults: { rate: 50 }", "50/s"),
            ("defaults: { rate: 50/m }", "50/s"), ("defaults: { rate: 0/s }", "1/s to"),
            ("defaults: { drain_rate: null }", "or unlimited"),
            ("access: { operators: [alice] }", "group:NAME"), ("access: { operators: uid:5 }", "[A, B]"),
            ("access: { operators: [uid:-1] }", "uid:NUMBER"), ("access: { operator: [] }", "\"operators\""),
            ("producers: { match: tcp }", "- match:"),
        ]
    )
    func checked(text: String, meant: String) throws {
        let problems = try folder.problems(text)
        #expect(problems.count == 1)
        #expect(problems.first?.meant.contains(meant) == true, "\(problems)")
    }

    @Test("are checked inside of rules too, each mistake at its place")
    func inside() throws {
        let problems = try folder.problems(
            """
            producers:
              - match: [uid:1001, tpc]
                nmae: shop
                functions: "orders-*"
                share: 200%
                max_payload: 256
                synchronous: no
              - name: x
              - shop
            """
        )
        #expect(
            problems.map { "\($0.place) \($0.what)" } == [
                "2:3 producers is not in this version",
                "2:12 producers[0].match: \"tpc\" is not in the right form",
                "3:5 unknown key \"nmae\" in producers[0]",
                "4:16 producers[0].functions: a single value instead of a list",
                "5:12 producers[0].share: \"200%\" is out of range",
                "6:18 producers[0].max_payload: \"256\" has no unit",
                "7:18 producers[0].synchronous: \"no\" is neither true nor false",
                "8:5 producers[1] has no match",
                "9:5 producers[2]: a single value instead of a rule",
            ]
        )
        #expect(problems[2].meant == "did you mean \"name\"?")
    }
}
