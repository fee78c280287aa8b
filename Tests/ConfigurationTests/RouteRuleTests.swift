import AWSCredentials
import Foundation
import OutboxCore
import Testing

@testable import Daemon

@Suite("Rules of routes")
struct RouteRuleTests {
    private let folder: ConfigurationFolder
    private let region = ["AWS_REGION": "eu-central-1"]

    init() throws {
        folder = try ConfigurationFolder()
    }

    @Test("say what differs from aws")
    func inheritance() throws {
        let loaded = try folder.load(
            """
            routes:
              - match: { account: "111122223333", region: "us-*" }
                profile: partner
                proxy: http://other:3128
              - match: { region: us-east-1 }
                endpoint_url: null
            aws: { region: eu-central-1, regions: [us-east-1], endpoint_url: "https://vpce.example", ca_bundle: /ca.pem, proxy: "http://p:3128" }
            """
        )
        let rules = loaded.values.routes
        #expect(rules.map(\.match.description) == ["account 111122223333, region us-*", "region us-east-1"])
        #expect(rules.map(\.aws.profile) == ["partner", nil])
        #expect(rules.map(\.aws.proxy?.text) == ["http://other:3128", "http://p:3128"])
        #expect(rules.map(\.aws.caBundle) == ["/ca.pem", "/ca.pem"])
        #expect(
            loaded.routes.map { $0.target(region: "us-east-1").host }
                == ["vpce.example", "lambda.us-east-1.amazonaws.com"]
        )
        #expect(loaded.routes[0].target(region: "us-east-1").network.proxy == "http://other:3128")
        #expect(loaded.aws.target(region: "us-east-1").network.proxy == "http://p:3128")
    }

    @Test(
        "each mistake is told, with what was meant",
        arguments: [
            ("routes: x", "1:9", "routes: a single value instead of a list", "- match:"),
            ("routes: [x]", "1:10", "routes[0]: a single value instead of a rule", "- match:"),
            ("routes:\n  - profile: p", "2:5", "routes[0] has no match", "add match:"),
            ("routes:\n  - match: {}\n    profile: p", "2:12", "routes[0].match says neither", "account: …"),
            ("routes: [{ match: p }]", "1:19", "routes[0].match: a single value instead of a mapping", "account"),
            (
                "routes: [{ match: { acount: \"1*\" } }]", "1:21", "unknown key \"acount\" in routes[0].match",
                "\"account\""
            ),
            ("routes: [{ match: { account: 1234 } }]", "1:30", "routes[0].match.account: \"1234\"", "twelve digits"),
            (
                "routes: [{ match: { account: \"123456789012*3\" } }]", "1:30", "routes[0].match.account",
                "twelve digits"
            ),
            ("routes: [{ match: { region: frankfurt } }]", "1:29", "routes[0].match.region", "eu-central-1?"),
            ("routes: [{ match: { region: EU-* } }]", "1:29", "routes[0].match.region", "* stands for"),
            (
                "routes: [{ match: { region: eu-* }, credential_file: /x }]", "1:37",
                "unknown key \"credential_file\" in routes[0]", "\"credentials_file\""
            ),
            (
                "routes: [{ match: { region: eu-* }, endpoint_url: \"http://example.com\" }]", "1:51",
                "routes[0].endpoint_url: plain http", "https"
            ),
            (
                "routes: [{ match: { region: eu-* }, region: eu-west-1 }]", "1:37",
                "unknown key \"region\" in routes[0]",
                "aws.region"
            ),
            (
                "routes: [{ match: { region: eu-* } }, { match: { account: \"1*\", region: eu-* } }]", "1:59",
                "routes[1] never applies: routes[0] (region eu-*) matches first", "move it up"
            ),
            (
                "routes: [{ match: { account: \"*\" } }, { match: { region: eu-* } }]", "1:58",
                "routes[1] never applies",
                "move it up"
            ),
            (
                "routes: [{ match: { account: \"1*\" } }, { match: { account: \"123456789012\" } }]", "1:60",
                "routes[1] never applies", "move it up"
            ),
            ("rotes: []", "1:1", "unknown key \"rotes\"", "\"routes\""),
        ]
    )
    func mistakes(text: String, place: String, what: String, meant: String) throws {
        let problems = try folder.problems(text, environment: region)
        #expect(problems.map(\.place) == [place], "\(problems)")
        #expect(problems.first?.what.contains(what) == true, "\(problems)")
        #expect(problems.first?.meant.contains(meant) == true, "\(problems)")
    }

    @Test("rules that only may overlap are taken")
    func overlapping() throws {
        let text = """
            routes:
              - match: { account: "1*", region: eu-central-1 }
              - match: { account: "12*" }
              - match: { region: "eu-*" }
            """
        #expect(try folder.load(text, environment: region).values.routes.count == 3)
    }

    @Test("a rule's endpoint may not be the daemon's own door")
    func ownDoor() throws {
        let problems = try folder.problems(
            """
            listen: { tcp: { address: 127.0.0.1:9100, authentication: none } }
            routes: [{ match: { region: eu-* }, endpoint_url: "http://localhost:9100" }]
            """,
            environment: region
        )
        #expect(problems.map(\.place) == ["2:51"])
        #expect(problems.first?.what.contains("listen.tcp") == true)
    }

    @Test("a file that a rule names and that isn't there is told with its place")
    func files() throws {
        let problems = try folder.problems(
            "routes: [{ match: { region: eu-* }, config_file: /nonexistent/config }]",
            environment: region
        )
        #expect(problems.map(\.place) == ["1:50"])
        let warnings = try folder.load(
            "routes: [{ match: { region: eu-* }, credentials_file: /nonexistent/c, ca_bundle: /nonexistent/ca.pem }]",
            environment: region
        ).warnings
        #expect(warnings.count == 2)
        #expect(warnings.first?.contains(":1:55: routes[0].credentials_file: /nonexistent/c: no such file") == true)
    }

    @Test("a region that no function can be in is told")
    func strangeRegion() throws {
        let warnings = try folder.load("routes: [{ match: { region: us-* } }]", environment: region).warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("routes[0].match.region") == true)
        #expect(warnings.first?.contains("aws.regions") == true)
    }

    @Test("a rule that names files passes over the keys of the environment, and says its own name")
    func credentials() throws {
        let environment = region.merging(["AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "s"]) { $1 }
        let loaded = try folder.load(
            """
            routes:
              - match: { account: "1*" }
                credentials_file: /nonexistent/c
              - match: { account: "2*" }
                proxy: http://p:3128
            """,
            environment: environment
        )
        func credentials(_ index: Int) throws -> Result<Credentials, CredentialProblem> {
            try ChainCredentials(settings: loaded.values.routes[index].aws, environment: environment)
                .credentials(now: WallTime(milliseconds: 0))
        }
        #expect(
            throws: CredentialProblem(
                reason: "/nonexistent/c: no such file (routes[0].credentials_file); create it, or correct the path"
            )
        ) { try credentials(0).get() }
        #expect(try credentials(1).get().accessKeyID == "AKENV")
    }

    @Test("are shown with what they say, without passwords, as a configuration that means the same")
    func shown() throws {
        let text = """
            aws: { account_id: "111122223333" }
            routes:
              - match: { account: "12*", region: eu-* }
                proxy: "http://u:PASSWORD@h:3128"
              - match: { region: "eu-*" }
                no_proxy: [a, b]
            """
        let loaded = try folder.load(text, environment: region)
        let file = "\(folder.path)/config.yaml"
        let lines = loaded.show().split(separator: "\n").map(String.init)
        #expect(
            lines.suffix(8) == [
                "routes:", "  - match:", "      account: \"12*\"  # \(file):3", "      region: \"eu-*\"  # \(file):3",
                "    proxy: \"http://***@h:3128\"  # \(file):4", "  - match:",
                "      region: \"eu-*\"  # \(file):5", "    no_proxy: [a, b]  # \(file):6",
            ]
        )
        let again = try folder.load(loaded.show().replacing("***@", with: "u:PASSWORD@"), environment: region)
        #expect(again.values.routes.map(\.match) == loaded.values.routes.map(\.match))
        #expect(again.values.routes.map(\.aws.proxy) == loaded.values.routes.map(\.aws.proxy))
        #expect(again.values.routes.map(\.aws.noProxy) == loaded.values.routes.map(\.aws.noProxy))
        #expect(loaded.settings.contains { $0.key == "routes[1].no_proxy" && $0.source == "\(file):6" })
    }

    @Test("wait for a restart when they change, and are named")
    func reload() throws {
        let old = "routes:\n  - match: { account: \"1*\" }\n    proxy: http://u:OLD@h\n  - match: { region: eu-* }"
        let loaded = try folder.load(old, environment: region)
        _ = try folder.write(
            "routes:\n  - match: { region: us-* }\n  - match: { account: \"1*\" }\n    proxy: http://u:NEW@h"
        )
        let reload = try loaded.reloaded(environment: region)
        #expect(reload.running.values.routes == loaded.values.routes)
        #expect(
            reload.changes.map(\.description) == [
                "routes[region eu-*]: { match.region: \"eu-*\" } → no rule (needs a restart)",
                "routes[region us-*]: no rule → { match.region: \"us-*\" } (needs a restart)",
                "routes[account 1*].proxy: \"http://***@h\" → \"http://***@h\" (another value, not shown) (needs a restart)",
            ]
        )
    }
}
