import Testing

@testable import Daemon

@Suite("File descriptors: the door never takes those of delivery (P9)")
struct DescriptorBudgetTests {
    @Test func `with enough of them the door holds what is configured, and no more is asked for`() {
        let budget = DescriptorBudget(hard: 1_048_576, connections: 4096, inFlight: 256)
        #expect(budget.connectionsMax == 4096)
        #expect(budget.limit == 4096 + 256 + 512)
    }

    @Test(arguments: [1024, 2000, 4096] as [UInt64])
    func `with too few of them connections are given up, not delivery`(hard: UInt64) {
        let budget = DescriptorBudget(hard: hard, connections: 4096, inFlight: 256)
        #expect(budget.limit == hard)
        #expect(budget.connectionsMax == Int(hard) - 512 - DescriptorBudget.reserve)
    }

    @Test func `a door always has some connections`() {
        let budget = DescriptorBudget(hard: 256, connections: 4096, inFlight: 256)
        #expect(budget.connectionsMax == DescriptorBudget.connectionsLeast)
    }

    @Test func `no limit at all is no overflow`() {
        let budget = DescriptorBudget(hard: .max, connections: 1_000_000, inFlight: 4096)
        #expect(budget.connectionsMax == 1_000_000)
    }
}
