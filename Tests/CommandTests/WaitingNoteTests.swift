import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import lambda_outbox

@Suite struct `a note to who waits` {
    @Test func `comes while the call goes on, once`() async throws {
        let said = NIOLockedValueBox(0)
        let value = try await blocking {
            let isSaid = ConditionLock(value: false)
            return WaitingNote.saying(after: .zero) {
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

    @Test func `doesn't come where the answer does`() async throws {
        let said = NIOLockedValueBox(0)
        let value = WaitingNote.saying(after: .seconds(3600)) {
            said.withLockedValue { $0 += 1 }
        } while: {
            7
        }
        #expect(value == 7)
        #expect(said.withLockedValue { $0 } == 0)
    }
}
