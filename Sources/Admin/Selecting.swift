import AdminAPI
import OutboxCore

extension Selection {
    /// What the operator means, checked: exactly one way of selecting, and never an empty one.
    func resolved(mayKeepExpiry: Bool = false) throws -> DeadLetterSelection {
        if keepExpiry != nil, !mayKeepExpiry {
            throw AdminError(.invalid, "keep_expiry: only a redrive, or its plan, takes it")
        }
        let isFiltered = function != nil || (condition != nil && all != true)
        let ways = (ids == nil ? 0 : 1) + (isFiltered ? 1 : 0) + (all == true ? 1 : 0)
        guard ways == 1, ids == nil || condition == nil else {
            throw AdminError(.invalid, "select by ids, by function and condition, or all, and by one of them only")
        }
        if let ids { return .ids(try EventID.checked(ids)) }
        let condition = try condition.map { try DeadLetterCondition(checked: $0) }
        let pattern = try function.map { try GlobPattern(checked: $0) }
        if let condition { return .matching(EventFilter(function: pattern, condition: condition)) }
        return pattern.map { .function($0) } ?? .all
    }
}

extension FunctionOrder {
    /// Which functions are meant, checked: a pattern, or all, and never neither.
    func resolved() throws -> GlobPattern {
        switch (function, all ?? false) {
        case (let function?, false): try GlobPattern(checked: function)
        case (nil, true): GlobPattern("*")
        default: throw AdminError(.invalid, "name a function or a pattern, or all, and one of them only")
        }
    }

    /// The operator's words, checked; nil if he gave none.
    func checkedReason() throws -> String? {
        guard let reason, !reason.isEmpty else { return nil }
        guard reason.utf8.count <= PauseRule.reasonBytesMax else {
            throw AdminError(.invalid, "reason: at most \(PauseRule.reasonBytesMax) bytes")
        }
        return reason
    }
}

extension GlobPattern {
    init(checked text: String) throws {
        guard (1...AdminLimits.patternBytesMax).contains(text.utf8.count) else {
            throw AdminError(.invalid, "function: a name or pattern of 1 to \(AdminLimits.patternBytesMax) bytes")
        }
        guard text.utf8.allSatisfy(Self.isOfNames) else {
            throw AdminError(
                .invalid,
                "function: a name or pattern holds letters, digits, - _ : . $ and * ? only"
            )
        }
        self.init(text)
    }
}

extension GlobPattern {
    /// What names, qualifiers and ARNs are made of, and the two marks.
    private static func isOfNames(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_:.$*?".utf8.contains(byte)
        }
    }
}

extension DeadLetterCondition {
    init(checked text: String) throws {
        guard let condition = DeadLetterCondition(rawValue: text) else {
            let words = DeadLetterCondition.allCases.map(\.rawValue).joined(separator: ", ")
            throw AdminError(.invalid, "condition: one of \(words)")
        }
        self = condition
    }
}

extension EventID {
    static func checked(_ ids: [String]) throws -> [EventID] {
        guard (1...Selection.idsMax).contains(ids.count) else {
            throw AdminError(.invalid, "ids: 1 to \(Selection.idsMax) of them in one request")
        }
        return try ids.enumerated().map { index, text in
            guard let id = EventID(text) else {
                throw AdminError(.invalid, "ids: number \(index + 1) is not an event id")
            }
            return id
        }
    }
}
