import AdminAPI
import Foundation
import Testing

@testable import Admin

@Suite struct `alert rules and dashboard` {
    /// Every name that a sample of `/metrics` can have.
    private static let known = Set(
        MetricsText.text(of: .sample).split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            String($0.prefix { $0 != "{" && $0 != " " })
        }
    )

    /// Words of our prefix, and of `process_`, wherever they stand; names of alerts are no such words.
    private static func names(in text: String) -> Set<String> {
        let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        return Set(words.filter { $0.hasPrefix("lambda_outbox_") || $0.hasPrefix("process_") })
    }

    private static func text(_ file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: Promtool.file(file))), as: UTF8.self)
    }

    @Test(arguments: ["config/prometheus-alerts.yaml", "config/grafana-dashboard.json"])
    func `name only metrics that there are`(_ file: String) throws {
        let named = Self.names(in: try Self.text(file))
        #expect(named.count > 10)
        #expect(named.subtracting(Self.known) == [])
    }

    @Test func `a dashboard's panels are JSON with an expression each, and lie beside each other`() throws {
        let data = Data(try Self.text("config/grafana-dashboard.json").utf8)
        let board = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(board["panels"] as? [[String: Any]])
        var taken: Set<[Int]> = []
        for panel in panels {
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(!targets.isEmpty && targets.allSatisfy { !($0["expr"] as? String ?? "").isEmpty })
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (x, y, width, height) = (place["x"] ?? 0, place["y"] ?? 0, place["w"] ?? 0, place["h"] ?? 0)
            #expect(x + width <= 24)
            for row in y..<y + height { for column in x..<x + width { #expect(taken.insert([row, column]).inserted) } }
        }
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not installed (Debian package prometheus)"))
    func `the rules pass promtool's check`() throws {
        let result = try Promtool.run(["check", "rules", Promtool.file("config/prometheus-alerts.yaml")])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not installed (Debian package prometheus)"))
    func `the rules fire when they shall, and not before`() throws {
        let result = try Promtool.run(["test", "rules", Promtool.file("Tests/Monitoring/prometheus-alerts.test.yaml")])
        #expect(result.status == 0, "\(result.output)")
    }
}
