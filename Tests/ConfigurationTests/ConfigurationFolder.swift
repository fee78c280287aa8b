import Foundation
import Testing

@testable import Daemon

/// A folder of a test's own for configuration files; gone with it.
final class ConfigurationFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "c-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes `config.yaml` and gives its path.
    func write(_ text: String) throws -> String {
        let file = "\(path)/config.yaml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    func load(_ text: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
        try Configuration.load(path: write(text), environment: environment)
    }

    /// The mistakes of a text; fails where it has none. Places lack the file's path.
    func problems(_ text: String, environment: [String: String] = [:]) throws -> [ConfigurationProblem] {
        let file = try write(text)
        let errors = try #require(throws: ConfigurationErrors.self) {
            try Configuration.load(path: file, environment: environment)
        }
        return errors.problems.map { problem in
            var problem = problem
            problem.place = problem.place.replacingOccurrences(of: "\(file):", with: "")
            return problem
        }
    }
}
