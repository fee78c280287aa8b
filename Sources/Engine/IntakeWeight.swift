internal import OutboxCore

extension IntakeItem {
    /// Bytes of memory that the item is taken to hold while it waits: everything that a producer sent, and no less than
    /// a small item costs by itself (P7).
    var heldBytes: Int {
        let headers = event.headers
        return Self.ownBytes + event.payload.count + event.producer.utf8.count + event.function.name.utf8.count
            + length(headers.durableExecutionName) + length(headers.tenantID) + length(headers.traceID)
            + length(headers.clientContext) + length(event.dedupe?.text)
    }

    private func length(_ text: String?) -> Int { text?.utf8.count ?? 0 }

    /// Of the values themselves, the allocations behind them, and the request at the door that waits for the answer.
    private static var ownBytes: Int { 1024 }
}
