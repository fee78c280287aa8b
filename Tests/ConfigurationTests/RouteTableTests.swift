import OutboxCore
import Testing

@testable import Daemon

@Suite("Which route a function takes")
struct RouteTableTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    private func table(_ text: String, regions: [String] = ["eu-central-1"]) throws -> RouteTable {
        let loaded = try folder.load(text, environment: ["AWS_REGION": regions[0]])
        return RouteTable(regions: regions, configuration: loaded)
    }

    private func function(_ account: String, _ region: String = "eu-central-1") -> FunctionIdentity {
        FunctionIdentity(partition: "aws", account: account, region: region, name: "orders", qualifier: "-")
    }

    private func name(_ table: RouteTable, _ account: String, _ region: String = "eu-central-1") -> String {
        table.routeNames[table.route(for: function(account, region)).rawValue]
    }

    @Test("without rules there is one route a region")
    func plain() throws {
        let table = try table("", regions: ["eu-central-1", "us-east-1", "eu-central-1"])
        #expect(
            table.routeNames == [
                "https://lambda.eu-central-1.amazonaws.com eu-central-1",
                "https://lambda.us-east-1.amazonaws.com us-east-1",
            ]
        )
        #expect(table.route(for: function("-")) == RouteKey(0))
        #expect(table.route(for: function("123456789012", "us-east-1")) == RouteKey(1))
        #expect(table.knownRoute(for: function("-", "sa-east-1")) == nil)
    }

    @Test("the first rule that matches holds, and aws behind the last")
    func first() throws {
        let table = try table(
            """
            routes:
              - match: { account: "111122223333" }
                profile: partner
              - match: { account: "1*", region: "eu-*" }
                endpoint_url: https://vpce.example
            """,
            regions: ["eu-central-1", "us-east-1"]
        )
        let (eu, us) = ("https://lambda.eu-central-1.amazonaws.com", "https://lambda.us-east-1.amazonaws.com")
        #expect(name(table, "111122223333") == "\(eu) eu-central-1 (account 111122223333)")
        #expect(name(table, "122222222222") == "https://vpce.example eu-central-1 (account 1*, region eu-*)")
        #expect(name(table, "222222222222") == "\(eu) eu-central-1")
        #expect(name(table, "-") == "\(eu) eu-central-1")
        #expect(name(table, "111122223333", "us-east-1") == "\(us) us-east-1 (account 111122223333)")
        #expect(name(table, "122222222222", "us-east-1") == "\(us) us-east-1")
        #expect(table.routes.count == 5)
        #expect(Set(table.routeNames).count == 5)
    }

    @Test("a function without an account is in that of aws.account_id")
    func ownAccount() throws {
        let rules = "routes: [{ match: { account: \"111122223333\" }, profile: p }]"
        #expect(name(try table(rules), "-").hasSuffix(" eu-central-1"))
        let own = try table("aws: { account_id: \"111122223333\" }\n\(rules)")
        #expect(name(own, "-").hasSuffix("(account 111122223333)"))
    }

    @Test("rules that lead to the same endpoint in the same way with the same credentials share a route")
    func shared() throws {
        let table = try table(
            """
            routes:
              - match: { account: "111122223333" }
                profile: partner
              - match: { account: "122222222222" }
                profile: partner
              - match: { account: "133333333333" }
              - match: { account: "144444444444" }
                profile: partner
                proxy: http://proxy:3128
            """
        )
        #expect(table.route(for: function("111122223333")) == table.route(for: function("122222222222")))
        #expect(table.route(for: function("133333333333")) == table.route(for: function("-")))
        #expect(name(table, "133333333333") == "https://lambda.eu-central-1.amazonaws.com eu-central-1")
        #expect(table.route(for: function("144444444444")) != table.route(for: function("111122223333")))
        #expect(table.routes.count == 3)
    }

    @Test("a route that no function can take isn't there")
    func covered() throws {
        let table = try table("routes: [{ match: { region: eu-* }, profile: p }]", regions: ["eu-west-1", "us-east-1"])
        #expect(
            table.routeNames == [
                "https://lambda.eu-west-1.amazonaws.com eu-west-1 (region eu-*)",
                "https://lambda.us-east-1.amazonaws.com us-east-1",
            ]
        )
    }

    @Test("a reload keeps the routes")
    func policies() throws {
        let table = try table("routes: [{ match: { account: \"1*\" }, profile: p }]")
        var policy = FunctionPolicy()
        policy.soft = true
        let next = table.with(PolicyTable(defaults: policy))
        #expect(next.policy(for: function("-")).soft)
        #expect(next.routes == table.routes)
    }
}
