import OutboxCore
import SQLiteStore
import Simulation
import TestSupport
import Testing

/// Each of the store's operations, with a fault at every call that it makes, one after the other.
struct StoreOperationTests {
    @Test(arguments: StoreOperation.all)
    func `an operation that fails at any of its calls is undone whole, or known to need a start (P1, P2, P8)`(
        operation: StoreOperation
    ) throws {
        let queue = try FullQueue.shared.get()
        let calm = try Run(queue)
        let before = try FullQueue.rows(calm.path)
        let answer = try calm.carryOut(operation).get()
        let after = try FullQueue.rows(calm.path)
        calm.giveUp()
        #expect(operation.isCommit || before == after)
        for trouble in Trouble.allCases {
            var at = 1
            while true {
                let run = try Run(queue)
                let result = run.carryOut(operation) { trouble.arm(run.disk, at: at) }
                let place = "\(trouble.testDescription) at call \(at)"
                var allowed = [after]
                switch result {
                case .success(let found): #expect(found == answer, "\(place)")
                case .failure(.full) where operation.isCommit: allowed = [before]
                case .failure(.locked), .failure(.refused): Issue.record("\(place): \(result)")
                case .failure: allowed = [before, after]
                }
                #expect(allowed.contains(try FullQueue.rows(run.path)), "\(place)")
                if operation.isCommit, case .failure(let error) = result {
                    // What is known not to be there can be done again; else nothing is done before a start.
                    let again = run.carryOut(operation)
                    if case .full = error { #expect(again == .success(answer), "\(place): \(again)") }
                    if case .full = error { allowed = [after] } else { #expect((try? again.get()) == nil, "\(place)") }
                }
                run.giveUp()
                if operation.isCommit {
                    let store = try FullQueue.open(run.path)
                    #expect(allowed.contains(try FullQueue.rows(run.path)), "\(place), after the start")
                    _ = consume store
                }
                if !run.isStruck { break }
                at = trouble.next(after: at)
            }
        }
    }
}

/// A queue on a disk of its own, opened.
private final class Run {
    let folder: TemporaryDirectory
    let disk: FaultDisk
    var path: String { folder.file("queue.db") }
    private let queue: FullQueue
    private var store: SQLiteStore?
    private(set) var isStruck = false

    init(_ queue: FullQueue) throws {
        self.queue = queue
        folder = try TemporaryDirectory(inMemory: true)
        disk = FaultDisk(folder.path, seed: 1)
        try queue.place(folder.file("queue.db"))
        store = try FullQueue.open(folder.file("queue.db"))
    }

    func carryOut(_ operation: StoreOperation, _ arm: () -> Void = {}) -> Result<String, StoreError> {
        arm()
        defer { isStruck = Trouble.end(disk) || isStruck }
        do throws(StoreError) {
            return .success(try operation.run(&store!, queue))
        } catch {
            return .failure(error)
        }
    }

    /// The process ends.
    func giveUp() {
        store = nil
        disk.restart()
    }
}
