import Glibc
import OutboxCore
import SQLiteStore
import Simulation
import TestSupport
import Testing

/// All that is done with a queue's files, with a fault at every call, one after the other.
struct FileOperationTests {
    private static let troubles: [Trouble] =
        [.read, .write, .sync, .other, .full, .memory, .cantOpen].map { .disk($0) } + Trouble.ofTheProgram
        + [.call(.name, errno: EXDEV)]

    @Test(arguments: FileOperation.all)
    func `what fails at any of its calls leaves the queue whole, and is done by the next try (P2, P8, P12)`(
        operation: FileOperation
    ) throws {
        let queue = try FullQueue.shared.get()
        let calm = try FileBench(queue)
        try operation.prepare(calm)
        let answer = try operation.run(calm)
        let found = try operation.after(calm, false)
        #expect(!found.isEmpty)
        calm.giveUp()
        for trouble in Self.troubles {
            var at = 1
            while true {
                let bench = try FileBench(queue)
                try operation.prepare(bench)
                let place = "\(trouble.testDescription) at call \(at)"
                trouble.arm(bench.disk, at: at)
                let result: Result<String, StoreError>
                do throws(StoreError) {
                    result = .success(try operation.run(bench))
                } catch {
                    result = .failure(error)
                }
                let isStruck = Trouble.end(bench.disk)
                if case .success(let given) = result { #expect(given == answer, "\(place)") }
                do {
                    let hasFailed = (try? result.get()) == nil
                    #expect(try operation.after(bench, hasFailed) == found, "\(place): \(result)")
                } catch {
                    Issue.record("\(place): \(result), then \(error)")
                }
                bench.giveUp()
                if !isStruck { break }
                at = trouble.next(after: at)
            }
        }
    }
}
