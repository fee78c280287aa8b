import AdminAPI

/// Dead letters of one incident look alike: function, condition, and the reason without what differs from one to the next.
struct LetterGroups {
    /// Distinct reasons that are told apart; further ones of a function and condition count as one.
    static let groupsMax = 10_000

    struct Group: Encodable, Hashable {
        var function: String
        var condition: String
        /// Numbers and ids as `#`, quoted parts as `…`.
        var reason: String
        var count = 0
        /// When the earliest and the latest died.
        var first: Timestamp
        var last: Timestamp
        /// Id of the newest.
        var example: String
    }

    private struct Key: Hashable {
        var function: String
        var condition: String
        var reason: String
    }

    private var groups: [Key: Group] = [:]

    /// - Parameter event: a dead letter; the newest come first.
    mutating func add(_ event: Event) {
        var key = Key(
            function: event.functionText,
            condition: event.condition ?? "unknown",
            reason: Self.pattern(event.reason ?? "")
        )
        if groups[key] == nil, groups.count >= Self.groupsMax { key.reason = "other reasons" }
        let died = event.diedAt ?? event.acceptedAt
        var group =
            groups[key]
            ?? Group(
                function: key.function,
                condition: key.condition,
                reason: key.reason,
                first: died,
                last: died,
                example: event.id
            )
        group.count += 1
        group.first = min(group.first, died)
        group.last = max(group.last, died)
        groups[key] = group
    }

    /// The largest first.
    var sorted: [Group] {
        groups.values.sorted { ($0.count, $1.example) > ($1.count, $0.example) }
    }

    /// A text without what differs between two failures of one kind.
    static func pattern(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let character = rest.first {
            if let end = quoted(rest, after: result.last) {
                result += "…"
                rest = rest[end...]
            } else if isWord(character) {
                let word = rest.prefix(while: isWord)
                result += word.contains(where: \.isNumber) ? "#" : String(word)
                rest = rest.dropFirst(word.count)
            } else {
                result.append(character)
                rest.removeFirst()
            }
        }
        return result
    }

    /// Behind the closing quote, if the text begins with a quoted part; an apostrophe within a word begins none.
    private static func quoted(_ text: Substring, after previous: Character?) -> Substring.Index? {
        guard let quote = text.first, ["\"", "'", "`"].contains(quote), previous.map(isWord) != true,
            let end = text.dropFirst().firstIndex(of: quote)
        else { return nil }
        return text.index(after: end)
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
    }
}

extension LetterGroups {
    static func table(_ groups: [Group], _ style: Style) -> Table {
        var table = Table("COUNT", "FUNCTION", "CONDITION", "FIRST", "LAST", "EXAMPLE", "REASON", lastWidthMin: 30)
        for group in groups {
            table.add(
                "\(group.count)",
                group.function,
                group.condition,
                group.first.text(for: style),
                group.last.text(for: style),
                group.example,
                group.reason,
                colours: [2: Condition.colour(of: group.condition)]
            )
        }
        return table
    }
}
