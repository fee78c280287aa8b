import Foundation
import OutboxCore
import Testing

@testable import Daemon

@Suite("config/config.yaml")
struct ExampleFileTests {
    private let folder: ConfigurationFolder
    private let example: String

    init() throws {
        folder = try ConfigurationFolder()
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        example = try String(contentsOf: root.appendingPathComponent("config/config.yaml"), encoding: .utf8)
    }

    /// With every setting switched on: a line that begins with # and no space after it.
    private var switchedOn: String {
        example.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                guard line.hasPrefix("#") else { return String(line) }
                let text = line.dropFirst()
                // Prose is indented by one space or by three and more under it; settings by two, four or six.
                let indent = text.prefix { $0 == " " }.count
                return indent % 2 == 0 && !text.isEmpty ? String(text) : String(line)
            }
            .joined(separator: "\n")
    }

    @Test("as it is shipped it changes nothing")
    func shipped() throws {
        let loaded = try folder.load(example)
        #expect(loaded.values == Configuration())
        #expect(loaded.sources.isEmpty)
    }

    @Test("its values are the defaults, but for the listeners that are off and the rules")
    func defaults() throws {
        let loaded = try folder.load(switchedOn, environment: ["AWS_REGION": "eu-central-1"])
        var expected = Configuration()
        expected.listen.tcp = .init(address: LoopbackAddress(host: "127.0.0.1", port: 9100), authentication: .anyone)
        expected.admin.tcp.address = LoopbackAddress(host: "127.0.0.1", port: 9101)
        expected.functions = loaded.values.functions
        expected.routes = loaded.values.routes
        #expect(loaded.values == expected)
        #expect(loaded.values.routes.map(\.match.description) == ["account 123456789012, region eu-*"])
        #expect(loaded.values.functions.map(\.match.text) == ["orders-*"])
        #expect(loaded.warnings.isEmpty)
    }

    @Test("it has every key that the code knows, and no other")
    func keys() throws {
        let found = try folder.load(switchedOn).sources.keys.filter { !$0.contains("[") }
        #expect(Set(found) == Set(ConfigurationKeys.settings.map(\.name)))
    }

    @Test("keys of later versions are named at its end, and can't be switched on")
    func later() throws {
        let parts = example.components(separatedBy: "# Known, but not in this version")
        let end = try #require(parts.last)
        #expect(parts.count == 2)
        let names = end.split(whereSeparator: { " #\n".contains($0) }).map(String.init)
        let later = Set(LaterKeys.settings.map(\.name))
        #expect(Set(names).intersection(later) == later)
        #expect(
            names.filter { $0.contains(".") }.allSatisfy { later.contains($0) || $0 == "listen.tcp.authentication:" }
        )
        let topLevel = Set(LaterKeys.settings.filter { $0.path.count == 1 }.map(\.name))
        #expect(
            switchedOn.split(separator: "\n").allSatisfy { line in
                !topLevel.contains { line.hasPrefix("\($0):") }
            }
        )
        let inner = Set(LaterKeys.settings.filter { $0.path.count > 1 }.map { $0.path[$0.path.count - 1] })
            .subtracting(ConfigurationKeys.settings.map { $0.path[$0.path.count - 1] })
        #expect(
            switchedOn.split(separator: "\n").allSatisfy { line in
                !inner.contains { line.drop { $0 == " " }.hasPrefix("\($0):") }
            }
        )
    }

    @Test("it names the keys that a reload brings into effect")
    func reload() throws {
        let live = Set(ConfigurationKeys.settings.filter { $0.applies == .now }.map(\.name))
        let said = ConfigurationKeys.settings.map(\.name).filter { name in
            let section = name.prefix { $0 != "." }
            return name == "door.wait" || section == "queue" && name != "queue.max_payload"
                || ["history", "defaults"].contains(section)
        }
        #expect(live == Set(said))
        let prose = example.replacingOccurrences(of: "\n#", with: "")
        #expect(prose.contains("at once: door.wait, queue (but max_payload), history, defaults, functions."))
    }
}
