import Foundation

@testable import lambda_outbox

/// Runs a blocking call on a thread that isn't one of Swift's few: the servers under test need those.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}

/// Runs a command as the executable does, on threads of its own, because commands block.
func command(_ arguments: [String]) async -> CommandStatus? {
    let status = await withTaskExecutorPreference(BlockingExecutor.shared) { await LambdaOutbox.run(arguments) }
    return CommandStatus(rawValue: status)
}

private final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
