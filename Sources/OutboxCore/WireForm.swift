/// How an event of a function stands on the wire: what the function's policy adds to what the producer sent.
package struct WireForm: Hashable, Sendable {
    /// What is put around the payload.
    package enum Envelope: String, Hashable, Sendable, CaseIterable {
        /// Nothing: the function gets the producer's bytes (P10).
        case none
        /// A CloudEvents 1.0 JSON object with the event id as `id`, so that the function can drop duplicates.
        case cloudevents

        /// Bytes that the envelope takes at most of what Lambda takes: the door's size limit is smaller by these.
        package var bytesMax: Int { self == .none ? 0 : 256 }
    }

    /// What is sent as `X-Amz-Durable-Execution-Name` where the producer gave none.
    package enum DurableName: String, Hashable, Sendable, CaseIterable {
        case none
        /// The event id: Lambda itself then drops duplicates of a durable function.
        case eventID = "event-id"
    }

    package var envelope: Envelope
    package var durableName: DurableName

    package init(envelope: Envelope = .none, durableName: DurableName = .none) {
        self.envelope = envelope
        self.durableName = durableName
    }
}
