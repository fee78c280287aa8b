import Foundation
import Testing

/// The program that runs the simulation, as it is built beside the tests.
struct RepeatTests {
    /// Its status, and what it printed.
    private func simulate(_ arguments: String...) throws -> (status: Int32, output: String) {
        let bundle = try #require(CommandLine.arguments.first { $0.hasSuffix(".xctest") })
        let process = Process()
        process.executableURL = URL(fileURLWithPath: bundle).deletingLastPathComponent().appending(path: "simulate")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(arguments: ["model", "sqlite"])
    func `a seed makes the same run again, in the same process and in another`(store: String) throws {
        let result = try simulate("--seeds", "2", "--from", "1", "--store", store, "--twice")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("simulate: 4 seeds, 0 violations"), "\(result.output)")
    }
}
