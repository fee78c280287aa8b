/// Events and keys to be brought in under the ids that they have; what `salvage` and `dead export` write.
package struct ImportOrder: Codable, Hashable, Sendable {
    /// Records of one order at most.
    package static let recordsMax = 200
    /// Bytes of one order, but for a single record that is larger.
    package static let bytesMax = 1 << 20
    /// Bytes of an order's JSON that the daemon takes at all: room for the largest payload there can be.
    package static let bodyBytesMax = 16 << 20

    /// 1 to `recordsMax`.
    package var records: [ImportRecord]
    /// Say what would become of them, and bring nothing in.
    package var dryRun: Bool?

    private enum CodingKeys: String, CodingKey {
        case records
        case dryRun = "dry_run"
    }

    package init(records: [ImportRecord], dryRun: Bool? = nil) {
        self.records = records
        self.dryRun = dryRun
    }
}

/// One of them: an event with its payload, or a key.
package struct ImportRecord: Codable, Hashable, Sendable {
    package var event: Event?
    /// The payload's exact bytes in base64.
    package var payload: String?
    /// Of a salvage: what casts doubt on it.
    package var marks: [String]?
    /// Of the function's ARN; left out: the one of its region.
    package var partition: String?
    package var key: SalvagedKeyLine?

    private enum CodingKeys: String, CodingKey {
        case event
        case payload = "payload_base64"
        case marks, partition, key
    }

    package init(
        event: Event? = nil,
        payload: String? = nil,
        marks: [String]? = nil,
        partition: String? = nil,
        key: SalvagedKeyLine? = nil
    ) {
        self.event = event
        self.payload = payload
        self.marks = marks
        self.partition = partition
        self.key = key
    }
}

/// What became of the records of an order, in their order.
package struct ImportResults: Codable, Hashable, Sendable {
    package var results: [ImportResult]

    package init(results: [ImportResult]) {
        self.results = results
    }
}

/// What became of one record.
package struct ImportResult: Codable, Hashable, Sendable {
    package enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        case imported
        /// Already here, or known to have been: nothing is added.
        case here
        case refused
        /// A budget stands in the way: there may be room later. `reason` says which.
        case noRoom = "no-room"
    }

    package var outcome: Outcome
    /// For people; left out for what was imported.
    package var reason: String?

    package init(outcome: Outcome, reason: String? = nil) {
        self.outcome = outcome
        self.reason = reason
    }
}
