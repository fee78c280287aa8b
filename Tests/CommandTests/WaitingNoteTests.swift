import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import lambda_outbox

@Suite struct `a note to who waits` {
    @Test func `comes while the call goes on, once`() async throws {
        let said = NIOLockedValueBox(0)
        let value = try await blocking {
            let isSaid = ConditionLock(value: false)
            return WaitingNote.saying(after: {}) {
                said.withLockedValue { $0 += 1 }
                isSaid.lock()
                isSaid.unlock(withValue: true)
            } while: {
                isSaid.lock(whenValue: true)
                isSaid.unlock()
                return 7
            }
        }
        #expect(value == 7)
        #expect(said.withLockedValue { $0 } == 1)
    }

    @Test(.timeLimit(.minutes(10)))
    func `is given up where the answer comes first`() async {
        let said = NIOLockedValueBox(0)
        let (ends, end) = AsyncStream.makeStream(of: Bool.self)
        let value = WaitingNote.saying {
            do {
                try await Task.sleep(for: .seconds(3600))
                end.yield(false)
            } catch {
                end.yield(true)
                throw error
            }
        } _: {
            said.withLockedValue { $0 += 1 }
        } while: {
            7
        }
        #expect(value == 7)
        #expect(await ends.first { _ in true } == true)
        #expect(said.withLockedValue { $0 } == 0)
    }
}
