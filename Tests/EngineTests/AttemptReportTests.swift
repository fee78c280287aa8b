import Engine
import OutboxCore
import Testing

@Suite struct `What the log tells of an attempt` {
    private func report(_ attempt: AttemptRecord) -> AttemptReport {
        AttemptReport(
            id: EventID(acceptedAt: WallTime(milliseconds: 0), sequence: 1, generation: 1, random: 1),
            function: FunctionIdentity(partition: "aws", account: "-", region: "r", name: "orders", qualifier: "-"),
            attempt: attempt
        )
    }

    private func failure(code: String?) -> AttemptRecord {
        AttemptRecord(
            at: WallTime(milliseconds: 0),
            duration: .milliseconds(7),
            outcome: "answered",
            blame: .function,
            status: 500,
            code: code,
            message: "Could not read {\"card\":\"4111\"}",
            requestID: "secret-request",
            charged: true,
            uncertain: false
        )
    }

    @Test func `is who, what and how long, never a text of the network (P11)`() {
        let report = report(failure(code: "ServiceException"))
        #expect(report.blame == .function && report.status == 500 && report.duration == .milliseconds(7))
        #expect(report.code == "ServiceException")
        #expect(!"\(report)".contains("4111"))
    }

    @Test(arguments: ["{\"card\":\"4111\"}", "a b", ""])
    func `is no code that a peer made up`(code: String) {
        #expect(report(failure(code: code)).code == nil)
    }
}
